"""A constant replaced by its neighbour: a number, a day, a truth value, a text, an entry of a list, an access level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.mutation.mutators.change import ExpressionChange, both_texts, text_of
from perpend.core.values.values import DAY, date_time_from_text, duration_from_iso, iso_from_milliseconds
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant
from perpend.language.operations.special import ACCESS_LEVELS
from perpend.language.program.render import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr

_STARTING: Final = frozenset({"STARTS_WITH", "STARTS_WITH (prefix)", "STARTS_WITH_IGNORE_CASE"})
_ENDING: Final = frozenset({"ENDS_WITH", "ENDS_WITH (suffix)", "ENDS_WITH_IGNORE_CASE"})
_SECOND: Final = 1000


def next_numbers(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a number one up and one down."""
    if expression.operation.name == "NUMBER":
        value = expression.constant("value")
        for other in (value - 1, value + 1):
            made = _with(expression, "value", other)
            yield ExpressionChange(both_texts(expression, made), made)


def next_days(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a number of days, a date or a duration one day up and one down; a duration with a fraction of a day, a second."""
    if expression.operation.family == DATES and expression.operation.parameter("offsetDays"):
        days = expression.constant("offsetDays") or 0
        others = [("offsetDays", other) for other in (days - 1, days + 1) if other >= 0]
    else:
        others = [("value", other) for other in _other_times(expression)]
    for name, other in others:
        made = _with(expression, name, other)
        yield ExpressionChange(both_texts(expression, made), made)


def _other_times(expression: Expr) -> Iterator[str]:
    value = expression.constant("value")
    if expression.operation.name in ("DATE_TIME", "UNIT_TEST_DATE_TIME"):
        instant = date_time_from_text(value)
        if instant is not None:
            yield from (iso_from_milliseconds(instant + shift) for shift in (-DAY, DAY))
    elif expression.operation.name == "DURATION":
        length = duration_from_iso(value)
        if length is not None and length % DAY == 0:
            yield from (f"P{length // DAY + shift}D" for shift in (-1, 1) if length // DAY + shift >= 0)
        elif length is not None:
            yield from (f"PT{length // _SECOND + shift}S" for shift in (-1, 1) if length // _SECOND + shift >= 0)


def other_truth(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield the other truth value."""
    if expression.operation.name == "BOOLEAN":
        made = _with(expression, "value", not expression.constant("value"))
        yield ExpressionChange(both_texts(expression, made), made)


def other_text(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a text with one more letter."""
    if expression.operation.name in ("TEXT", "BYTES"):
        made = _with(expression, "value", f"{expression.constant('value')}x")
        yield ExpressionChange(both_texts(expression, made), made)
    elif expression.operation.parameter("trueValue"):
        value = f"{expression.constant('trueValue')}x"
        yield ExpressionChange(f"`trueValue` became {quoted(value)}", _with(expression, "trueValue", value))


def cut_text(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a search for a text without its last letter, or without its first if the search is for an end."""
    needle = next((value for value in expression.operands[1:2] if value.operation.name in ("TEXT", "BYTES")), None)
    name = expression.operation.name
    if needle is None or name not in _STARTING | _ENDING:
        return
    text = needle.constant("value")
    shorter = text[1:] if name in _ENDING else text[:-1]
    if shorter:
        at = next(key for key, value in expression.arguments.items() if value is needle)
        made = _with(expression, at, _with(needle, "value", shorter))
        yield ExpressionChange(both_texts(expression, made), made)


def fewer_entries(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a list of texts without one of its entries."""
    for name in expression.operation.taking(Constant.TEXTS):
        entries = tuple(expression.constant(name) or ())
        for position, entry in enumerate(entries):
            rest = list(entries[:position] + entries[position + 1 :])
            words = f"{quoted(entry)} was dropped from `{name}` of `{text_of(expression)}`"
            yield ExpressionChange(words, _with(expression, name, rest))


def next_levels(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield the next narrower and the next wider access level."""
    name = "widestAcceptableAccessLevel"
    if expression.operation.parameter(name):
        at = ACCESS_LEVELS.index(expression.constant(name))
        for level in (*ACCESS_LEVELS[max(at - 1, 0) : at], *ACCESS_LEVELS[at + 1 : at + 2]):
            made = _with(expression, name, level)
            yield ExpressionChange(both_texts(expression, made), made)


def _with(expression: Expr, name: str, value: Any) -> Expr:
    return replace(expression, arguments={**expression.arguments, name: value})
