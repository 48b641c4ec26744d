"""One expression during compilation: the closures of its operands, its constants, and the indexes of its checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.values.types import ValueType
from perpend.core.values.values import collection
from perpend.language.interpreter.context import EvaluationContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.objects.status import Status
    from perpend.language.program.program import Expr

Closure = Callable[[EvaluationContext], Any]
ChildrenWithStatus = Callable[["EvaluationContext", "Status"], tuple["list[EvaluationContext]", "str | None"]]
"""A function that returns the children with a status, and why there may be more; None if all are known."""


@dataclass(frozen=True, slots=True)
class Use:
    """An expression to compile. ``last_slot`` is the index just before its own first check."""

    expression: Expr
    operands: Mapping[str, Any]
    last_slot: int
    children: Callable[[str], ChildrenWithStatus]

    def __getitem__(self, name: str) -> Closure:
        """The closure of an operand."""
        operand: Closure = self.operands[name]
        return operand

    @property
    def many(self) -> tuple[Closure, ...]:
        """The closures of ``args``."""
        return tuple(self.operands["args"])

    def constant(self, name: str) -> Any:
        """Return a constant argument, or its declared default if it is absent."""
        return self.expression.constant(name)

    def type_of(self, name: str) -> ValueType:
        """Return the type of an operand."""
        operand: Expr = self.expression.arguments[name]
        return operand.type

    def slot(self, key: str) -> int | None:
        """Return the index of one of the expression's checks, None if the author left it out."""
        for number, check in enumerate(self.expression.checks, self.last_slot + 1):
            if check.declaration.key == key:
                return number
        return None

    def required_slot(self, key: str) -> int:
        """Return the index of a check that is always present."""
        number = self.slot(key)
        assert number is not None, f"`{key}` is required"
        return number

    @property
    def delegate(self) -> str | None:
        """The path of the field in ``noAccessDelegate``."""
        return next(iter(self.expression.delegates), None)


Compilers = dict[str, Callable[[Use], Closure]]
"""Compile functions by the name of the operation."""


def collected(use: Use, texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts as the collection that the operation builds."""
    skip_empty, skip_repeated, ordered = use.expression.collection_flags
    item = use.expression.type.item or ValueType.TEXT
    return collection(tuple(texts), item, skip_empty=skip_empty, skip_repeated=skip_repeated, ordered=ordered)
