"""Check in SQL whether texts are plain JSON, faster than ``is_plain_json``.

A pattern recognises flat documents by their grammar; Python checks the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.values.values import PlainJson, date_time_from_text, is_empty_text, is_plain_json, is_strict_json
from perpend.inventory.snapshots.database import add_function, rows_of, text, text_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.inventory.snapshots.database import Connection

EXACT: Final = "perpend_is_plain_json"
"""The function of SQL that asks Python whether a text is plain JSON."""

STRICT_JSON: Final = "perpend_is_strict_json"
"""The function of SQL that asks Python whether a text is JSON by the letter."""

_NO_TIME: Final = "perpend_is_no_time"
_USUAL_TIME: Final = (
    r"([1-8]\d|9[0-8])\d\d-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-3]):[0-5]\d)?)?"
)
"""Times of which SQL checks only the day; Python parses all others."""

_SAMPLE: Final = 4_096
_MOST_SHAPES: Final = 2
_MOST_KEYS: Final = 64
_STRING: Final = r'"[^"\\\x00-\x1f]*"'
_SPACE: Final = " ?"
_NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?"
_SCALAR: Final = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
_LIST: Final = rf"\[(?:{_SCALAR}(?:,{_SPACE}{_SCALAR})*)?\]"
_MEMBER: Final = f"{_STRING}:{_SPACE}(?:{_SCALAR}|{_LIST})"
FLAT_OBJECT: Final = rf"\{{(?:{_MEMBER}(?:,{_SPACE}{_MEMBER})*)?\}}"
"""A document whose values are scalars or lists of scalars, without escapes: JSON by its grammar (RFC 8259)."""


def recognise(column: str, shapes: Iterable[Sequence[str]] = ()) -> str:
    """Return a condition that is true only for plain JSON, and for most of it. ``column`` is an SQL expression.

    ``shapes`` are lists of keys, each key once, of objects in the column: those are recognised fastest.
    """
    # INVARIANT: true of a text implies `is_plain_json` of it; tests compare the two over hostile texts.
    keys = f"json_keys({column})"
    flat = f"regexp_full_match({column}, {text(FLAT_OBJECT)})"
    known = ", ".join(map(text_list, shapes))
    usual = f"WHEN {flat} AND {keys} IN ({known}) THEN true" if known else ""
    long = f"WHEN length({column}) > {PlainJson.MOST} THEN false"
    rest = f"WHEN {flat} THEN len(list_distinct({keys})) = len({keys}) ELSE regexp_full_match({column}, {text(_LIST)})"
    return f"CASE {long} {usual} {rest} END"


def shapes_of(connection: Connection, column: str, relation: str) -> list[list[str]]:
    """Return the most frequent lists of keys among the first documents of a column."""
    first = f"SELECT {column} AS document FROM {relation} WHERE starts_with({column}, '{{') LIMIT {_SAMPLE}"
    keys = f"SELECT CASE WHEN json_valid(document) THEN json_keys(document) END AS keys FROM ({first})"
    query = f"SELECT keys FROM ({keys}) WHERE keys IS NOT NULL GROUP BY keys ORDER BY count(*) DESC, keys LIMIT {_MOST_SHAPES}"
    return [keys for (keys,) in rows_of(connection, query) if _is_shape(keys)]


def is_plain(column: str, shapes: Iterable[Sequence[str]] = ()) -> str:
    """Return the expression of whether a text is plain JSON; false for null."""
    opens = f"(starts_with({column}, '{{') OR starts_with({column}, '['))"
    sure = recognise(column, shapes)
    return f"CASE WHEN {column} IS NULL OR NOT {opens} THEN false WHEN {sure} THEN true ELSE {EXACT}({column}) END"


def _is_shape(keys: Sequence[str]) -> bool:
    """Whether keys can be made into a pattern: each is there once, without characters that JSON escapes."""
    plain = all(key.isprintable() and not set(key) & {'"', "\\"} for key in keys)
    return plain and len(set(keys)) == len(keys) <= _MOST_KEYS


def teach(connection: Connection) -> None:
    """Register the Python functions about JSON and times in a database."""
    add_function(connection, EXACT, is_plain_json, ["VARCHAR"], "BOOLEAN")
    add_function(connection, STRICT_JSON, is_strict_json, ["VARCHAR"], "BOOLEAN")
    add_function(connection, _NO_TIME, _is_no_time, ["VARCHAR"], "BOOLEAN")


def is_no_time(value: str) -> str:
    """Return the condition that an SQL expression is a text, but neither empty nor a time. It is false for null."""
    usual = f"regexp_full_match({value}, {text(_USUAL_TIME)}) AND TRY_CAST(left({value}, 10) AS DATE) IS NOT NULL"
    return f"CASE WHEN {value} IS NULL OR ({usual}) THEN false ELSE {_NO_TIME}({value}) END"


def _is_no_time(value: str) -> bool:
    return not is_empty_text(value) and date_time_from_text(value) is None
