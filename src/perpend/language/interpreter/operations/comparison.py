"""Evaluate equality, emptiness and order."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from perpend.core.values import values
from perpend.core.values.types import ValueType
from perpend.core.values.values import json_normal, norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.interpreter.context import EvaluationContext
    from perpend.language.interpreter.use import Closure, Compilers, Use

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_EQUAL": operator.le,
}


def is_equal(use: Use) -> Closure:
    left, right, value_type = use["left"], use["right"], use.type_of("left")
    if value_type is ValueType.TEXT:
        fixed = use.expression.arguments["right"]
        if fixed.operation.name == "TEXT":
            wanted = norm(fixed.arguments["value"])
            return lambda frame: norm(left(frame)) == wanted
    normal = _normal_form(value_type)
    return lambda frame: normal(left(frame)) == normal(right(frame))


def not_equal(use: Use) -> Closure:
    equal = is_equal(use)
    return lambda frame: not equal(frame)


def _normal_form(value_type: ValueType) -> Callable[[Any], Any]:
    """Return a function whose results are equal exactly if the values of the type are."""
    if value_type is ValueType.TEXT:
        return norm
    if value_type is ValueType.BYTES:
        return lambda value: value or None
    if value_type is ValueType.JSON:
        return json_normal
    if value_type is ValueType.ANY:
        return _open_form
    return (lambda value: value or ()) if value_type.item else (lambda value: value)


def _open_form(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return norm(value)
    return json_normal(value)


def is_empty(use: Use) -> Closure:
    arg, value_type = use["arg"], use.type_of("arg")
    return lambda frame: values.is_empty(arg(frame), value_type)


def not_empty(use: Use) -> Closure:
    arg, value_type = use["arg"], use.type_of("arg")
    return lambda frame: not values.is_empty(arg(frame), value_type)


def compared(use: Use) -> Closure:
    left, right, order = use["left"], use["right"], _ORDERS[use.expression.operation.name]

    def run(frame: EvaluationContext) -> bool:
        first, second = left(frame), right(frame)
        return first is not None and second is not None and order(first, second)

    return run


def between(use: Use) -> Closure:
    arg, low, high = use["arg"], use["rangeFrom"], use["rangeTo"]
    above = operator.gt if use.constant("exclusiveFrom") else operator.ge
    below = operator.lt if use.constant("exclusiveTo") else operator.le

    def run(frame: EvaluationContext) -> bool:
        value, start, end = arg(frame), low(frame), high(frame)
        return None not in (value, start, end) and above(value, start) and below(value, end)

    return run


COMPILERS: Compilers = {
    "IS_EQUAL": is_equal,
    "NOT_EQUAL": not_equal,
    "IS_EMPTY": is_empty,
    "NOT_EMPTY": not_empty,
    "GREATER_THAN": compared,
    "GREATER_THAN_EQUAL": compared,
    "LESS_THAN": compared,
    "LESS_THAN_EQUAL": compared,
    "BETWEEN": between,
}
