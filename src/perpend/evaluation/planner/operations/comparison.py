"""Plan equality, emptiness and order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.core.values.values import norm
from perpend.evaluation.planner.operations.values import empty, guards_of, or_empty, variant
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import normal_is

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value


def is_equal(use: PlannedUse) -> Value:
    left, right = use["left"], use["right"]
    return use.value(_equal(use.scalars, left, right), guards_of(left, right))


def not_equal(use: PlannedUse) -> Value:
    value = is_equal(use)
    return replace(value, node=use.scalars.negation(value.node))


def _equal(scalars: Scalars, left: Value, right: Value) -> Scalar:
    value_type = left.type
    if value_type is ValueType.TEXT:
        return _same_text(scalars, left.node, right.node)
    if value_type is ValueType.BYTES:
        return scalars.make("same", *(or_empty(scalars, one.node) for one in (left, right)))
    if value_type is ValueType.JSON:
        return scalars.native("json same", Kind.BOOLEAN, left.node, right.node)
    if value_type is ValueType.ATTRIBUTES:
        return scalars.make("same", *(scalars.native("attributes text", Kind.TEXT, one.node) for one in (left, right)))
    if value_type is ValueType.ANY:
        return _same_any(scalars, left, right)
    if value_type.item is not None:
        none = scalars.literal((), Kind.TEXTS)
        return scalars.make("same", *(scalars.make("else", one.node, none) for one in (left, right)))
    return scalars.same(left.node, right.node)


def _same_text(scalars: Scalars, left: Scalar, right: Scalar) -> Scalar:
    for value, constant in ((left, right), (right, left)):
        if constant.primitive == "literal":
            return normal_is(scalars, value, norm(constant.constants[0]))
    return scalars.make("same", scalars.make("norm", left), scalars.make("norm", right))


def _same_any(scalars: Scalars, left: Value, right: Value) -> Scalar:
    if left.form is Form.TEXT and right.form is Form.TEXT:
        return _same_text(scalars, left.node, right.node)
    return scalars.native("variant same", Kind.BOOLEAN, variant(scalars, left), variant(scalars, right))


def is_empty(use: PlannedUse) -> Value:
    arg = use["arg"]
    return use.value(empty(use.scalars, arg), arg.guards)


def not_empty(use: PlannedUse) -> Value:
    arg = use["arg"]
    return use.value(use.scalars.negation(empty(use.scalars, arg)), arg.guards)


def compare(use: PlannedUse) -> Value:
    left, right = use["left"], use["right"]
    name = use.expression.operation.name
    low, high = (right, left) if name.startswith("GREATER") else (left, right)
    order = "at most" if name.endswith("EQUAL") else "less"
    return use.value(use.scalars.make(order, low.node, high.node), guards_of(left, right))


def between(use: PlannedUse) -> Value:
    scalars, arg, low, high = use.scalars, use["arg"], use["rangeFrom"], use["rangeTo"]
    above = scalars.make("less" if use.constant("exclusiveFrom") else "at most", low.node, arg.node)
    below = scalars.make("less" if use.constant("exclusiveTo") else "at most", arg.node, high.node)
    return use.value(scalars.all(above, below), guards_of(arg, low, high))


PLANNERS: Planners = {
    "IS_EQUAL": is_equal,
    "NOT_EQUAL": not_equal,
    "IS_EMPTY": is_empty,
    "NOT_EMPTY": not_empty,
    "GREATER_THAN": compare,
    "GREATER_THAN_EQUAL": compare,
    "LESS_THAN": compare,
    "LESS_THAN_EQUAL": compare,
    "BETWEEN": between,
}
