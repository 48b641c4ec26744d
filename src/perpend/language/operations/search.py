"""Search in texts and collections. The first dialect has its own spellings, with other rules for case."""

from __future__ import annotations

from perpend.core.values.types import COLLECTIONS, TEXTUAL, ValueType
from perpend.language.operations.operation import Constant, Operation, Parameter, Typing

_NEW = ("D2", "D3")
_HAYSTACK = Parameter(
    "arg", "The text, collection or JSON array to search in.", operand=TEXTUAL | COLLECTIONS | {ValueType.JSON}
)
_NEEDLE = Parameter("search", "The text to search for.", operand=TEXTUAL)
_NEEDLES = Parameter("search", "The items to look for.", operand=COLLECTIONS | {ValueType.JSON})
_RAW_TEXT = Parameter("arg", "The text to search in.", operand=frozenset({ValueType.TEXT, ValueType.BYTES}))
_FOUND_IN_ALL = (
    "An empty or null needle is found in every text, null too; a null text contains nothing else. "
    "A null collection or item: false."
)
_NULL_AS_EMPTY = "Null counts as the empty text."


def _search(name: str, doc: str, word: str) -> Operation:
    return Operation(
        name,
        doc=f"{doc} Text ignores case and white space, Bytes is exact.",
        parameters=(_HAYSTACK, _NEEDLE),
        typing=Typing.ITEM,
        result=ValueType.BOOLEAN,
        text=f"{{arg}}.{word}({{search}})",
        nulls=_FOUND_IN_ALL,
        dialects=_NEW,
        example=f"{name}: {{arg: {{FIELD: {{path: CA10__name__c}}}}, search: {{TEXT: prod}}}}",
    )


def _old_search(name: str, key: str, parameter: str, doc: str, text: str) -> Operation:
    return Operation(
        name,
        key=key,
        doc=doc,
        parameters=(_RAW_TEXT, Parameter(parameter, "The text to search for.", operand=TEXTUAL)),
        result=ValueType.BOOLEAN,
        text=f"{{arg}}.{text}({{{parameter}}})",
        nulls=_NULL_AS_EMPTY,
        dialects=("D1",),
        example=f"{key}: {{arg: {{FIELD: {{path: CA10__name__c}}}}, {parameter}: {{TEXT: prod}}}}",
    )


def _old_pair(key: str, parameter: str, word: str, doc: str) -> tuple[Operation, Operation]:
    return (
        _old_search(
            f"{key} ({parameter})",
            key,
            parameter,
            f"{doc} Case and white space count.",
            f"{word}CaseSensitive",
        ),
        _old_search(
            f"{key}_IGNORE_CASE",
            f"{key}_IGNORE_CASE",
            parameter,
            f"{doc} Case does not count, white space does.",
            f"{word}IgnoreCase",
        ),
    )


OPERATIONS = (
    _search("CONTAINS", "Whether a text contains a text, or a collection an item.", "contains"),
    _search("STARTS_WITH", "Whether a text, or a list, starts with a text.", "startsWith"),
    _search("ENDS_WITH", "Whether a text, or a list, ends with a text.", "endsWith"),
    Operation(
        "CONTAINS_ALL",
        doc="Whether every item is in the collection, or in the text as a part.",
        parameters=(_HAYSTACK, _NEEDLES),
        typing=Typing.ITEMS,
        result=ValueType.BOOLEAN,
        text="{arg}.containsAll({search})",
        nulls="Null or no items to search for: false. A null collection contains none; a null text contains empty items only.",
        dialects=_NEW,
        example="CONTAINS_ALL: {arg: {EXTRACT: events}, search: {SET: {itemType: TEXT, items: [put, delete]}}}",
    ),
    Operation(
        "CONTAINS_ANY",
        doc="Whether at least one item is in the collection, or in the text as a part.",
        parameters=(_HAYSTACK, _NEEDLES),
        typing=Typing.ITEMS,
        result=ValueType.BOOLEAN,
        text="{arg}.containsAny({search})",
        nulls="Null or no items to search for: false. A null collection contains none; a null text contains empty items only.",
        dialects=_NEW,
        example="CONTAINS_ANY: {arg: {EXTRACT: events}, search: {SET: {itemType: TEXT, items: [put, delete]}}}",
    ),
    *_old_pair("CONTAINS", "substring", "contains", "Whether a text contains a text."),
    *_old_pair("STARTS_WITH", "prefix", "startsWith", "Whether a text starts with a text."),
    *_old_pair("ENDS_WITH", "suffix", "endsWith", "Whether a text ends with a text."),
    Operation(
        "COLLECTION_CONTAINS",
        doc="Whether a collection contains an item.",
        parameters=(Parameter("arg", "The collection.", operand=COLLECTIONS), _NEEDLE),
        typing=Typing.ITEM,
        result=ValueType.BOOLEAN,
        text="{arg}.contains({search})",
        nulls="A null collection or a null item: false.",
        dialects=("D1",),
        example="COLLECTION_CONTAINS: {arg: {EXTRACT: events}, search: {TEXT: put}}",
    ),
    Operation(
        "REGEX_MATCHES",
        doc="Whether a regular expression (RE2 syntax) matches somewhere in the text; anchor with `^` and `$` for the whole.",
        parameters=(
            _RAW_TEXT,
            Parameter("regex", "The expression; case counts unless it starts with `(?i)`.", constant=Constant.REGEX),
        ),
        result=ValueType.BOOLEAN,
        text="{arg}.regexMatches({regex!q})",
        nulls=_NULL_AS_EMPTY,
        dialects=("D1",),
        example="REGEX_MATCHES: {arg: {FIELD: {path: CA10__name__c}}, regex: '^prod-[0-9]+$'}",
    ),
)
