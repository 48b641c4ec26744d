"""The drawing of a program: every question and every way out, whatever the words in them are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.site_model import SiteModel
from perpend.reports.site.content.steps import BlockSteps
from perpend.reports.site.render.flow import flow_svg
from tests.repositories import LOGIC, logic, policy_files, temporary_analyzer

pytestmark = pytest.mark.medium

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\"'&\u202e\u0007"


def steps(document: dict[str, Any], **files: Any) -> BlockSteps:
    with temporary_analyzer(policy_files(document, **files)) as analyzer:
        found = Logics(SiteModel(analyzer)).view(LOGIC).steps
    assert found is not None
    return found


def equal(name: str, text: str, checks: dict[str, str] | None = None) -> dict[str, Any]:
    field: dict[str, Any] = {"path": name, "undeterminedIf": checks} if checks else {"path": name}
    return {"IS_EQUAL": {"left": {"FIELD": field}, "right": {"TEXT": text}}}


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_question_and_every_way_out_is_drawn() -> None:
    document = logic(
        equal("a__c", "x"), {"IS_EMPTY": {"arg": {"FIELD": {"path": "b__c"}}}}, statuses=["INCOMPLIANT", "UNDETERMINED"]
    )
    svg = flow_svg(steps({**document, "recordTypes": ["r"]}))
    expected = [
        *("CA10__CaThing__c", "first", "Has it disappeared?", "yes", "∅ DISAPPEARED", "99", "no"),
        *("then", "Is its record type another?", "yes", "– INAPPLICABLE", "98", "no"),
        *("condition 1", "a__c == 'x'", "yes", "✕ INCOMPLIANT", "199", "no"),
        *("condition 2", "b__c.isEmpty()", "yes", "? UNDETERMINED", "299", "no"),
        *("✓ COMPLIANT", "otherwise 300"),
    ]
    assert expected == texts(svg)


def test_checks_show_the_indexes_that_they_may_end_in() -> None:
    checked = equal("a__c", "x", {"isEmpty": "m"})
    svg = flow_svg(steps(logic(checked, {"AND": {"args": [checked, checked]}})))
    assert ["? if a check fires: 101", "? if a check fires: 201–202"] == [text for text in texts(svg) if "fires" in text]


def test_the_drawing_is_told_in_words() -> None:
    svg = flow_svg(steps(logic(equal("a__c", "x", {"isEmpty": "m"}), statuses=["INCOMPLIANT"])))
    root = ElementTree.fromstring(svg)
    told = (
        "First: Has it disappeared? If yes, DISAPPEARED (99). Condition 1: a__c == 'x'? Its checks may end in UNDETERMINED (101). "
        "If yes, INCOMPLIANT (199). Otherwise COMPLIANT (200)."
    )
    assert [f"{SVG}title", f"{SVG}desc"] == [element.tag for element in root[:2]]
    assert ("How an object of type CA10__CaThing__c is decided", told) == (root[0].text, root[1].text)
    assert ("img", "0 0 372") == (root.get("role"), (root.get("viewBox") or "")[:7])


def test_extracts_are_shown_by_name() -> None:
    document = {**logic({"EXTRACT": "isOpen"}), "importExtracts": [{"file": "/types/CA10__CaThing__c/e.extracts.yaml"}]}
    extracts = {"extracts": [{"name": "isOpen", "value": equal("a__c", "x")}]}
    found = steps(document, **{"types/CA10__CaThing__c/e.extracts.yaml": extracts})
    assert "isOpen" in texts(flow_svg(found))


def test_shapes_differ_by_status_without_colour() -> None:
    statuses = ["COMPLIANT", "INCOMPLIANT", "INAPPLICABLE", "UNDETERMINED"]
    svg = flow_svg(steps(logic(*[equal("a__c", "x")] * 4, statuses=statuses)))
    exits = [element for element in ElementTree.fromstring(svg).iter(f"{SVG}g") if "flow-exit" in (element.get("class") or "")]
    shapes = {
        element.get("class", ""): re.sub(r"[\d.-]+", "", element[0].get("d") or "") + (element[0].get("stroke-dasharray") or "")
        for element in exits
    }
    assert 5 == len(shapes) == len(set(shapes.values()))


@pytest.mark.parametrize("hostile", [HOSTILE, HOSTILE * 50, "x" * 10_000, "(" * 3_000, " " * 100, "🔑" * 500])
def test_hostile_words_stay_words_and_inside(hostile: str) -> None:
    label = {"types/CA10__CaThing__c/type.yaml": {"label": hostile[:200], "fields": []}}
    svg = flow_svg(steps(logic(equal("a__c", hostile)), **label))
    root = ElementTree.fromstring(svg)
    assert {"svg", "title", "desc", "g", "path", "rect", "text"} == {element.tag.removeprefix(SVG) for element in root.iter()}
    assert set() == {name for element in root.iter() for name in element.attrib} & {"style", "id", "href", "onload"}
    assert all(text.isprintable() and len(text) <= 27 for text in texts(svg))
    assert len(texts(svg)) <= 19 and len(svg) < 12_000


def test_endless_programs_are_cut_with_a_number() -> None:
    svg = flow_svg(steps(logic(*[equal("a__c", str(number)) for number in range(230)])))
    assert "31 more conditions" in texts(svg) and "otherwise 23100" in texts(svg)
    assert len(svg) < 300_000


def test_a_program_without_conditions_ends_at_once() -> None:
    document = {**logic(), "inputType": "Thing__c"}
    types = {"types/Thing__c/type.yaml": {"deletionField": "none"}}
    assert ["Thing__c", "✓ COMPLIANT", "otherwise 100"] == texts(flow_svg(steps(document, **types)))
