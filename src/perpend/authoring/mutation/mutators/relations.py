"""Change relations: another status, an empty list, a lookup without an object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.mutators.change import ExpressionChange, both_texts, text_of, use_of
from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr

_WITHOUT_CHILDREN: Final = {"RELATED_LIST_HAS": False, "RELATED_LIST_HAS_NO": True}
_NOWHERE: Final = {"IS_EMPTY_LOOKUP": True, "NOT_EMPTY_LOOKUP": False}


def other_statuses(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a question about objects of a list with each other status."""
    for name in expression.operation.taking(Constant.STATUS):
        for status in Status:
            if status != expression.constant(name):
                made = replace(expression, arguments={**expression.arguments, name: status.value})
                yield ExpressionChange(both_texts(expression, made), made)


def without_children(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield the answer of a question about a list for an empty list."""
    name = expression.operation.name
    if name in _WITHOUT_CHILDREN:
        made = use_of("BOOLEAN", ValueType.BOOLEAN, expression, value=_WITHOUT_CHILDREN[name])
        yield ExpressionChange(f"`{text_of(expression)}` saw an empty list", made)
    elif name == "RELATED_LIST_COUNT":
        made = use_of("NUMBER", ValueType.NUMBER, expression, value=0)
        yield ExpressionChange(f"`{text_of(expression)}` saw an empty list", made)


def without_parent(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield the value of a lookup that leads to no object."""
    name = expression.operation.name
    if name in _NOWHERE:
        made = use_of("BOOLEAN", ValueType.BOOLEAN, expression, value=_NOWHERE[name])
    elif expression.lookups or any("." in path for path in expression.field_paths):
        made = replace(use_of("UNIT_TEST_NULL", expression.type, expression, returnType="TEXT"), checks=())
    else:
        return
    yield ExpressionChange(f"`{text_of(expression)}` saw a lookup that leads nowhere", made)
