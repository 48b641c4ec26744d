"""Number expressions so that equal values of an object have the same number, whatever their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.language.program.program import Expr, constant_text

if TYPE_CHECKING:
    from collections.abc import Hashable

Place = tuple[tuple[str, ...], int]
"""The lookups that lead to an object, and the number of what is asked of it."""


class Values:
    """Numbers values: an extract has the number of its body, and checks do not count, since they stop and change nothing."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._seen: dict[int, tuple[Expr, int]] = {}

    def number(self, expression: Expr) -> int:
        """Return the number of an expression's value when no check fires."""
        if id(expression) not in self._seen:
            self._seen[id(expression)] = expression, self._number(expression)
        return self._seen[id(expression)][1]

    def named(self, *parts: Hashable) -> int:
        """Return the number of something that no expression is, such as a relation of two values."""
        return self._numbers.setdefault(("named", *parts), len(self._numbers))

    def _number(self, expression: Expr) -> int:
        if expression.extract is not None:
            body = self.number(expression.extract.body)
            return self.named("via", expression.lookups, body) if expression.lookups else body
        arguments = tuple((name, self._key(value)) for name, value in sorted(expression.arguments.items()))
        key = (expression.operation.name, expression.type, arguments, expression.deletion_field)
        return self._numbers.setdefault(key, len(self._numbers))

    def _key(self, value: Any) -> Hashable:
        if isinstance(value, tuple | list):
            return tuple(self._key(entry) for entry in value)
        return self.number(value) if isinstance(value, Expr) else constant_text(value)
