"""Logic changed: AND for OR, a part dropped, a negation added or taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.mutators.change import ExpressionChange, both_texts, text_of, use_of
from perpend.authoring.mutation.mutators.operators import NEGATIONS
from perpend.core.values.types import ValueType
from perpend.language.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr

_JOINTS: Final = {"AND": "OR", "OR": "AND"}
_HAVE_THEIR_OWN: Final = frozenset({*_JOINTS, "NOT", "BOOLEAN", "UNIT_TEST", "DEBUG", *NEGATIONS, *NEGATIONS.values()})


def other_joint(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield OR for AND and AND for OR."""
    name = expression.operation.name
    if name in _JOINTS and len(expression.operands) > 1:
        made = replace(expression, operation=OPERATIONS[_JOINTS[name]])
        yield ExpressionChange(f"{name} became {_JOINTS[name]} in `{text_of(expression)}`", made)


def fewer_parts(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield AND and OR without one of their parts."""
    parts = expression.operands
    if expression.operation.name in _JOINTS and len(parts) > 1:
        for position, part in enumerate(parts):
            rest = parts[:position] + parts[position + 1 :]
            made = replace(expression, arguments={**expression.arguments, "args": rest})
            yield ExpressionChange(f"`{text_of(part)}` was dropped from `{text_of(expression)}`", made)


def negated(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield NOT without its negation, and the negation of questions without an opposite operation."""
    name = expression.operation.name
    if name == "NOT":
        made = expression.operands[0]
        yield ExpressionChange(both_texts(expression, made), made)
    elif expression.type is ValueType.BOOLEAN and name not in _HAVE_THEIR_OWN:
        made = use_of("NOT", ValueType.BOOLEAN, expression, arg=expression)
        yield ExpressionChange(both_texts(expression, made), made)
