"""Evaluate constants, once and at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.core.values.values import date_time_from_text, double, duration_from_iso
from perpend.language.interpreter.use import collected

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def constant(use: Use) -> Closure:
    value = use.constant("value")
    match use.expression.type:
        case ValueType.DATE_TIME:
            value = date_time_from_text(value)
        case ValueType.DURATION:
            value = duration_from_iso(value)
        case ValueType.NUMBER:
            value = double(value)
    return lambda frame: value


def collection_constant(use: Use) -> Closure:
    value = collected(use, use.constant("items"))
    return lambda frame: value


COMPILERS: Compilers = {
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
