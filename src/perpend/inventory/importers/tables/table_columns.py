"""Convert the columns of a table file to the forms of the store, by the declared types of their fields.

Only the notation of values changes. Values that do not fit are stored as they are, counted and reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import Form
from perpend.core.values.partial_object import BLANK, MISSING
from perpend.core.values.types import ValueType
from perpend.inventory.importers.merge_relations import as_variant
from perpend.inventory.snapshots.database import name, rows_of, text
from perpend.inventory.snapshots.plain_sql import STRICT_JSON, is_no_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from perpend.inventory.snapshots.database import Connection

NAN: Final = "holds NaN, which is no number"
NO_TEXT: Final = "holds bytes that are no UTF-8 text"
NO_DATE: Final = "holds a time outside the years 0001 to 9999"
NO_JSON: Final = "holds NaN or Infinity, which JSON does not have"

PLACE: Final = "file_row_number"
"""The column of a staged table that counts its rows from 0."""

_LARGEST_EXACT: Final = 2**53
_SHOWN: Final = 3
_SMALL: Final = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}
_LARGE: Final = {"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"}
_TIMES: Final = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_FORMS: Final = {ValueType.NUMBER: Form.NUMBER, ValueType.BOOLEAN: Form.BOOLEAN}
_JSON_NUMBERS: Final = "'BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'"
_WORDS: Final = {Form.TEXT: "texts", Form.NUMBER: "numbers", Form.BOOLEAN: "Booleans", Form.VARIANT: "values of several forms"}


@dataclass(frozen=True, slots=True)
class Oddity:
    """Rows of a column that are not as declared: the count, the first row numbers (from 1), and a description of the values."""

    column: str
    count: int
    rows: tuple[int, ...]
    what: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A column to be stored: its form, the expression of its values, and of the reason why a value is unknown, if any."""

    form: Form
    value: str
    unread: str | None = None
    oddities: tuple[Oddity, ...] = ()


@dataclass(slots=True)
class _Reading:
    """A possible conversion of a column, before its values are read. ``bad`` rows lose their value for ``reason``."""

    column: str
    form: Form
    value: str
    bad: str | None = None
    reason: str = ""
    inexact: str | None = None
    exact_text: str = ""
    bad_type: str | None = None
    bad_text: str = ""
    mixed: bool = False
    unread: str | None = None
    blank: str | None = None


def store_columns(
    connection: Connection,
    relation: str,
    columns: Mapping[str, str],
    *,
    declared: Mapping[str, ValueType],
    names: Mapping[str, str],
    untyped: bool = False,
    json: bool = False,
    null_where_blank: Collection[str] = (),
) -> dict[str, Stored]:
    """Return the columns to be stored by API name. ``columns`` maps the relation's columns to their SQL types.

    ``names`` has the API names of the columns to store. ``untyped``: the format has only texts, and blank cells are null.
    ``json``: cells of that type are JSON, and null if the row has no such key. Blank cells are unknown, except in
    the columns of ``null_where_blank``.
    """
    readings = {}
    for column, api_name in names.items():
        wanted = declared.get(api_name)
        if json and columns[column] == "JSON":
            readings[api_name] = _json_reading(connection, relation, column, wanted)
        elif untyped:
            readings[api_name] = _untyped_reading(column, wanted)
            readings[api_name].blank = None if column in null_where_blank else f"{name(column)} IS NULL"
        else:
            readings[api_name] = _typed_reading(column, columns[column], wanted)
    counts = _counts(connection, relation, list(readings.values()))
    return {api_name: _stored(api_name, reading, counts[place]) for place, (api_name, reading) in enumerate(readings.items())}


def constant_column(value: Any) -> Stored:
    """Return a column with one value for all objects."""
    match value:
        case None:
            return Stored(Form.TEXT, "CAST(NULL AS VARCHAR)")
        case bool():
            return Stored(Form.BOOLEAN, str(value).lower())
        case int() | float():
            return Stored(Form.NUMBER, f"CAST({value!r} AS DOUBLE)")
    return Stored(Form.TEXT, text(str(value)))


