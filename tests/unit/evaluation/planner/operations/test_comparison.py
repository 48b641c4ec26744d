"""Equality, emptiness and order are planned by the type of the values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.evaluation.planner.operations.planned import condition, ends, field, opposite

TEXT, OTHER = field("text"), field("other")
EMPTY_SET = {"SET": {"itemType": "TEXT", "items": []}}


@pytest.mark.parametrize(
    ("left", "right", "planned"),
    [
        (TEXT, {"TEXT": " A  b"}, "is(text, 'a b')"),
        ({"TEXT": " A  b"}, TEXT, "is(text, 'a b')"),
        (TEXT, OTHER, "same(norm(text), norm(other))"),
        (TEXT, {"UNIT_TEST_NULL": {"returnType": "TEXT"}}, "is(text, '')"),
        (field("text", "BYTES"), {"BYTES": " A"}, "same(else(text, ''), ' A')"),
        (field("number"), {"NUMBER": 1}, "same(number, 1.0)"),
        (field("boolean"), {"BOOLEAN": True}, "same(boolean, True)"),
        (field("number"), {"JSON": 1}, "true(json same(json quote(number), '1'))"),
        (field("text"), field("number"), "true(variant same(json quote(text), json quote(number)))"),
        (field("variant"), field("number"), "true(variant same(variant, json quote(number)))"),
        (
            {"ATTRIBUTES_FROM": {"arg": TEXT}},
            {"ATTRIBUTES_FROM": {"arg": OTHER}},
            "same(attributes text(text), attributes text(other))",
        ),
        (EMPTY_SET, {"UNIT_TEST_NULL": {"returnType": "SET_OF_TEXT"}}, "same(else((), ()), else(None as texts, ()))"),
    ],
)
def test_two_values_are_equal_by_the_rules_of_their_type(left: Any, right: Any, planned: str) -> None:
    assert planned == condition({"IS_EQUAL": {"left": left, "right": right}})
    assert opposite(planned) == condition({"NOT_EQUAL": {"left": left, "right": right}})


@pytest.mark.parametrize(
    ("name", "planned"),
    [
        ("GREATER_THAN", "less(1.0, number)"),
        ("GREATER_THAN_EQUAL", "at most(1.0, number)"),
        ("LESS_THAN", "less(number, 1.0)"),
        ("LESS_THAN_EQUAL", "at most(number, 1.0)"),
    ],
)
def test_order_is_asked_from_low_to_high(name: str, planned: str) -> None:
    assert planned == condition({name: {"left": field("number"), "right": {"NUMBER": 1}}})


@pytest.mark.parametrize(
    ("ends_left_out", "planned"),
    [
        ({}, "and(at most(1.0, number), at most(number, 2.0))"),
        ({"exclusiveFrom": True}, "and(less(1.0, number), at most(number, 2.0))"),
        ({"exclusiveTo": True}, "and(at most(1.0, number), less(number, 2.0))"),
    ],
)
def test_a_range_has_two_ends(ends_left_out: dict[str, bool], planned: str) -> None:
    check = {"arg": field("number"), "rangeFrom": {"NUMBER": 1}, "rangeTo": {"NUMBER": 2}, **ends_left_out}
    assert planned == condition({"BETWEEN": check})


def test_what_is_not_known_of_both_sides_counts_from_left_to_right() -> None:
    check = {"IS_EQUAL": {"left": field("text", isEmpty="a"), "right": field("other", isEmpty="b")}}
    assert [("is(text, '')", 101), ("is(other, '')", 102), ("same(norm(text), norm(other))", 199)] == ends(check)
