"""The engine searches for constants itself; a Python function searches for other values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.evaluation.planner.operations.planned import condition, ends, field

TEXT, BYTES = field("text"), field("text", "BYTES")
LIST = {"LIST_FROM": {"arg": TEXT, "separator": ","}}
SPLIT = "split(text, ',', 'Text', (False, False, False))"
JSON = {"JSON_FROM": {"arg": TEXT, "undeterminedIf": {"isInvalid": "m"}}}


@pytest.mark.parametrize(
    ("name", "arg", "search", "planned"),
    [
        ("CONTAINS", TEXT, {"TEXT": " A b"}, "contains(norm(text), 'a b')"),
        ("STARTS_WITH", TEXT, field("other"), "starts(norm(text), norm(other))"),
        ("ENDS_WITH", BYTES, {"BYTES": " A b"}, "ends(else(text, ''), ' A b')"),
        ("CONTAINS", LIST, {"TEXT": "A"}, f"has({SPLIT}, 'a')"),
        ("STARTS_WITH", LIST, field("other"), f"and(not(null(other)), same(first({SPLIT}), norm(other)))"),
        ("ENDS_WITH", LIST, {"TEXT": "A"}, f"same(last({SPLIT}), 'a')"),
    ],
)
def test_one_text_is_looked_for(name: str, arg: Any, search: Any, planned: str) -> None:
    assert planned == condition({name: {"arg": arg, "search": search}})


@pytest.mark.parametrize(
    ("name", "arg", "planned"),
    [
        ("CONTAINS_ALL", TEXT, "and(contains(norm(text), 'a'), contains(norm(text), 'b'))"),
        ("CONTAINS_ANY", TEXT, "or(contains(norm(text), 'a'), contains(norm(text), 'b'))"),
        ("CONTAINS_ALL", LIST, f"and(has({SPLIT}, 'a'), has({SPLIT}, 'b'))"),
    ],
)
def test_constant_items_are_looked_for_one_by_one(name: str, arg: Any, planned: str) -> None:
    assert planned == condition({name: {"arg": arg, "search": {"SET": {"itemType": "TEXT", "items": ["B", "a"]}}}})


def test_items_out_of_the_object_are_looked_for_by_a_function_of_the_package() -> None:
    search = {"SET_FROM": {"arg": field("other"), "separator": ","}}
    assert "true(all in(split(other, ',', 'Text', (True, True, True)), norm(text)))" == condition(
        {"CONTAINS_ALL": {"arg": TEXT, "search": search}}
    )


def test_nothing_is_no_items() -> None:
    assert [] == ends({"CONTAINS_ALL": {"arg": TEXT, "search": {"SET": {"itemType": "TEXT", "items": []}}}})


def test_json_that_is_no_array_is_not_searched() -> None:
    (_, invalid), other, found = ends({"CONTAINS": {"arg": JSON, "search": {"TEXT": "a"}}})
    assert (101, ("same(json kind(text), 'other')", -1)) == (invalid, other)
    assert ("has(json texts(text, False), 'a')", 199) == found


def test_json_that_is_searched_for_has_to_be_texts() -> None:
    (_, invalid), mixed, other, (found, _) = ends({"CONTAINS_ANY": {"arg": field("other"), "search": JSON}})
    assert (101, ("same(json kind(text), 'list')", -1)) == (invalid, mixed)
    assert ("same(json kind(text), 'other')", -1) == other
    assert "true(any in(json texts(text, False), norm(other)))" == found