def _typed_reading(column: str, kind: str, wanted: ValueType | None) -> _Reading:
    """Return the conversion of a column of a SQL type."""
    cell, base = name(column), re.split(r"[(\[]", kind)[0]
    if kind.endswith("]") or base in ("STRUCT", "MAP", "UNION", "JSON", "VARIANT"):
        shown = f"CAST(to_json({cell}) AS VARCHAR)" if kind != "JSON" else f"CAST({cell} AS VARCHAR)"
        bad_type = f"({shown} IS NOT NULL AND regexp_matches({shown}, '(?i)nan|inf') AND NOT {STRICT_JSON}({shown}))"
        reading = _Reading(column, Form.VARIANT, shown, bad=bad_type, reason=NO_JSON)
    elif base in ("DOUBLE", "FLOAT"):
        reading = _Reading(column, Form.NUMBER, f"CAST({cell} AS DOUBLE)", bad=f"isnan({cell})", reason=NAN)
    elif base in _SMALL:
        reading = _Reading(column, Form.NUMBER, f"CAST({cell} AS DOUBLE)")
    elif base in _LARGE:
        inexact = (
            f"NOT {cell} BETWEEN -{_LARGEST_EXACT} AND {_LARGEST_EXACT}" if base[0] != "U" else f"{cell} > {_LARGEST_EXACT}"
        )
        reading = _Reading(
            column, Form.NUMBER, f"CAST({cell} AS DOUBLE)", inexact=inexact, exact_text=f"CAST({cell} AS VARCHAR)"
        )
    elif base == "DECIMAL":
        inexact = f"TRY_CAST(CAST({cell} AS DOUBLE) AS {kind}) IS DISTINCT FROM {cell}"
        reading = _Reading(
            column, Form.NUMBER, f"CAST({cell} AS DOUBLE)", inexact=inexact, exact_text=f"CAST({cell} AS VARCHAR)"
        )
    elif base == "BOOLEAN":
        reading = _Reading(column, Form.BOOLEAN, cell)
    elif base == "DATE" or base in _TIMES:
        reading = _time_reading(column, base)
    elif base == "BLOB":
        decoded = f"TRY(decode({cell}))"
        reading = _Reading(column, Form.TEXT, decoded, bad=f"({cell} IS NOT NULL AND {decoded} IS NULL)", reason=NO_TEXT)
    else:
        reading = _Reading(column, Form.TEXT, f"CAST({cell} AS VARCHAR)")
        _look_for_times(reading, wanted)
    _compare(reading, wanted)
    return reading


def _time_reading(column: str, base: str) -> _Reading:
    cell = name(column)
    if base == "DATE":
        shown = f"strftime({cell}, '%Y-%m-%d') || 'T00:00:00Z'"
    else:
        digits = "%n" if base == "TIMESTAMP_NS" else "%f"
        zeros = r"(\.0{9}|0{6}|000)Z$" if base == "TIMESTAMP_NS" else r"(\.0{6}|000)Z$"
        moment = cell if base in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS") else f"CAST({cell} AS TIMESTAMP)"
        shown = f"regexp_replace(strftime({moment}, '%Y-%m-%dT%H:%M:%S.{digits}') || 'Z', '{zeros}', 'Z')"
    bad = f"({cell} IS NOT NULL AND NOT coalesce(regexp_matches({shown}, '^[0-9]{{4}}-'), false))"
    return _Reading(column, Form.TEXT, shown, bad=bad, reason=NO_DATE)


def _compare(reading: _Reading, wanted: ValueType | None) -> None:
    """Record values of one form that a field of another type cannot have."""
    expected = _FORMS.get(wanted, Form.TEXT) if wanted else None
    if expected is not None and reading.form not in (expected, Form.VARIANT):
        reading.bad_type = f"{name(reading.column)} IS NOT NULL"
        reading.bad_text = f"{_WORDS[reading.form]} where {_WORDS[expected]} are declared"
        reading.mixed = reading.form is Form.TEXT


def _look_for_times(reading: _Reading, wanted: ValueType | None) -> None:
    """Record texts that are not times in a field that is declared as time."""
    if wanted is ValueType.DATE_TIME:
        reading.bad_type, reading.bad_text = is_no_time(reading.value), "texts that name no time where times are declared"


