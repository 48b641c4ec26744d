"""Expressions in, their size and depth with extracts unfolded out: what keeps small files from growing without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from perpend.language.program.program import Expr

MAX_OPERATIONS: Final = 5_000
"""How many operations one expression may unfold to."""

MAX_DEPTH: Final = 80
"""How deeply operations may stand inside each other, extracts unfolded."""


class Unfolding:
    """Measures expressions, each once: an extract is shared, so what it unfolds to can grow much faster than its file.

    ``depth`` says inside how many operations the one stands that is analysed now.
    """

    def __init__(self) -> None:
        self.depth = 0
        self._measured: dict[int, tuple[Expr, int, int]] = {}

    def problem(self, expression: Expr) -> str | None:
        """Return why an expression is too large or too deep, None where it is neither."""
        size, depth = self._measure(expression)
        if size > MAX_OPERATIONS:
            return f"with its extracts this unfolds to more than {MAX_OPERATIONS:,} operations"
        return too_deep() if depth > MAX_DEPTH else None

    def _measure(self, expression: Expr) -> tuple[int, int]:
        if id(expression) not in self._measured:
            parts = [self._measure(operand) for operand in expression.operands]
            size = 1 + sum(part[0] for part in parts)
            depth = 1 + max((part[1] for part in parts), default=0)
            self._measured[id(expression)] = (expression, size, depth)
        return self._measured[id(expression)][1:]


def too_deep() -> str:
    """Return the sentence about operations that are nested too deeply."""
    return f"with its extracts this nests more than {MAX_DEPTH} operations"
