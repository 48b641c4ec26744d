"""Split the possible values of an object's field into cases that two programs can tell apart.

A case is a value that represents all values that compare like it (a constant, a number between two constants, an instant just
before a boundary), or :class:`Other`: an unknown value that equals none of the constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.values.types import ValueType
from perpend.core.values.values import DAY, duration_from_iso, norm
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.authoring.mutation.proof.keys import Values
    from perpend.language.program.program import Block, Expr


@dataclass(frozen=True, slots=True)
class Other:
    """A value that is none of the constants it is compared with. ``exhausted``: not null and not empty either."""

    number: int
    value_type: ValueType
    exhausted: bool = True


class Cases:
    """The cases of all values that some blocks ask for."""

    def __init__(self, values: Values, blocks: Iterable[Block]) -> None:
        self._values = values
        self._texts: dict[int, dict[str, None]] = {}
        self._points: dict[int, set[float]] = {}
        self._days: dict[int, set[int]] = {}
        self._read_as_text: dict[str, int | None] = {}
        self._most = 0
        self.fixed_dates = False
        """Whether the program has a constant date. Dates are then compared with more than the day of the run."""
        seen: set[int] = set()
        for block in blocks:
            for condition in block.conditions:
                self._collect(condition.expression, seen)

    def of(self, number: int, value_type: ValueType, *, counting: bool = False) -> tuple[Any, ...]:
        """Return the cases of a value of a type. ``counting``: it is a whole number from 0."""
        points = self._points.get(number, set())
        match value_type:
            case ValueType.BOOLEAN:
                return (True, False, None)
            case ValueType.TEXT | ValueType.BYTES:
                return (None, "", *self._texts.get(number, ()), Other(number, value_type))
            case ValueType.NUMBER if counting:
                return tuple(range(int(max(points, default=0)) + 2))
            case ValueType.NUMBER | ValueType.DURATION:
                return (None, *_between(points))
            case ValueType.DATE_TIME if not self.fixed_dates:
                offsets = self._days.get(number, set()) | {0}
                boundaries = {day * DAY for offset in offsets for day in (-offset, 0, 1, offset + 1)}
                return (None, *sorted({at + shift for at in boundaries for shift in (-1, 0)}))
            case _:
                return (None, Other(number, value_type, exhausted=False))

    def counts(self) -> tuple[int, ...]:
        """Return the cases of how many objects of a list have a status."""
        return tuple(range(self._most + 2))

    def knows(self, other: Other, text: Any) -> bool:
        """Whether a value that equals none of the compared texts certainly is not this one."""
        if not isinstance(text, str):
            return False
        same = norm(text) if other.value_type is ValueType.TEXT else text
        return not same or same in self._texts.get(other.number, ())

    def text_at(self, path: str) -> int | None:
        """Return the number of a field that is read as text. Return None for other expressions and for fields with checks."""
        return self._read_as_text.get(path)

    def _collect(self, expression: Expr, seen: set[int]) -> None:
        if id(expression) in seen:
            return
        seen.add(id(expression))
        constants = [operand for operand in expression.operands if operand.operation.family == "Constants"]
        texts = [text for one in (expression, *constants) for text in _texts_of(one)]
        points = [point for one in constants for point in _points_of(one)]
        if expression.operation.name in ("DATE_TIME", "UNIT_TEST_DATE_TIME"):
            self.fixed_dates = True
        if expression.operation.name == "FIELD" and expression.type is ValueType.TEXT:
            path, number = str(expression.constant("path")), None if expression.checks else self._values.number(expression)
            self._read_as_text[path] = number if self._read_as_text.get(path, number) == number else None
        for operand in expression.operands:
            self._collect(operand, seen)
            if operand not in constants:
                self._compared(expression, operand, texts, points)

    def _compared(self, expression: Expr, operand: Expr, texts: list[str], points: list[float]) -> None:
        number = self._values.number(operand)
        if operand.type in (ValueType.TEXT, ValueType.BYTES):
            same = norm if operand.type is ValueType.TEXT else str
            self._texts.setdefault(number, {}).update((same(text), None) for text in texts if same(text))
        if expression.operation.family == DATES:
            self._days.setdefault(number, set()).add(int(expression.constant("offsetDays") or 0))
        self._points.setdefault(number, set()).update(points)
        if operand.operation.name == "RELATED_LIST_COUNT":
            self._most = max(self._most, *map(int, points), 0)


def _texts_of(expression: Expr) -> Iterable[str]:
    for parameter in expression.operation.parameters:
        if parameter.matched and parameter.constant is Constant.TEXTS:
            yield from expression.constant(parameter.name) or ()
        elif parameter.matched and parameter.constant is Constant.TEXT:
            yield expression.constant(parameter.name)


def _points_of(expression: Expr) -> Iterable[float]:
    if expression.operation.name == "NUMBER":
        yield float(expression.constant("value"))
    elif expression.operation.name == "DURATION":
        yield float(duration_from_iso(expression.constant("value")) or 0)


def _between(points: Iterable[float]) -> list[float]:
    """Return points, one between each two, one below and one above all."""
    places: list[float] = []
    for point in sorted(points):
        places += [(places[-1] + point) / 2 if places else point - 1, point]
    return [*places, places[-1] + 1] if places else [0]
