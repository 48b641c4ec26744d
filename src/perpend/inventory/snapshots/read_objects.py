"""Read rows of stored tables as nested objects, with the wanted fields and relations.

Unknown fields are missing keys; their reasons are attached to the object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import is_incomplete
from perpend.core.objects.object_types import is_deletion_field
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Form, unfollowed, unread
from perpend.core.values.partial_object import PartialObject
from perpend.inventory.snapshots.database import name, opened, translate_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.core.schema.shred import RequiredFields
    from perpend.core.schema.tables import Column, Join, Table
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.queries.identity import ObjectIdentity
    from perpend.inventory.snapshots.snapshot import ReadableTables, Snapshot

MAX_DEPTH: Final = 16
"""How many relations are followed one behind the other."""

_LARGEST_EXACT: Final = 2**53
_FEW: Final = 1_000
"""How many row numbers are written into a query."""

_Row = tuple[Any, ...]


def nested(snapshot: Snapshot, table: str, rows: Sequence[int], wanted: RequiredFields) -> list[PartialObject]:
    """Return the objects with these row numbers, read with a database of their own."""
    with opened(paths=snapshot.files.paths) as connection:
        return ObjectReader(connection, snapshot).objects(table, rows, wanted)


def rows_with(
    connection: Connection, snapshot: Snapshot, table: str, columns: Iterable[str], value: str
) -> list[tuple[int, int]]:
    """Return the rows that have a text in one of some columns, in order, each with the number of its source.

    Columns that the table lacks, or that are not texts, never match. ``connection`` has access to the snapshot's files.
    """
    described = snapshot.tables.by_name.get(table)
    known = [
        column
        for column in columns
        if described and column in described.columns and described.columns[column].form is Form.TEXT
    ]
    if not known:
        return []
    where = " OR ".join(f"{name(column)} = ?" for column in dict.fromkeys(known))
    query = f"SELECT {name(ROW)}, {name(SOURCE)} FROM {snapshot.relation(table)} WHERE {where} ORDER BY {name(ROW)}"
    with translate_errors(snapshot.place(table)):
        rows = connection.execute(query, [value] * len(dict.fromkeys(known))).fetchall()
        return [(int(row), int(source)) for row, source in rows]


class ObjectReader:
    """Reads objects of a snapshot. Relations are followed for many rows at once: one query per table, not per object.

    ``connection`` must have access to the snapshot's files.
    """

    def __init__(self, connection: Connection, snapshot: ReadableTables) -> None:
        self._connection = connection
        self._snapshot = snapshot

    @property
    def connection(self) -> Connection:
        """The database of the reader."""
        return self._connection

    def objects(self, table: str, rows: Sequence[int], wanted: RequiredFields) -> list[PartialObject]:
        """Return the objects with these row numbers in order, with the wanted values, lookups and lists.

        An object's Id and deletion field are always included, if it has them. An unknown row number raises KeyError.
        """
        with translate_errors(self._snapshot.place(table)):
            read = self._rows(table, ROW, rows, wanted)
            number = read.at[ROW]
            by_number = {row[number]: row for row in read.rows}
            return self._objects(table, _Found(read.at, [by_number[row] for row in rows]), wanted, MAX_DEPTH)

    def values(
        self, table: str, rows: Sequence[int], identity: ObjectIdentity, columns: Sequence[str]
    ) -> list[tuple[str | None, ...]]:
        """Return some values of the identity of the objects with these row numbers, in their order."""
        if not rows:
            return []
        where, given = _among(sorted(set(rows)))
        listed = ", ".join(f"{identity.columns[column]} AS {column}" for column in columns)
        objects = f"(SELECT * FROM {self._snapshot.relation(table)} WHERE {where})"
        with translate_errors(self._snapshot.place(table)):
            query = f"SELECT o.{name(ROW)}, {listed} FROM {objects} AS o{identity.joins}"
            by_number = {number: tuple(values) for number, *values in self._connection.execute(query, given).fetchall()}
        return [by_number[row] for row in rows]

    def _rows(self, table: str, column: str, values: Iterable[Any], wanted: RequiredFields) -> _Found:
        """Return the rows of a table with one of the values in a column, in the order of collection."""
        described = self._snapshot.tables.by_name[table]
        names = list(dict.fromkeys((ROW, column, *_columns_read(described, wanted))))
        at = {column_name: place for place, column_name in enumerate(names)}
        listed = sorted(set(values))
        if not listed:
            return _Found(at, [])
        where, given = _among(listed) if column == ROW else (f"{name(column)} IN (SELECT unnest(?))", [listed])
        query = f"SELECT {', '.join(map(name, names))} FROM {self._snapshot.relation(table)} WHERE {where} ORDER BY {name(ROW)}"
        return _Found(at, self._connection.execute(query, given).fetchall())

    def _objects(self, table: str, read: _Found, wanted: RequiredFields, depth: int) -> list[PartialObject]:
        """Return rows of a table as objects."""
        described = self._snapshot.tables.by_name[table]
        objects = list(map(_object_from_row(described, read.at, wanted), read.rows))
        for relation, below in wanted.lookups.items() if depth else ():
            join = described.lookups.get(relation)
            if join:
                self._follow(join, read, objects, below, depth, many=False)
        for relation, below in wanted.children.items() if depth else ():
            join = described.children.get(relation)
            if join:
                self._follow(join, read, objects, below, depth, many=True)
        return objects

    def _follow(
        self, join: Join, read: _Found, objects: Sequence[PartialObject], wanted: RequiredFields, depth: int, *, many: bool
    ) -> None:
        if join.lacking is not None:
            for holder in objects:
                holder.reasons[join.name] = join.lacking
            return
        own = read.at[join.own]
        others = self._rows(join.table, join.other, (row[own] for row in read.rows if row[own] is not None), wanted)
        key = others.at[join.other]
        by_key: dict[Any, list[PartialObject]] = {}
        for other, nested in zip(others.rows, self._objects(join.table, others, wanted, depth - 1), strict=True):
            by_key.setdefault(other[key], []).append(nested)
        why = read.at[unfollowed(join.name)] if join.partial else None
        for row, holder in zip(read.rows, objects, strict=True):
            if why is not None and (reason := row[why]) is not None:
                holder.reasons[join.name] = reason
                if many and is_incomplete(reason):
                    holder.incomplete[join.name] = by_key.get(row[own], [])
                continue
            belonging = by_key.get(row[own], [])
            holder[join.name] = belonging if many else belonging[0] if belonging else None


@dataclass(frozen=True, slots=True)
class _Found:
    """Rows, and the position of each column by name."""

    at: Mapping[str, int]
    rows: Sequence[_Row]


def _among(rows: Sequence[int]) -> tuple[str, list[Any]]:
    """Return the condition that a row's number is one of some sorted numbers, and its parameters.

    Bounds let DuckDB skip whole row groups, and consecutive numbers need no list. Few numbers are written out, because DuckDB
    filters by these first: for a join it would materialise all rows within the bounds.
    """
    bounds, within = [rows[0], rows[-1]], f"{name(ROW)} BETWEEN ? AND ?"
    if rows[-1] - rows[0] < len(rows):
        return within, bounds
    if len(rows) <= _FEW:
        return f"{within} AND {name(ROW)} IN ({', '.join(map(str, rows))})", bounds
    return f"{within} AND {name(ROW)} IN (SELECT unnest(?))", [*bounds, rows]


def _columns_read(table: Table, wanted: RequiredFields) -> Iterable[str]:
    """Yield the names of the columns that wanted objects need."""
    for column in _columns(table, wanted, with_id=True):
        yield column.name
        if column.partial:
            yield unread(column.name)
    if table.contradicted:
        yield CONTRADICTED
    for join in _joins(table, wanted):
        yield join.own
        if join.partial:
            yield unfollowed(join.name)


def _joins(table: Table, wanted: RequiredFields) -> Iterable[Join]:
    """Yield the wanted relations of a table whose targets are known for some rows."""
    for known, wanted_columns in ((table.lookups, wanted.lookups), (table.children, wanted.children)):
        yield from (join for relation, join in known.items() if relation in wanted_columns and join.lacking is None)


def _columns(table: Table, wanted: RequiredFields, *, with_id: bool) -> list[Column]:
    """Return the columns of an object's own values, including its Id if it has one."""
    names = wanted.values | {column for column in table.columns if is_deletion_field(column)}
    names |= {"Id"} if with_id else set()
    alone = wanted.lookups.keys() - table.lookups.keys()
    names |= alone | (wanted.children.keys() - table.children.keys())
    declared = wanted.object_type.lookups
    names |= {declared[lookup].key for lookup in alone if lookup in declared}  # a null lookup is only a fact with its key
    return [table.columns[column] for column in sorted(names) if column in table.columns]


