"""The way back: row numbers of a stored table in, objects in the form of test data out, with what is wanted of them.

What is not known of an object is a key that it does not have; the reasons go with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.ir.object_types import is_deletion_field
from perpend.meaning.partly_known import PartlyKnown
from perpend.store.database import name, opened, pattern, storing
from perpend.tables.schema import CONTRADICTED, ROW, SOURCE, Form, unfollowed, unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.store.database import Connection
    from perpend.store.snapshot import Snapshot
    from perpend.tables.schema import Column, Join, Table
    from perpend.tables.shred import Wanted

MAX_DEPTH: Final = 16
"""How many relations are followed one behind the other."""

_LARGEST_EXACT: Final = 2**53
_Row = dict[str, Any]


def nested(snapshot: Snapshot, table: str, rows: Sequence[int], wanted: Wanted) -> list[PartlyKnown]:
    """Return the objects with these row numbers in their order, with the values, lookups and child lists that are wanted.

    An object's Id and deletion field are always there, if the object has them. A row number that is not there is a KeyError.
    """
    with opened(paths=snapshot.files.paths) as connection, storing(snapshot.files[table][0]):
        nest = _Nest(connection, snapshot)
        found = {row[ROW]: row for row in nest.rows(table, ROW, rows)}
        return nest.objects(table, [found[number] for number in rows], wanted, MAX_DEPTH)


def rows_with(snapshot: Snapshot, table: str, columns: Iterable[str], value: str) -> list[tuple[int, int]]:
    """Return the rows that hold a text in one of some columns, in their order, each with the number of its source.

    Columns that the table does not have, or not as text, hold it nowhere.
    """
    described = snapshot.tables.by_name.get(table)
    known = [one for one in columns if described and one in described.columns and described.columns[one].form is Form.TEXT]
    if not known:
        return []
    files = ", ".join(pattern(path) for path in snapshot.files[table])
    where = " OR ".join(f"{name(one)} = ?" for one in dict.fromkeys(known))
    query = (
        f"SELECT {name(ROW)}, {name(SOURCE)} FROM read_parquet([{files}], hive_partitioning=false) "
        f"WHERE {where} ORDER BY {name(ROW)}"
    )
    with opened(paths=snapshot.files[table]) as connection, storing(snapshot.files[table][0]):
        found = connection.execute(query, [value] * len(dict.fromkeys(known))).fetchall()
        return [(int(row), int(source)) for row, source in found]


class _Nest:
    """Follows relations for many rows at once."""

    def __init__(self, connection: Connection, snapshot: Snapshot) -> None:
        self._connection = connection
        self._snapshot = snapshot

    def rows(self, table: str, column: str, values: Iterable[Any]) -> list[_Row]:
        """Return the rows of a table whose column holds one of the values, in the order of collection."""
        listed = sorted(set(values))
        files = ", ".join(pattern(path) for path in self._snapshot.files[table])
        query = (
            f"SELECT * FROM read_parquet([{files}], hive_partitioning=false) "
            f"WHERE {name(column)} IN (SELECT unnest(?)) ORDER BY {name(ROW)}"
        )
        found = self._connection.execute(query, [listed]) if listed else None
        if found is None:
            return []
        names = [str(one[0]) for one in self._connection.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def objects(self, table: str, rows: Sequence[_Row], wanted: Wanted, depth: int) -> list[PartlyKnown]:
        """Return rows of a table as objects."""
        described = self._snapshot.tables.by_name[table]
        found = [_values(described, row, wanted) for row in rows]
        for relation, below in wanted.lookups.items() if depth else ():
            join = described.lookups.get(relation)
            if join:
                self._follow(join, rows, found, below, depth, many=False)
        for relation, below in wanted.children.items() if depth else ():
            join = described.children.get(relation)
            if join:
                self._follow(join, rows, found, below, depth, many=True)
        return found

    def _follow(
        self, join: Join, rows: Sequence[_Row], objects: Sequence[PartlyKnown], wanted: Wanted, depth: int, *, many: bool
    ) -> None:
        if join.lacking is not None:
            for one in objects:
                one.reasons[join.name] = join.lacking
            return
        keys = [row[join.own] for row in rows if row[join.own] is not None]
        others = self.rows(join.table, join.other, keys)
        by_key: dict[Any, list[PartlyKnown]] = {}
        for other, nested_object in zip(others, self.objects(join.table, others, wanted, depth - 1), strict=True):
            by_key.setdefault(other[join.other], []).append(nested_object)
        for row, one in zip(rows, objects, strict=True):
            if join.partial and (reason := row[unfollowed(join.name)]) is not None:
                one.reasons[join.name] = reason
                continue
            belonging = by_key.get(row[join.own], [])
            one[join.name] = belonging if many else belonging[0] if belonging else None


def _values(table: Table, row: _Row, wanted: Wanted) -> PartlyKnown:
    names = wanted.values | {one for one in table.columns if is_deletion_field(one)}
    names |= {"Id"} if row.get("Id") is not None else set()
    names |= (wanted.lookups.keys() - table.lookups.keys()) | (wanted.children.keys() - table.children.keys())
    columns = [table.columns[one] for one in sorted(names) if one in table.columns]
    reasons = {one.name: row[unread(one.name)] for one in columns if one.partial and row[unread(one.name)] is not None}
    known = {one.name: _value(one, row[one.name]) for one in columns if one.name not in reasons}
    return PartlyKnown(known, reasons, row[CONTRADICTED] if table.contradicted else None)


def _value(column: Column, stored: Any) -> Any:
    if stored is None or column.form in (Form.TEXT, Form.BOOLEAN):
        return stored
    if column.form is Form.VARIANT:
        return json.loads(stored)
    return int(stored) if stored.is_integer() and abs(stored) <= _LARGEST_EXACT else stored
