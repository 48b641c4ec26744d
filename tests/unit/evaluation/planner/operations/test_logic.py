"""Conditions count from left to right: a check stops only if evaluation reaches it."""

from __future__ import annotations

from tests.unit.evaluation.planner.operations.planned import condition, ends, field

IS_A = {"IS_EQUAL": {"left": field("text", isEmpty="m"), "right": {"TEXT": "a"}}}
IS_B = {"IS_EQUAL": {"left": field("other", isEmpty="m"), "right": {"TEXT": "b"}}}
BOOLEAN = field("boolean")


def test_behind_what_is_false_a_conjunction_asks_nothing() -> None:
    assert [
        ("is(text, '')", 101),
        ("and(is(text, 'a'), is(other, ''))", 102),
        ("and(is(text, 'a'), is(other, 'b'))", 199),
    ] == ends({"AND": {"args": [IS_A, IS_B]}})


def test_behind_what_is_true_a_disjunction_asks_nothing() -> None:
    assert [
        ("is(text, '')", 101),
        ("and(not(is(text, 'a')), is(other, ''))", 102),
        ("or(is(text, 'a'), is(other, 'b'))", 199),
    ] == ends({"OR": {"args": [IS_A, IS_B]}})


def test_checks_that_are_never_got_to_are_not_planned() -> None:
    assert [] == ends({"AND": {"args": [{"BOOLEAN": False}, IS_A]}})
    assert [("True", 199)] == ends({"OR": {"args": [{"BOOLEAN": True}, IS_A]}})


def test_null_is_no_truth_so_its_opposite_is() -> None:
    assert "not(true(boolean))" == condition({"NOT": {"arg": BOOLEAN}})
    assert [("null(boolean)", 101), ("not(true(boolean))", 199)] == ends({"NOT": {"arg": field("boolean", isEmpty="m")}})
