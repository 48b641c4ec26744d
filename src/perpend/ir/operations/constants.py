"""Constants: values written into the policy. Never null."""

from __future__ import annotations

from perpend.ir.operation import Constant, Operation, Parameter, Result
from perpend.meaning.types import ValueType

_NEVER_NULL = "A constant is never null."
_ITEM_TYPE = Parameter(
    "itemType", "`TEXT` items ignore case and white space, `BYTES` items are exact.", choices=("TEXT", "BYTES")
)
_ITEMS = Parameter("items", "The items as texts.", constant=Constant.TEXTS)

FLAGS = (
    Parameter("emptyValues", "Whether empty items stay.", choices=("KEEP", "SKIP")),
    Parameter("duplicateValues", "Whether repeated items stay.", choices=("KEEP", "SKIP")),
    Parameter("ordering", "Whether items keep their order.", choices=("ORIGINAL", "SORTED")),
)
"""How a collection of the second dialect treats its items."""


def _value(constant: Constant, doc: str) -> tuple[Parameter, ...]:
    return (Parameter("value", doc, constant=constant),)


OPERATIONS = (
    Operation(
        "TEXT",
        "TEXT",
        "A text that compares without regard to case and white space.",
        _value(Constant.TEXT, "The text."),
        ValueType.TEXT,
        "{value!q}",
        _NEVER_NULL,
        scalar=True,
        example='TEXT: "enabled"',
    ),
    Operation(
        "BYTES",
        "BYTES",
        "A text that compares exactly.",
        _value(Constant.TEXT, "The text."),
        ValueType.BYTES,
        "bytes({value!q})",
        _NEVER_NULL,
        scalar=True,
        example='BYTES: "Enabled"',
    ),
    Operation(
        "NUMBER",
        "NUMBER",
        "A number (IEEE double).",
        _value(Constant.NUMBER, "The number."),
        ValueType.NUMBER,
        "number({value!n})",
        _NEVER_NULL,
        scalar=True,
        example="NUMBER: 90",
    ),
    Operation(
        "BOOLEAN",
        "BOOLEAN",
        "`true` or `false`.",
        _value(Constant.BOOLEAN, "The truth value."),
        ValueType.BOOLEAN,
        "{value!j}",
        _NEVER_NULL,
        scalar=True,
        example="BOOLEAN: true",
    ),
    Operation(
        "DATE_TIME",
        "DATE_TIME",
        "An instant, written in ISO 8601.",
        _value(Constant.DATE_TIME, "The date, or date and time; without an offset it is UTC."),
        ValueType.DATE_TIME,
        "{value!q}",
        _NEVER_NULL,
        scalar=True,
        dialects=("D2", "D3"),
        example='DATE_TIME: "2026-01-31T00:00:00Z"',
    ),
    Operation(
        "UNIT_TEST_DATE_TIME",
        "UNIT_TEST_DATE_TIME",
        "The first dialect's spelling of DATE_TIME, for unit tests.",
        _value(Constant.DATE_TIME, "The date, or date and time; without an offset it is UTC."),
        ValueType.DATE_TIME,
        "{value!q}",
        _NEVER_NULL,
        scalar=True,
        dialects=("D1",),
        example='UNIT_TEST_DATE_TIME: "2026-01-31T00:00:00Z"',
    ),
    Operation(
        "DURATION",
        "DURATION",
        "A length of time in ISO 8601. A month counts 30 days, a year 12 months.",
        _value(Constant.DURATION, "The duration."),
        ValueType.DURATION,
        "{value!q}",
        _NEVER_NULL,
        scalar=True,
        dialects=("D2", "D3"),
        example="DURATION: P90D",
    ),
    Operation(
        "JSON",
        "JSON",
        "A JSON value written as YAML.",
        _value(Constant.JSON, "The value."),
        ValueType.JSON,
        "{value!j}",
        "Keys that hold null do not count; an object without other keys is empty.",
        scalar=True,
        dialects=("D2", "D3"),
        example="JSON: {versioning: true}",
    ),
    Operation(
        "LIST",
        "LIST",
        "An ordered list; empty and repeated items stay.",
        (_ITEM_TYPE, _ITEMS),
        Result.LIST,
        "listOf{itemType!t}({items!l})",
        _NEVER_NULL,
        dialects=("D3",),
        example="LIST: {itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "SET",
        "SET",
        "A set: order does not matter, empty and repeated items are dropped.",
        (_ITEM_TYPE, _ITEMS),
        Result.SET,
        "setOf{itemType!t}({items!l})",
        _NEVER_NULL,
        dialects=("D3",),
        example="SET: {itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "COLLECTION (flags)",
        "COLLECTION",
        "A collection whose flags say which items stay and in what order.",
        (*FLAGS, _ITEM_TYPE, _ITEMS),
        Result.COLLECTION,
        "{items!l}{flags}",
        _NEVER_NULL,
        dialects=("D2",),
        example="COLLECTION: {emptyValues: SKIP, duplicateValues: SKIP, ordering: SORTED, itemType: TEXT, items: [a, b]}",
    ),
    Operation(
        "COLLECTION",
        "COLLECTION",
        "A set of texts in the first dialect.",
        (_ITEMS,),
        ValueType.SET_OF_TEXT,
        "{items!l}",
        _NEVER_NULL,
        dialects=("D1",),
        example="COLLECTION: {items: [a, b]}",
    ),
)
