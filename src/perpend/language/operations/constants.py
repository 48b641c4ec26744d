"""Constants: values written into the policy. Never null."""

from __future__ import annotations

from perpend.core.values.types import ValueType
from perpend.language.operations.operation import Constant, Operation, Parameter, Result

_NEVER_NULL = "A constant is never null."
_ITEM_TYPE = Parameter(
    "itemType", "`TEXT` items ignore case and white space, `BYTES` items are exact.", choices=("TEXT", "BYTES")
)
_ITEMS = Parameter("items", "The items as texts.", constant=Constant.TEXTS, matched=True)

FLAGS = (
    Parameter("emptyValues", "Whether empty items stay.", choices=("KEEP", "SKIP")),
    Parameter("duplicateValues", "Whether repeated items stay.", choices=("KEEP", "SKIP")),
    Parameter("ordering", "Whether items keep their order.", choices=("ORIGINAL", "SORTED")),
)
"""The item rules of a collection in the second dialect."""


def _value(constant: Constant, doc: str) -> tuple[Parameter, ...]:
    return (Parameter("value", doc, constant=constant, matched=True),)


OPERATIONS = (
    Operation(
        "TEXT",
        doc="A text that compares without regard to case and white space.",
        parameters=_value(Constant.TEXT, "The text."),
        result=ValueType.TEXT,
        text="{value!q}",
        nulls=_NEVER_NULL,
        scalar=True,
        example='TEXT: "enabled"',
    ),
    Operation(
        "BYTES",
        doc="A text that compares exactly.",
        parameters=_value(Constant.TEXT, "The text."),
        result=ValueType.BYTES,
        text="bytes({value!q})",
        nulls=_NEVER_NULL,
        scalar=True,
        example='BYTES: "Enabled"',
    ),
    Operation(
        "NUMBER",
        doc="A number (IEEE double).",
        parameters=_value(Constant.NUMBER, "The number."),
        result=ValueType.NUMBER,
        text="number({value!n})",
        nulls=_NEVER_NULL,
        scalar=True,
        example="NUMBER: 90",
    ),
    Operation(
        "BOOLEAN",
        doc="`true` or `false`.",
        parameters=_value(Constant.BOOLEAN, "The truth value."),
        result=ValueType.BOOLEAN,
        text="{value!j}",
        nulls=_NEVER_NULL,
        scalar=True,
        example="BOOLEAN: true",
    ),
    Operation(
        "DATE_TIME",
        doc="An instant, written in ISO 8601.",
        parameters=_value(Constant.DATE_TIME, "The date, or date and time; without an offset it is UTC."),
        result=ValueType.DATE_TIME,
        text="{value!q}",
        nulls=_NEVER_NULL,
        scalar=True,
        dialects=("D2", "D3"),
        example='DATE_TIME: "2026-01-31T00:00:00Z"',
    ),
    Operation(
        "UNIT_TEST_DATE_TIME",
        doc="The first dialect's spelling of DATE_TIME, for unit tests.",
        parameters=_value(Constant.DATE_TIME, "The date, or date and time; without an offset it is UTC."),
        result=ValueType.DATE_TIME,
        text="{value!q}",
        nulls=_NEVER_NULL,
        scalar=True,
        dialects=("D1",),
        example='UNIT_TEST_DATE_TIME: "2026-01-31T00:00:00Z"',
    ),
    Operation(
        "DURATION",
        doc="A length of time in ISO 8601. A month counts 30 days, a year 12 months.",
        parameters=_value(Constant.DURATION, "The duration."),
        result=ValueType.DURATION,
        text="{value!q}",
        nulls=_NEVER_NULL,
        scalar=True,
        dialects=("D2", "D3"),
        example="DURATION: P90D",
    ),
    Operation(
        "JSON",
        doc="A JSON value written as YAML.",
        parameters=_value(Constant.JSON, "The value."),
        result=ValueType.JSON,
        text="{value!j}",
        nulls="Keys that hold null do not count; an object without other keys is empty.",
        scalar=True,
        dialects=("D2", "D3"),
        example="JSON: {versioning: true}",
    ),
    Operation(
        "LIST",
        doc="An ordered list; empty and repeated items stay.",
        parameters=(_ITEM_TYPE, _ITEMS),
        result=Result.LIST,
        text="listOf{itemType!t}({items!l})",
        nulls=_NEVER_NULL,
        dialects=("D3",),
        example="LIST: {itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "SET",
        doc="A set: order does not matter, empty and repeated items are dropped.",
        parameters=(_ITEM_TYPE, _ITEMS),
        result=Result.SET,
        text="setOf{itemType!t}({items!l})",
        nulls=_NEVER_NULL,
        dialects=("D3",),
        example="SET: {itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "COLLECTION (flags)",
        key="COLLECTION",
        doc="A collection whose flags say which items stay and in what order.",
        parameters=(*FLAGS, _ITEM_TYPE, _ITEMS),
        result=Result.COLLECTION,
        text="{items!l}{flags}",
        nulls=_NEVER_NULL,
        dialects=("D2",),
        example="COLLECTION: {emptyValues: SKIP, duplicateValues: SKIP, ordering: SORTED, itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "COLLECTION",
        doc="A set of texts in the first dialect.",
        parameters=(_ITEMS,),
        result=ValueType.SET_OF_TEXT,
        text="{items!l}",
        nulls=_NEVER_NULL,
        dialects=("D1",),
        example="COLLECTION: {items: [a, b]}",
    ),
)
