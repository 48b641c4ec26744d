"""An operation replaced by one that asks nearly the same: its negation, its neighbour at the boundary, its other side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.mutators.change import ExpressionChange, both_texts
from perpend.core.values.types import TEXTUAL
from perpend.language.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr

NEGATIONS: Final = {
    "IS_EQUAL": "NOT_EQUAL",
    "IS_EMPTY": "NOT_EMPTY",
    "IS_EMPTY_LOOKUP": "NOT_EMPTY_LOOKUP",
    "RELATED_LIST_HAS": "RELATED_LIST_HAS_NO",
}
"""Operations with an exact negation of their own."""

_BOTH_WAYS: Final = {**NEGATIONS, **{negation: name for name, negation in NEGATIONS.items()}}

_NEIGHBOURS: Final[dict[str, tuple[str, ...]]] = {
    **{name: (other,) for name, other in _BOTH_WAYS.items()},
    "GREATER_THAN": ("GREATER_THAN_EQUAL", "LESS_THAN_EQUAL"),
    "GREATER_THAN_EQUAL": ("GREATER_THAN", "LESS_THAN"),
    "LESS_THAN": ("LESS_THAN_EQUAL", "GREATER_THAN_EQUAL"),
    "LESS_THAN_EQUAL": ("LESS_THAN", "GREATER_THAN"),
    "CONTAINS": ("STARTS_WITH", "ENDS_WITH"),
    "STARTS_WITH": ("CONTAINS", "ENDS_WITH"),
    "ENDS_WITH": ("CONTAINS", "STARTS_WITH"),
    "CONTAINS_ALL": ("CONTAINS_ANY",),
    "CONTAINS_ANY": ("CONTAINS_ALL",),
    "CONTAINS (substring)": ("CONTAINS_IGNORE_CASE",),
    "CONTAINS_IGNORE_CASE": ("CONTAINS (substring)",),
    "STARTS_WITH (prefix)": ("STARTS_WITH_IGNORE_CASE",),
    "STARTS_WITH_IGNORE_CASE": ("STARTS_WITH (prefix)",),
    "ENDS_WITH (suffix)": ("ENDS_WITH_IGNORE_CASE",),
    "ENDS_WITH_IGNORE_CASE": ("ENDS_WITH (suffix)",),
    "IS_BEFORE_TODAY": ("IS_AFTER_TODAY",),
    "IS_AFTER_TODAY": ("IS_BEFORE_TODAY",),
    "IS_WITHIN_LAST_DAYS": ("IS_BEYOND_LAST_DAYS",),
    "IS_BEYOND_LAST_DAYS": ("IS_WITHIN_LAST_DAYS",),
    "IS_WITHIN_NEXT_DAYS": ("IS_BEYOND_NEXT_DAYS",),
    "IS_BEYOND_NEXT_DAYS": ("IS_WITHIN_NEXT_DAYS",),
}
_OF_TEXTS_ONLY: Final = frozenset({"CONTAINS", "STARTS_WITH", "ENDS_WITH"})


def other_operators(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield the neighbours of an operation. A collection has no order that a search could begin or end at."""
    name = expression.operation.name
    if name in _OF_TEXTS_ONLY and expression.arguments["arg"].type not in TEXTUAL:
        return
    for neighbour in _NEIGHBOURS.get(name, ()):
        made = replace(expression, operation=OPERATIONS[neighbour])
        yield ExpressionChange(both_texts(expression, made), made)


def other_operands(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a range with one end included instead of excluded, or the other way round."""
    if expression.operation.name == "BETWEEN":
        for name in ("exclusiveFrom", "exclusiveTo"):
            excluded = not expression.constant(name)
            made = replace(expression, arguments={**expression.arguments, name: excluded})
            yield ExpressionChange(f"`{name}` became {str(excluded).lower()}", made)
