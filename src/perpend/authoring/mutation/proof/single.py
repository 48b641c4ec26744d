"""Evaluate an operation on single cases of its operands, if the result is certain.

A case represents many values. A result is returned only if it is the same for all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import re2

from perpend.authoring.mutation.proof.cases import Other
from perpend.core.values.types import ValueType
from perpend.core.values.values import date_time_from_text, norm
from perpend.language.interpreter.context import CheckTriggered, EvaluationContext
from perpend.language.interpreter.operations import COMPILERS
from perpend.language.interpreter.use import ChildrenWithStatus, Use
from perpend.language.operations import DATES
from perpend.language.operations.operation import Constant
from perpend.language.program.program import Expr

if TYPE_CHECKING:
    from perpend.authoring.mutation.proof.cases import Cases
    from perpend.authoring.mutation.proof.keys import Values

UNTOLD: Final = object()
"""The result of an operation if it is not certain."""

_PURE: Final = frozenset({"Comparison", "Constants", DATES})
_PURE_TOO: Final = frozenset(
    {"CONTAINS", "STARTS_WITH", "ENDS_WITH", "CONTAINS_ALL", "CONTAINS_ANY", "COLLECTION_CONTAINS", "BOOLEAN_FROM"}
)
"""Operations that tell no spellings of a text apart which are equal, so that one can stand for all."""

_SPLIT: Final = frozenset({"COLLECTION_FROM", "COLLECTION_FROM (flags)", "LIST_FROM", "SET_FROM"})
_PARSED: Final = frozenset({"DURATION_FROM", "JSON_FROM"})
_NO_FRAME: Final = EvaluationContext({}, 0)


def end_of(values: Values, cases: Cases, expression: Expr, operands: list[Any], name: str) -> Any:
    """Return a value, the check that fires, or UNTOLD.

    ``name`` is the operation's name, or the name of the negated operation.
    """
    if name in _SPLIT and operands[0] is not None:
        return _split(values, expression, operands[0])
    if any(isinstance(operand, Other) for operand in operands):
        return UNTOLD
    if expression.operation.family == DATES and cases.fixed_dates and operands[0] is not None:
        return UNTOLD
    if _is_computed(expression, operands, name):
        return _computed(expression, operands, name)
    blank = operands[:1] == [""]
    return False if name == "REGEX_MATCHES" and blank and finds_no_blank(expression.constant("regex")) else UNTOLD


def _split(values: Values, expression: Expr, text: Any) -> Any:
    """Return the parts of a split text. Only a blank text without empty parts is certain: it has none."""
    skips, separator = expression.collection_flags[0], expression.constant("separator")
    if text == "" and skips:
        return ()
    spaced = expression.operands[0].type is ValueType.TEXT and not separator.strip()
    filled = not skips or (text != "" and (not separator or spaced))
    return Other(values.number(expression), expression.type, exhausted=filled)


def _is_computed(expression: Expr, operands: list[Any], name: str) -> bool:
    """Whether an operation can be run: it is pure, and it cannot tell apart the values that a case represents."""
    if name == "DATE_TIME_FROM":
        text = operands[0] or ""
        no_dates = {norm(one) for one in expression.constant("nullValues")}
        return date_time_from_text(text.upper()) is None or norm(text) in no_dates
    if expression.operation.family in _PURE or name in _PURE_TOO:
        return True
    if expression.operation.taking(Constant.JMESPATH) or name in _SPLIT:
        return operands[0] is None
    if name == "REGEX_MATCHES":
        return operands[0] is None or expression.operands[0].type is ValueType.BYTES
    return name in _PARSED and operands[0] in (None, "")


def _computed(expression: Expr, operands: list[Any], name: str) -> Any:
    given = iter(operands)

    def argument(value: Any) -> Any:
        if isinstance(value, Expr):
            operand = next(given)
            return lambda frame: operand
        return value

    arguments = {key: argument(value) for key, value in expression.arguments.items()}
    run = COMPILERS[name](Use(expression, arguments, 0, _no_list))
    try:
        return run(_NO_FRAME)
    except CheckTriggered as stopped:
        return expression.checks[stopped.index - 1]


def known_answer(values: Values, cases: Cases, expression: Expr, operands: list[Any], name: str) -> Any:
    """Return an answer that is certain for a partly known value, else UNTOLD."""
    first = operands[0] if operands else None
    if name == "IS_EMPTY" and isinstance(first, Other):
        return False if first.exhausted else UNTOLD
    if name == "BOOLEAN_FROM" and isinstance(first, Other) and first.value_type is ValueType.TEXT:
        return False if cases.knows(first, expression.constant("trueValue")) else UNTOLD
    others = [one for one in operands if isinstance(one, Other) and one.exhausted and one.value_type.item is None]
    constants = [one for one in operands if not isinstance(one, Other)]
    if len(others) == len(constants) == 1 and _is_certainly_none(cases, name, others[0], constants[0], operands):
        return False
    return UNTOLD


def _is_certainly_none(cases: Cases, name: str, other: Other, constant: Any, operands: list[Any]) -> bool:
    """Whether a value that equals no constant certainly is not the value that a question looks for."""
    if name == "IS_EQUAL":
        return constant is None or cases.knows(other, constant)
    within = name in ("CONTAINS", "COLLECTION_CONTAINS") and isinstance(constant, tuple) and operands[0] is constant
    return within and all(cases.knows(other, one) for one in constant)


def _no_list(relationship: str) -> ChildrenWithStatus:
    raise AssertionError("an operation that is computed asks no related list")


_ESCAPED: Final = r"\\[dw.$^()|*+?{}\[\]/\\-]"
_SHOWS_NO_SPACE: Final = re.compile(rf"(?:[^\\.\[\x00-\x20]|{_ESCAPED}|\[(?!\^)(?:[^\[\]\\\x00-\x20]|{_ESCAPED})+\])*")
"""Expressions without a piece that could stand for white space."""


def finds_no_blank(regex: str) -> bool:
    """Whether an expression certainly matches nowhere in an empty text or in a text of white space.

    If no part matches white space, only an empty match is possible. Its conditions (ends of text, no word nearby) hold
    anywhere in a blank text if they hold in an empty text.
    """
    return _SHOWS_NO_SPACE.fullmatch(regex) is not None and re2.search(regex, "") is None
