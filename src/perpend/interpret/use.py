"""One expression while it is compiled: its operands as closures, its constants, the indexes of its checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perpend.interpret.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.ir.program import Block, Expr
    from perpend.ir.status import Status
    from perpend.meaning.types import ValueType

Closure = Callable[[Frame], Any]
StatusCount = Callable[["Frame", "Status"], tuple[int, "str | None"]]


@dataclass(frozen=True, slots=True)
class Use:
    """An expression to compile. ``last_slot`` is the index just before its own first check."""

    expression: Expr
    operands: Mapping[str, Any]
    last_slot: int
    block: Block | None
    count: Callable[[str], StatusCount]

    def __getitem__(self, name: str) -> Closure:
        """The closure of an operand."""
        operand: Closure = self.operands[name]
        return operand

    @property
    def many(self) -> tuple[Closure, ...]:
        """The closures of ``args``."""
        return tuple(self.operands["args"])

    def constant(self, name: str) -> Any:
        """Return a constant argument, the declared default where it is absent."""
        value = self.expression.arguments.get(name)
        if value is None:
            return next((item.default for item in self.expression.operation.parameters if item.name == name), None)
        return value

    def type_of(self, name: str) -> ValueType:
        """Return the type of an operand."""
        operand: Expr = self.expression.arguments[name]
        return operand.type

    def slot(self, key: str) -> int | None:
        """Return the index of one of the expression's checks, None where the author left it out."""
        for number, check in enumerate(self.expression.checks, self.last_slot + 1):
            if check.declaration.key == key:
                return number
        return None

    def delegate(self) -> str | None:
        """Return the path of the field that ``noAccessDelegate`` names."""
        return next((check.delegate for check in self.expression.checks if check.delegate is not None), None)
