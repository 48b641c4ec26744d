"""Remove optional checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.authoring.mutation.mutators.change import ExpressionChange
from perpend.language.program.render import check_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr


def fewer_checks(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield an expression without one of its optional checks."""
    for check in expression.checks:
        if not check.declaration.required and not check.declaration.implied:
            rest = tuple(other for other in expression.checks if other is not check)
            words = f"the check `{check_text(expression, check)}` was removed"
            yield ExpressionChange(words, replace(expression, checks=rest))
