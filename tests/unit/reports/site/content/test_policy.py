"""The page of a policy: what its file says, and what it resembles."""

from __future__ import annotations

import pytest

from perpend.reports.site.content.links import WebLink
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.policy import policy_page
from tests.sites import POLICY, book_of, files


def test_a_policy_page_says_what_its_file_says(book):
    page = policy_page(book, Logics(book), POLICY)
    assert ("Acme Thing is open", "Thing is open") == (page.full_name, page.contextual_name)
    assert ("Compliance policy", ("Security", "Cost")) == (page.policy_type, page.categories)
    tools = ["Trend Micro Conformity", "AWS Trusted Advisor", "AWS Security Hub", "Trivy"]
    assert tools == [name for name, _ in page.similar]
    assert (WebLink("AVD-AWS-0001", "https://avd.aquasec.com/misconfig/avd-aws-0001"),) == page.similar[-1][1]
    assert [("dec-x-1", 1)] == [(ref.id, number) for ref, number in page.rules]
    assert ("kind", "policy") == page.head.facets[0]
    assert {("cloud", "Cloud"), ("service", "Acme Store"), ("framework", "Acme Standard")} <= set(page.head.facets)
    assert {("category", "Security"), ("type", "Acme Thing"), ("state", "Production policy")} <= set(page.head.facets)


def test_a_policy_is_found_by_what_it_resembles(book):
    assert {"dec-x-1", "Closed things", "Advice", "Hub", "AVD-AWS-0001", "1 Things are closed"} == set(
        policy_page(book, Logics(book), POLICY).head.words
    )


def test_direct_and_inherited_sections_are_told_apart(book):
    rows = policy_page(book, Logics(book), POLICY).sections
    found = [
        (row.section.id, row.direct, [route.how for route in row.routes], [route.via.id for route in row.routes if route.via])
        for row in rows
    ]
    assert [
        ("/frameworks/acme/01", True, ["direct"], []),
        ("/frameworks/acme/02", False, ["similar-section"], ["/frameworks/acme/01"]),
    ] == found


@pytest.mark.parametrize(
    ("summary", "description", "lead"),
    [
        ("A thing is open to everybody.", "# Description\n\nA thing.\n", "A thing is open to everybody."),
        ("", "# Description\n\nA thing.\n\nMore.\n", "A thing."),
        ("", "# Description\n", ""),
    ],
)
def test_a_policy_says_what_it_is_about_below_its_name(tmp_path, summary, description, lead):
    found = files()
    found[f"{POLICY[1:]}/policy.yaml"]["description"] = summary
    found[f"{POLICY[1:]}/description.md"] = description
    book = book_of(tmp_path, found)
    assert lead == policy_page(book, Logics(book), POLICY).lead


def test_extracts_are_called_by_their_type(book):
    (card,) = policy_page(book, Logics(book), POLICY).logics
    assert ["Acme Thing - object.extracts.yaml"] == [ref.name for ref in card.extracts]
