"""The fields that conditions read: found through lookups, lists and documents, and shown as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.evaluation.explain.fields_read import LONGEST_QUERY, text_at
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


NESTED = {"a__r": {"b__r": [{"c": 1}, {"c": None}]}, "doc": '{"k": [1, 2]}', "n__r": None}


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("a__r.b__r[0].c", None, "1"),
        ("a__r.b__r[1].c", None, "null"),
        ("a__r.b__r[7].c", None, "null"),
        ("a__r.b__r[0].d", None, "not collected"),
        ("n__r.c", None, "null"),
        ("m__r.c", None, "not collected"),
        ("doc", "k", "[1,2]"),
        ("doc", "l", "not collected"),
        ("a__r", "b__r", '[{"c":1},{"c":null}]'),
    ],
)
def test_a_value_is_found_behind_lookups_in_lists_and_documents(path: str, key: str | None, expected: str) -> None:
    assert expected == text_at(NESTED, path, key)


def test_of_test_data_what_is_not_there_is_null() -> None:
    assert ["null", "null", "null"] == [text_at(NESTED, *where, complete=True) for where in (("x",), ("m__r.c",), ("doc", "l"))]


def test_why_a_value_is_not_known_is_said() -> None:
    fields: dict[str, Any] = PartialObject({}, {"list__r": "may hold more"})
    assert ["not known: may hold more", "not collected"] == [text_at(fields, name) for name in ("list__r", "other")]


def test_a_known_object_of_a_list_that_may_hold_more_is_shown() -> None:
    fields = PartialObject({}, {"list__r": "may hold more"}, incomplete={"list__r": [{"c": 1}]})
    places = ("list__r[0].c", "list__r[1].c", "list__r")
    assert ["1", *["not known: may hold more"] * 2] == [text_at(fields, place) for place in places]
