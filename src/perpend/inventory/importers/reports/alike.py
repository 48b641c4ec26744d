"""Merge rows of reports that have the same columns, with DuckDB.

With equal columns, no row can know more than another: equal rows collapse, others contradict each other
(``inventory/readers/merge.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.inventory.importers.observation_order import places_from_newest
from perpend.inventory.readers.conflicts import CONTRADICT, MOST_NAMED, PLACES
from perpend.inventory.snapshots.database import rows_of, text, text_list
from perpend.inventory.snapshots.rows import copy, parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_NAME_FIELD: Final = "CA10__userName__c"
_APART: Final = "perpend_apart"
"""The table of ARNs, each with the places of its readings that remain, and with their notes if these are several."""

_AT_ONCE: Final = 20_000
"""How many rows are compared at once: DuckDB holds what it compares, and keeps none of that in files."""


def settle_alike(
    connection: Connection,
    readings: str,
    columns: Sequence[str],
    sources: Sequence[StoredSource],
    directory: Path,
    *,
    rivals: bool,
) -> tuple[str, str | None]:
    """Return the texts that stand for the reading of each ARN that stands for all, and for those that contradict each other.

    ``readings`` gives source, line, user and ARN of each row, and behind these the values of ``columns``, ``c0``, ``c1``, …,
    which stand in what is returned as well, in place of documents; ``sources`` stand by number. Without rivals, or
    where none are asked for, there is no second text.
    """
    rows = directory / "several.parquet"
    copy(connection, readings, rows, staging=True)
    _set_apart(connection, parquet(rows), columns, sources)
    first = f"SELECT arn, places[1] AS place, contradicted FROM {_APART}"
    settled = directory / "repeated.parquet"
    copy(connection, _with_values(first, parquet(rows), "arn"), settled, staging=True)
    if not rivals or not rows_of(connection, f"SELECT count(contradicted) FROM {_APART}")[0][0]:
        return parquet(settled), None
    places = "unnest(places) AS place, generate_subscripts(places, 1) AS nth"
    every = f"SELECT arn, contradicted AS said, {places} FROM {_APART} WHERE contradicted IS NOT NULL"
    each = f"SELECT arn, place, nth, CASE WHEN nth = 1 THEN said END AS contradicted FROM ({every})"
    several = directory / "rivals.parquet"
    copy(connection, _with_values(each, parquet(rows), "arn, nth"), several, staging=True)
    return parquet(settled), parquet(several)


def _set_apart(connection: Connection, readings: str, columns: Sequence[str], sources: Sequence[StoredSource]) -> None:
    """Make the table of ARNs, of a part of them at a time."""
    [(count,)] = rows_of(connection, f"SELECT count(*) FROM {readings}")
    parts = 1 + count // _AT_ONCE
    for part in range(parts):
        some = f"(FROM {readings} WHERE hash(arn) % {parts} = {part})"
        into = f"INSERT INTO {_APART}" if part else f"CREATE TEMP TABLE {_APART} AS"
        connection.execute(f"{into} {_apart(some, columns, sources)}")


def _with_values(places: str, readings: str, order: str) -> str:
    """Return the query of the readings at some places, numbered from 0 in their order, with their values."""
    numbered = f"SELECT row_number() OVER (ORDER BY {order}) - 1 AS number, place, contradicted FROM ({places})"
    return f"""SELECT number, CAST(r.source AS INTEGER) AS source, r.line, CAST(NULL AS BIGINT) AS before,
        CAST(NULL AS VARCHAR) AS document, contradicted, r.* EXCLUDE (source, line)
        FROM ({numbered}) AS n JOIN {readings} AS r ON r.source = n.place.source AND r.line = n.place.line ORDER BY number"""


def _apart(readings: str, columns: Sequence[str], sources: Sequence[StoredSource]) -> str:
    values = {column: f"c{place}" for place, column in enumerate(columns)}
    # As JSON they would come in this order: what ends a value there is no sign of a plain one.
    said = f"""concat_ws('"', {", ".join(values[column] for column in sorted(columns))}, '')"""
    held = ", ".join(f"any_value({value}) AS {value}" for value in ['"user"', *values.values()])
    place = f"min({{newest: {places_from_newest(sources)}[source + 1], source: source, line: line}}) AS place"
    each = f"SELECT arn, {said} AS said, {place}, {held} FROM {readings} GROUP BY arn, said"
    several = f"SELECT arn, list(place ORDER BY said) AS places, {_differing(values)} AS names FROM ({each}) GROUP BY arn"
    return f"SELECT arn, places, CASE WHEN len(places) > 1 THEN {_sentence(sources)} END AS contradicted FROM ({several})"


def _differing(values: dict[str, str]) -> str:
    """Return the expression of the names in which an ARN's readings differ, in their order."""
    named = sorted([*values.items(), (_NAME_FIELD, '"user"')])
    cases = ", ".join(f"CASE WHEN min({value}) <> max({value}) THEN {text(column)} END" for column, value in named)
    return f"list_filter([{cases}], lambda one: one IS NOT NULL)"


def _sentence(sources: Sequence[StoredSource]) -> str:
    """Return the expression of the text about readings at ``places`` that differ in ``names``."""
    more = f"CASE WHEN len(names) > {MOST_NAMED} THEN ' and ' || (len(names) - {MOST_NAMED}) || ' more' ELSE '' END"
    named = f"{text_list(one.name for one in sources)}[one.source + 1] || ':' || one.line"
    where = f"array_to_string(list_transform(places[1:{MOST_NAMED}], lambda one: {named}), ', ')"
    listed = f"array_to_string(names[1:{MOST_NAMED}], ', ')"
    return f"{text(CONTRADICT)} || {listed} || {more} || {text(PLACES)} || {where} || ')'"
