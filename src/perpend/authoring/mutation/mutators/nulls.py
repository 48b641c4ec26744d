"""Change the answer of questions for null and blank values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring.mutation.mutators.change import ExpressionChange, text_of, use_of
from perpend.core.values.types import ValueType
from perpend.language.operations import DATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Expr

_ASKING: Final = frozenset({"Comparison", "Search", DATES})
_TURNED: Final = frozenset({"NOT_EQUAL"})
"""Questions that emptiness answers with yes: here it is made to say no."""

_FLAGS: Final = {"KEEP": "SKIP", "SKIP": "KEEP", "ORIGINAL": "SORTED", "SORTED": "ORIGINAL"}


def empty_decides(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a question with the opposite answer for empty values."""
    operation = expression.operation
    if operation.family not in _ASKING or operation.name in ("IS_EMPTY", "NOT_EMPTY"):
        return
    for operand in expression.operands:
        if operand.operation.family == "Constants" or operand.type is ValueType.BOOLEAN:
            continue
        name, test, answer = ("AND", "NOT_EMPTY", "no") if operation.name in _TURNED else ("OR", "IS_EMPTY", "yes")
        question = use_of(test, ValueType.BOOLEAN, operand, arg=operand)
        made = use_of(name, ValueType.BOOLEAN, expression, args=(question, expression))
        yield ExpressionChange(f"`{text_of(expression)}` said {answer} where `{text_of(operand)}` is empty", made)


def other_flags(expression: Expr) -> Iterator[ExpressionChange]:
    """Yield a collection that treats empty or repeated items, or their order, in the other way."""
    for name in ("emptyValues", "duplicateValues", "ordering"):
        value = expression.arguments.get(name)
        if value in _FLAGS:
            made = replace(expression, arguments={**expression.arguments, name: _FLAGS[value]})
            yield ExpressionChange(f"`{name}` became {_FLAGS[value]} in `{text_of(expression)}`", made)