def _untyped_reading(column: str, wanted: ValueType | None) -> _Reading:
    """Return the conversion of a text column to its declared type; it stays text if none is declared."""
    cell = name(column)
    if wanted is ValueType.NUMBER:
        fits = f"(regexp_full_match({cell}, {text(_NUMBER)}) AND isfinite(TRY_CAST({cell} AS DOUBLE)))"
        value = f"CASE WHEN {fits} THEN TRY_CAST({cell} AS DOUBLE) END"
        reading = _Reading(column, Form.NUMBER, value, bad_text="texts where numbers are declared")
    elif wanted is ValueType.BOOLEAN:
        fits = f"lower({cell}) IN ('true', 'false')"
        reading = _Reading(column, Form.BOOLEAN, f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END")
        reading.bad_text = "texts where Booleans are declared"
    else:
        reading = _Reading(column, Form.TEXT, cell)
        _look_for_times(reading, wanted)
        return reading
    reading.bad_type, reading.mixed = f"({cell} IS NOT NULL AND NOT coalesce({fits}, false))", True
    reading.exact_text = (
        f"CASE WHEN {fits} THEN {as_variant(reading.value, reading.form)} ELSE {as_variant(cell, Form.TEXT)} END"
    )
    return reading


def _json_reading(connection: Connection, relation: str, column: str, wanted: ValueType | None) -> _Reading:
    """Return the conversion of a column of JSON cells: one form for all, or variants."""
    cell = name(column)
    missing = f"CASE WHEN {cell} IS NULL THEN {text(MISSING)} END"
    kinds = {kind for (kind,) in rows_of(connection, f"SELECT DISTINCT json_type({cell}) FROM {relation}")} - {None, "NULL"}
    large = kinds & {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}
    value = f"CASE WHEN json_type({cell}) <> 'NULL' THEN CAST({cell} AS VARCHAR) END"
    if kinds <= {"VARCHAR"}:
        reading = _Reading(column, Form.TEXT, f"{cell} ->> '$'")
    elif kinds == {"BOOLEAN"}:
        reading = _Reading(column, Form.BOOLEAN, f"TRY_CAST({value} AS BOOLEAN)")
    elif large and kinds == large:
        inexact = f"(NOT regexp_matches({value}, '[.eE]') AND abs(TRY_CAST({value} AS DOUBLE)) > {_LARGEST_EXACT})"
        reading = _Reading(column, Form.NUMBER, f"TRY_CAST({value} AS DOUBLE)", inexact=inexact, exact_text=value)
    else:
        reading = _Reading(column, Form.VARIANT, value)
        expected = _FORMS.get(wanted, Form.TEXT) if wanted else None
        if expected is not None:
            fitting = {Form.TEXT: "'VARCHAR'", Form.BOOLEAN: "'BOOLEAN'"}.get(expected, _JSON_NUMBERS)
            reading.bad_type = f"json_type({cell}) NOT IN ({fitting}, 'NULL')"
            reading.bad_text = f"something else where {_WORDS[expected]} are declared"
            if wanted is ValueType.DATE_TIME:
                texts = f"CASE WHEN json_type({cell}) = 'VARCHAR' THEN {cell} ->> '$' END"
                reading.bad_type = f"({reading.bad_type} OR {is_no_time(texts)})"
                reading.bad_text = "something else where times are declared"
    reading.unread = missing
    if reading.form is not Form.VARIANT:
        _compare(reading, wanted)
        reading.bad_type = f"json_type({cell}) <> 'NULL'" if reading.bad_type else None
        if reading.form is Form.TEXT:
            _look_for_times(reading, wanted)
        reading.exact_text = reading.exact_text or value
    return reading


def _counts(connection: Connection, relation: str, readings: Sequence[_Reading]) -> list[list[tuple[int, list[int]]]]:
    """Return for each conversion the counts of bad, inexact, odd and blank rows, with the first row numbers."""
    wanted = []
    for reading in readings:
        for condition in (reading.bad, reading.inexact, reading.bad_type, reading.blank):
            if condition:
                wanted += [f"count(*) FILTER (WHERE {condition})", f"min({PLACE}, {_SHOWN}) FILTER (WHERE {condition})"]
            else:
                wanted += ["0", "[]"]
    # Without an aggregate, the query would have a row per row of the relation.
    counts = rows_of(connection, f"SELECT {', '.join(['count(*)', *wanted])} FROM {relation}")[0][1:]
    pairs = [(int(counts[place] or 0), [int(row) for row in counts[place + 1] or []]) for place in range(0, len(counts), 2)]
    return [pairs[place : place + 4] for place in range(0, len(pairs), 4)]


def _stored(api_name: str, reading: _Reading, counts: Sequence[tuple[int, list[int]]]) -> Stored:
    (bad, bad_rows), (inexact, _), (bad_type, bad_type_rows), (blank, _) = counts
    form, value = reading.form, reading.value
    if inexact or (bad_type and reading.mixed):
        form, value = Form.VARIANT, reading.exact_text or as_variant(value, form)
    unread = f"CASE WHEN {reading.blank} THEN {text(BLANK)} END" if blank else reading.unread
    oddities = []
    if bad and reading.bad:
        value = f"CASE WHEN {reading.bad} THEN NULL ELSE {value} END"
        unread = f"CASE WHEN {reading.bad} THEN {text(reading.reason)} END"
        oddities.append(Oddity(api_name, bad, tuple(row + 1 for row in bad_rows), reading.reason, lost=True))
    if bad_type:
        oddities.append(Oddity(api_name, bad_type, tuple(row + 1 for row in bad_type_rows), reading.bad_text))
    return Stored(form, value, unread, tuple(oddities))
