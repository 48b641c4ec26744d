"""Equal scalars are one object, constant conditions are simplified, and only nullable values are tested for null."""

from __future__ import annotations

import pytest

from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, is_trivial, replace_scalars, walk


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def flag(made: Scalars, name: str) -> Scalar:
    return made.column("t", name, Kind.BOOLEAN)


def test_equal_scalars_are_one(made: Scalars) -> None:
    assert flag(made, "a") is flag(made, "a")
    assert flag(made, "a") is not flag(made, "b")
    assert made.column("t", "a", Kind.TEXT) is not flag(made, "a")


def test_constants_of_different_types_are_different(made: Scalars) -> None:
    assert made.literal(1, Kind.NUMBER) is not made.literal(True, Kind.NUMBER)
    assert made.literal(1, Kind.NUMBER) is not made.literal(1.0, Kind.NUMBER)


def test_a_scalar_is_of_the_operation_being_planned_or_of_its_arguments(made: Scalars) -> None:
    made.operation = "FIELD"
    column = flag(made, "a")
    made.operation = ""
    assert ("FIELD", "FIELD") == (column.operation, made.make("not", column).operation)


def test_a_conjunction_leaves_out_what_is_true_and_what_stands_there_twice(made: Scalars) -> None:
    a, b = flag(made, "a"), flag(made, "b")
    assert made.true is made.all() is made.all(made.true)
    assert a is made.all(a, made.true, a)
    assert (a, b) == made.all(made.all(a, b), a).arguments
    assert "and" == made.all(a, b).primitive


def test_a_conjunction_is_false_where_a_part_is_or_parts_deny_each_other(made: Scalars) -> None:
    a, b = flag(made, "a"), flag(made, "b")
    assert made.false is made.all(a, made.false)
    assert made.false is made.all(a, b, made.negation(a))


def test_a_disjunction_leaves_out_what_is_false_and_is_true_where_a_part_is(made: Scalars) -> None:
    a, b = flag(made, "a"), flag(made, "b")
    assert made.false is made.any() is made.any(made.false)
    assert a is made.any(a, made.false)
    assert made.true is made.any(a, made.true)
    assert ("or", (a, b)) == (made.any(a, made.any(b, a)).primitive, made.any(a, made.any(b, a)).arguments)


def test_parts_of_the_other_junction_are_not_flattened(made: Scalars) -> None:
    a, b, c = (flag(made, name) for name in "abc")
    either = made.any(a, b)
    assert (either, c) == made.all(either, c).arguments


def test_denying_twice_is_not_denying(made: Scalars) -> None:
    a = flag(made, "a")
    assert a is made.negation(made.negation(a))
    assert (made.false, made.true) == (made.negation(made.true), made.negation(made.false))


def test_null_is_known_of_constants_and_of_what_never_is(made: Scalars) -> None:
    text = made.column("t", "x", Kind.TEXT)
    assert made.true is made.is_null(made.literal(None, Kind.TEXT))
    assert made.false is made.is_null(made.literal("", Kind.TEXT))
    assert made.false is made.is_null(made.make("norm", text))
    assert made.false is made.is_null(made.make("size", text))
    assert made.false is made.is_null(made.make("less", text, text))
    assert "null" == made.is_null(text).primitive


@pytest.mark.parametrize("primitive", ["column", "if", "native"])
def test_a_boolean_that_comes_from_data_may_be_null(made: Scalars, primitive: str) -> None:
    a = flag(made, "a")
    found = {"column": a, "if": made.choice(a, flag(made, "b"), a), "native": made.native("f", Kind.BOOLEAN, a)}[primitive]
    assert "null" == made.is_null(found).primitive
    assert ("true", (found,)) == (made.truth(found).primitive, made.truth(found).arguments)


def test_truth_of_what_is_never_null_is_itself(made: Scalars) -> None:
    null = made.is_null(flag(made, "a"))
    assert null is made.truth(null)
    assert made.true is made.truth(made.true)
    assert made.false is made.truth(made.literal(None, Kind.BOOLEAN))


def test_comparing_with_a_constant_condition_folds_only_what_is_never_null(made: Scalars) -> None:
    a = flag(made, "a")
    known = made.is_null(a)
    assert known is made.same(known, made.true) is made.same(made.true, known)
    assert made.negation(known) is made.same(known, made.false)
    assert "same" == made.same(a, made.true).primitive


def test_a_choice_that_is_none_is_not_made(made: Scalars) -> None:
    a, b, c = (flag(made, name) for name in "abc")
    assert b is made.choice(made.true, b, c)
    assert c is made.choice(made.false, b, c)
    assert b is made.choice(a, b, b)
    assert (a, b, c) == made.choice(a, b, c).arguments


def test_what_costs_nothing_is_a_column_a_constant_or_a_question_about_one(made: Scalars) -> None:
    a = flag(made, "a")
    assert all(map(is_trivial, (a, made.true, made.negation(a), made.is_null(a), made.truth(a))))
    assert not is_trivial(made.make("norm", a))
    assert not is_trivial(made.negation(made.all(a, flag(made, "b"))))


def test_a_walk_comes_to_each_scalar_once_and_to_those_below_first(made: Scalars) -> None:
    a, b = flag(made, "a"), flag(made, "b")
    both = made.all(a, b)
    top = made.any(both, made.negation(a))
    assert [a, b, both, made.negation(a), top] == list(walk([top, both]))


def test_what_stands_above_something_replaced_is_made_anew(made: Scalars) -> None:
    a, b, c = (flag(made, name) for name in "abc")
    top = made.all(made.negation(a), b)
    found = replace_scalars(made, [top, c], lambda one, arguments, old: c if one is a else None)
    assert made.all(made.negation(c), b) is found[top]
    assert (b, c) == (found[b], found[c])
