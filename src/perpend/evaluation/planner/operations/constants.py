"""Plan constants, as literals."""

from __future__ import annotations

import json
from typing import Any

from perpend.core.values.types import ValueType
from perpend.core.values.values import collection, date_time_from_text, double, duration_from_iso
from perpend.evaluation.planner.operations.use import KIND_OF_TYPE, PlannedUse, Planners, Value
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.udfs import ordered_number


def constant(use: PlannedUse) -> Value:
    value: Any = use.constant("value")
    match use.expression.type:
        case ValueType.DATE_TIME:
            value = date_time_from_text(value)
        case ValueType.DURATION:
            length = duration_from_iso(value)
            assert length is not None
            value = ordered_number(length)
        case ValueType.NUMBER:
            value = float(double(value))
        case ValueType.JSON:
            value = None if value is None else json.dumps(value, ensure_ascii=False)
    return use.value(use.scalars.literal(value, KIND_OF_TYPE.get(use.expression.type, Kind.TEXT)))


def collection_constant(use: PlannedUse) -> Value:
    value_type = use.expression.type
    skip_empty, skip_repeated, ordered = use.expression.collection_flags
    collected = collection(
        tuple(use.constant("items")),
        value_type.item or ValueType.TEXT,
        skip_empty=skip_empty,
        skip_repeated=skip_repeated,
        ordered=ordered,
    )
    return use.value(use.scalars.literal(collected, Kind.TEXTS))


PLANNERS: Planners = {
    "TEXT": constant,
    "BYTES": constant,
    "NUMBER": constant,
    "BOOLEAN": constant,
    "DATE_TIME": constant,
    "UNIT_TEST_DATE_TIME": constant,
    "DURATION": constant,
    "JSON": constant,
    "LIST": collection_constant,
    "SET": collection_constant,
    "COLLECTION": collection_constant,
    "COLLECTION (flags)": collection_constant,
}
