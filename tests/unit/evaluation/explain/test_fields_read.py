"""What a condition looked at of the object itself, each field once, and nothing that it did not come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.explain.sources import LONGEST_QUERY
from perpend.evaluation.explain.steps import Step
from tests.repositories import logic
from tests.unit.evaluation.explain.explanations import CHECKS, FLAG, MFA, explained
from tests.unit.evaluation.verdicts.evaluate_objects import thing


def same(path: str, text: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": path}}, "right": {"TEXT": text}}}


def fields(step: Step) -> list[tuple[str, str | None, str]]:
    return [(one.place.field, one.place.column, one.value) for one in step.fields]


@pytest.mark.parametrize(
    ("check", "judged", "expected"),
    [
        (same("t", "x"), {"t": "y"}, [("t", None, '"y"')]),
        (same("t", "x"), {}, [("t", None, "not collected")]),
        (same("t", "x"), {"t": None}, [("t", None, "null")]),
        ({"OR": {"args": [same("t", "x"), same("u", "x")]}}, {"t": "x", "u": "z"}, [("t", None, '"x"')]),
        ({"AND": {"args": [same("t", "x"), same("t", "y")]}}, {"t": "x"}, [("t", None, '"x"')]),
        (MFA, {"doc": '{"mfa_active": "true", "x": 1}'}, [("doc", "mfa_active", '"true"')]),
        (MFA, {"doc": '{"x": 1}'}, [("doc", "mfa_active", "not collected")]),
        (MFA, {"doc": "{x"}, [("doc", None, '"{x"')]),
        (MFA, {}, [("doc", None, "not collected")]),
        (same("Owner__r.name", "x"), {"Owner__r": {"name": "o"}}, [("Owner__r.name", None, '"o"')]),
        (same("Owner__r.name", "x"), {}, [("Owner__r.name", None, "not collected")]),
        (same("Owner__r.name", "x"), {"Owner__r": None}, [("Owner__r.name", None, "null")]),
        ({"BOOLEAN": True}, {"t": "x"}, []),
    ],
)
def test_a_condition_looked_at_these_fields(
    tmp_path: Path, check: dict[str, Any], judged: dict[str, Any], expected: list[tuple[str, str | None, str]]
) -> None:
    assert expected == fields(explained(tmp_path, thing("a", **judged), check).steps[1])


def test_what_an_extract_looked_at_counts_for_every_condition_that_asks_again(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", doc='{"mfa_active": "true"}'), MFA, {"NOT": {"arg": MFA}})
    assert [("doc", "mfa_active", '"true"')] == fields(found.steps[2])


@pytest.mark.parametrize("query", ["a.b", f"a.b || '{'x' * 60}'"])
def test_of_a_long_query_the_field_that_it_asks_is_told_as_well(tmp_path: Path, query: str) -> None:
    asked = {"arg": {"EXTRACT": "doc"}, "expression": query, "undeterminedIf": CHECKS}
    check = {"IS_EQUAL": {"left": {"JSON_QUERY_TEXT": asked}, "right": {"TEXT": "y"}}}
    found = explained(tmp_path, thing("a", doc='{"a": {"b": "y"}}'), check)
    whole = [("doc", None, '"{\\"a\\": {\\"b\\": \\"y\\"}}"')] if len(query) > LONGEST_QUERY else []
    assert [*whole, ("doc", query, '"y"')] == fields(found.steps[1])


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([{"flag": "true"}], [("Parts__r[0].flag", None, '"true"')]),
        ([], [("Parts__r", None, "[]")]),
    ],
)
def test_of_a_related_list_it_is_what_was_looked_at_in_its_objects(
    tmp_path: Path, children: list[dict[str, str]], expected: list[tuple[str, str | None, str]]
) -> None:
    related = {**logic(FLAG), "relationshipName": "Parts__r"}
    del related["inputType"]
    has = {"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": "Parts__r"}}
    again = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}
    found = explained(tmp_path, thing("a", Parts__r=children), has, again, relatedLists=[related])
    assert [expected, expected] == [fields(step) for step in found.steps[1:3]]