def _object_from_row(table: Table, at: Mapping[str, int], wanted: RequiredFields) -> Callable[[_Row], PartialObject]:
    """Return a function that makes an object from a row, without relations."""
    id_at = at.get("Id")
    doubt_at = at[CONTRADICTED] if table.contradicted else None
    places = {
        with_id: [
            (column.name, at[column.name], at[unread(column.name)] if column.partial else None, _CONVERSIONS.get(column.form))
            for column in _columns(table, wanted, with_id=with_id)
        ]
        for with_id in (True, False)
    }

    def object_from_row(row: _Row) -> PartialObject:
        known: dict[str, Any] = {}
        reasons: dict[str, str] = {}
        for column, place, why_at, convert in places[id_at is not None and row[id_at] is not None]:
            if why_at is not None and row[why_at] is not None:
                reasons[column] = row[why_at]
                continue
            stored = row[place]
            known[column] = stored if convert is None or stored is None else convert(stored)
        return PartialObject(known, reasons, None if doubt_at is None else row[doubt_at])

    return object_from_row


def number_of(stored: float) -> int | float:
    """Return a stored number as objects hold it: an integer if it is an exact one."""
    return int(stored) if stored.is_integer() and abs(stored) <= _LARGEST_EXACT else stored


_CONVERSIONS: Final[Mapping[Form, Callable[[Any], Any]]] = {Form.VARIANT: json.loads, Form.NUMBER: number_of}
