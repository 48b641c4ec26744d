"""A function that parses a document is called only for rows that may need its result."""

from __future__ import annotations

import pytest

from perpend.evaluation.planner.rewrites import call_when_reached
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def flag(made: Scalars, name: str, table: str = "t") -> Scalar:
    return made.make("starts", made.column(table, name, Kind.TEXT), made.literal("a", Kind.TEXT))


def size(made: Scalars, document: str = "d") -> Scalar:
    return made.native("json size", Kind.NUMBER, made.column("t", document, Kind.TEXT))


def is_long(made: Scalars, call: Scalar) -> Scalar:
    return made.make("less", made.literal(1, Kind.NUMBER), call)


def code(made: Scalars, *exits: Scalar) -> Scalar:
    """The number of the first exit that is true, 0 if none is."""
    chain = made.literal(0, Kind.WHOLE)
    for number, exit_ in reversed(list(enumerate(exits, 1))):
        chain = made.choice(exit_, made.literal(number, Kind.WHOLE), chain)
    return chain


def masks(made: Scalars, *roots: Scalar) -> dict[Scalar, Scalar]:
    """The condition of each call that got one, by call as it is after the rewrite."""
    found = call_when_reached(made, roots).values()
    return {one.arguments[1]: one.arguments[0] for one in found if one.primitive == "when"}


def test_earlier_exits_that_are_false_are_the_condition_of_a_call(made: Scalars) -> None:
    first, second = flag(made, "x"), flag(made, "y")
    root = code(made, first, made.any(second, flag(made, "z")), is_long(made, size(made)))
    expected = made.all(*map(made.negation, (first, second, flag(made, "z"))))
    assert {size(made): expected} == masks(made, root)


def test_other_operands_are_the_condition_of_a_call(made: Scalars) -> None:
    both = made.all(is_long(made, size(made)), flag(made, "x"), made.negation(flag(made, "y")))
    assert {size(made): made.all(flag(made, "x"), made.negation(flag(made, "y")))} == masks(made, code(made, both))
    either = made.any(is_long(made, size(made)), flag(made, "x"))
    assert {size(made): made.negation(flag(made, "x"))} == masks(made, code(made, either))


def test_a_null_column_does_not_keep_a_call_from_being_made(made: Scalars) -> None:
    column = made.column("t", "x", Kind.BOOLEAN)
    root = code(made, column, is_long(made, size(made)))
    assert {size(made): made.negation(made.truth(column))} == masks(made, root)


def test_a_second_value_needs_a_call_only_where_the_first_is_null(made: Scalars) -> None:
    column = made.column("t", "x", Kind.NUMBER)
    root = code(made, is_long(made, made.make("else", column, size(made))))
    assert {size(made): made.is_null(column)} == masks(made, root)


def test_each_program_that_reaches_a_call_counts(made: Scalars) -> None:
    one = code(made, flag(made, "x"), is_long(made, size(made)))
    other = code(made, made.all(flag(made, "y"), is_long(made, size(made))))
    assert {size(made): made.any(made.negation(flag(made, "x")), flag(made, "y"))} == masks(made, one, other)


def test_uses_in_one_program_share_the_condition_of_the_first(made: Scalars) -> None:
    empty = made.make("same", size(made), made.literal(0, Kind.NUMBER))
    root = code(made, flag(made, "x"), empty, flag(made, "y"), is_long(made, size(made)))
    assert {size(made): made.negation(flag(made, "x"))} == masks(made, root)


@pytest.mark.parametrize("exits", [("call",), ("call", "x"), ("other call", "call")])
def test_a_call_that_every_row_may_need_has_no_condition(made: Scalars, exits: tuple[str, ...]) -> None:
    named = {"call": is_long(made, size(made)), "other call": is_long(made, size(made, "e")), "x": flag(made, "x")}
    root = code(made, *(named[name] for name in exits))
    assert root is call_when_reached(made, [root])[root]


def test_a_call_that_a_choice_skips_already_stays(made: Scalars) -> None:
    skipped = made.choice(flag(made, "y"), made.literal(None, Kind.NUMBER), size(made))
    root = code(made, flag(made, "x"), is_long(made, skipped))
    assert root is call_when_reached(made, [root])[root]


def test_a_call_that_two_choices_share_is_made_for_the_rows_of_both(made: Scalars) -> None:
    nothing = made.literal(None, Kind.NUMBER)
    one, other = (made.choice(flag(made, name), nothing, size(made)) for name in "yz")
    expected = made.any(*(made.negation(flag(made, name)) for name in "yz"))
    assert {size(made): expected} == masks(made, code(made, is_long(made, one)), code(made, is_long(made, other)))


def test_functions_of_single_values_are_called_for_every_row(made: Scalars) -> None:
    root = code(made, flag(made, "x"), made.native("regex", Kind.BOOLEAN, made.column("t", "d", Kind.TEXT), constants=("a",)))
    assert root is call_when_reached(made, [root])[root]


def test_a_condition_on_another_table_is_left_out(made: Scalars) -> None:
    root = code(made, flag(made, "x", "l1"), flag(made, "y"), is_long(made, size(made)))
    assert {size(made): made.negation(flag(made, "y"))} == masks(made, root)


def queries(made: Scalars, *places: int) -> list[Scalar]:
    asked = made.native("queries", Kind.TEXTS, made.column("t", "d", Kind.TEXT), constants=(("a", "text"), ("b", "text")))
    return [made.is_null(made.make("part", asked, constants=(place,))) for place in places]


def test_each_question_is_asked_for_the_rows_that_reach_it(made: Scalars) -> None:
    one, other = queries(made, 0, 1)
    first, second = (made.negation(flag(made, name)) for name in "xy")
    roots = [code(made, flag(made, "x"), one), code(made, flag(made, "y"), other)]
    document, marks = made.column("t", "d", Kind.TEXT), made.make("marks", first, second)
    asked = made.native("queries", Kind.TEXTS, document, marks, constants=(("a", "text"), ("b", "text")))
    reached = made.make("when", made.any(first, second), asked)
    parts = [made.make("part", reached, constants=(place,)) for place in (0, 1)]
    assert {asked: made.any(first, second), parts[0]: first, parts[1]: second} == masks(made, *roots)


def test_a_question_that_every_row_needs_leaves_the_others_to_their_marks(made: Scalars) -> None:
    one, other = queries(made, 0, 1)
    found = masks(made, code(made, one), code(made, flag(made, "y"), other))
    ((part, condition),) = found.items()
    assert ("part", (1,), made.negation(flag(made, "y"))) == (part.primitive, part.constants, condition)
    assert made.make("marks", made.true, condition) is part.arguments[0].arguments[1]


def test_questions_with_the_same_condition_need_no_marks(made: Scalars) -> None:
    both = made.all(*queries(made, 0, 1))
    found = masks(made, code(made, flag(made, "x"), both))
    assert {("native", 1), ("part", 1)} == {(one.primitive, len(one.arguments)) for one in found}
