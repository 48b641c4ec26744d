"""Plan conversions from text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.core.values.values import norm
from perpend.evaluation.planner.operations.values import empty
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.scope import blank, normal_is
from perpend.evaluation.planner.udfs import ABSENT, REPEATED

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value


def boolean_from(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    is_true = normal_is(scalars, arg.node, norm(use.constant("trueValue")))
    return use.value(is_true, arg.guards, use.stop(empty(scalars, arg), "isEmpty"))


def date_time_from(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    nulls = [norm(text) for text in use.constant("nullValues")]
    no_date = normal_is(scalars, arg.node, "", *nulls)
    value = scalars.make("instant", arg.node)
    invalid = scalars.all(scalars.negation(no_date), scalars.is_null(value))
    nothing = scalars.literal(None, Kind.WHOLE)
    node = scalars.choice(no_date, nothing, value) if nulls else value
    return use.value(node, arg.guards, use.stop(no_date, "isEmpty"), use.stop(invalid, "invalidFormat"))


def duration_from(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    value = scalars.native("duration", Kind.TEXT, arg.node, constants=(use.constant("format"),))
    nothing = blank(scalars, arg.node)
    invalid = scalars.all(scalars.negation(nothing), scalars.is_null(value))
    return use.value(value, arg.guards, use.stop(nothing, "isEmpty"), use.stop(invalid, "invalidFormat"))


def collection_from(use: PlannedUse) -> Value:
    arg, item = use["arg"], use.expression.type.item or ValueType.TEXT
    constants = (use.constant("separator"), item.value, use.expression.collection_flags)
    return use.value(use.scalars.native("split", Kind.TEXTS, arg.node, constants=constants), arg.guards)


def size(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    if arg.type is not ValueType.JSON:
        return use.value(scalars.make("size", arg.node), arg.guards)
    number = scalars.native("json size", Kind.NUMBER, arg.node)
    no_array = scalars.make("less", number, scalars.literal(0.0, Kind.NUMBER))
    return use.value(number, arg.guards, use.unusable(no_array))


def json_from(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    is_empty, plain = empty(scalars, arg), arg.plain
    text = scalars.literal(None, Kind.TEXT)
    failure = scalars.native("invalid json", Kind.TEXT, arg.node)
    failure = scalars.choice(scalars.any(plain or scalars.false, is_empty), text, failure)
    invalid = scalars.all(scalars.negation(is_empty), scalars.negation(scalars.is_null(failure)))
    value = use.value(arg.node, arg.guards, use.stop(is_empty, "isEmpty"), use.stop(invalid, "isInvalid"))
    return replace(value, plain=plain)


def attributes_from(use: PlannedUse) -> Value:
    arg = use["arg"]
    return use.value(arg.node, arg.guards)


def attribute_value(use: PlannedUse) -> Value:
    scalars, arg, key = use.scalars, use["arg"], use["key"]
    answer = scalars.native("attribute", Kind.TEXT, arg.node, key.node)
    repeated = scalars.make("same", answer, use.text(REPEATED))
    absent = scalars.make("same", answer, use.text(ABSENT))
    value = scalars.choice(absent, use.text(None), scalars.make("rest", answer))
    missing = (use.stop(absent, "keyNotFound"), use.stop(blank(scalars, value), "valueIsEmpty"))
    return use.value(value, key.guards, arg.guards, use.stop(repeated, "duplicateKey"), *missing)


PLANNERS: Planners = {
    "BOOLEAN_FROM": boolean_from,
    "DATE_TIME_FROM": date_time_from,
    "DURATION_FROM": duration_from,
    "COLLECTION_FROM": collection_from,
    "COLLECTION_FROM (flags)": collection_from,
    "LIST_FROM": collection_from,
    "SET_FROM": collection_from,
    "SIZE": size,
    "COLLECTION_SIZE": size,
    "JSON_FROM": json_from,
    "ATTRIBUTES_FROM": attributes_from,
    "ATTRIBUTE_VALUE": attribute_value,
}
