"""Drawings of types: names stand in their boxes, and what there is no room for is counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perpend.reports.site.content.catalogue import Catalogue
from perpend.reports.site.render.charts import relations_svg
from perpend.reports.site.render.pages import Renderer
from tests.sites import OWNER, TYPE, book_of, files

pytestmark = pytest.mark.medium


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("AWS IAM Role", ["AWS IAM Role"]),
        ("AWS IAM Role Policy Attachment", ["AWS IAM Role Policy", "Attachment"]),
        ("CA10__CaAwsSecurityGroupRule__c", ["CA10__CaAwsSecurity", "GroupRule__c"]),
        ("AWS" + " Elastic" * 9, ["AWS Elastic Elastic", "Elastic Elastic Elastic…"]),
        ("W" * 60, ["WWWWWWWWWWWWW…"]),
        ("", [""]),
    ],
)
def test_names_stand_in_their_boxes_in_whole_where_two_lines_hold_them(name: str, lines: list[str]) -> None:
    box = relations_svg("T", [("from", "a", name, "")]).partition("<g>")[2].partition("</g>")[0]
    assert lines == re.findall(r"<tspan[^>]*>([^<]*)</tspan>", box)
    assert (lines[-1].endswith("…")) == (f"<title>{name}</title>" in box), "what is cut is told in whole where it is pointed at"


def test_names_of_relationships_have_two_lines_between_the_boxes() -> None:
    drawn = relations_svg("T", [("children", "CA10__AWS_IAM_Role_Policy_Attachments__r", "A", "")])
    label = drawn.partition('class="edge-name"')[2].partition("</text>")[0]
    assert ["CA10__AWS_IAM_Role_", "Policy_Attachments__r"] == re.findall(r"<tspan[^>]*>([^<]*)</tspan>", label)


@pytest.mark.parametrize(("number", "said"), [(14, []), (20, ["14 of 20 are drawn"])])
def test_a_page_says_how_many_relationships_are_drawn(tmp_path: Path, number: int, said: list[str]) -> None:
    found = files()
    found[f"types/{TYPE}/type.yaml"]["lookups"] = [
        {"name": f"CA10__r{place}__r", "target": OWNER, "key": f"CA10__r{place}__c"} for place in range(number)
    ]
    html = Renderer("S", lambda path, base: None).html(Catalogue(book_of(tmp_path, found)).page(TYPE))
    assert said == re.findall(r"\d+ of \d+ are drawn", html)
