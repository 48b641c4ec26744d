"""Stores for the tests of this room: object types, files and objects in, a snapshot and its rows out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from perpend.core.diagnostics.model import Diagnostic
from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.core.objects.object_types import Children, Field, Lookup, ObjectType
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.importers.tables.table_file import TableFile
from perpend.inventory.snapshots import plain_sql
from perpend.inventory.snapshots.snapshot import Snapshot
from perpend.inventory.snapshots.store import Store

THING, OWNER, PART = "CA10__CaThing__c", "CA10__CaOwner__c", "CA10__CaPart__c"
TYPES = {
    THING: ObjectType(
        THING,
        "A Thing",
        {
            one: Field(one, kind, label)
            for one, kind, label in (
                ("Id", "id", "ID"),
                ("name__c", "text", "Name"),
                ("size__c", "number", "Size"),
                ("on__c", "checkbox", "Switched on"),
                ("at__c", "datetime", "Time"),
                ("owner__c", "lookup", "Owner"),
            )
        },
        {"owner__r": Lookup("owner__r", OWNER, "owner__c")},
        {"parts__r": Children("parts__r", PART, "thing__c")},
        declared=True,
    ),
    OWNER: ObjectType(OWNER, "Owner", children={"things__r": Children("things__r", THING, "owner__c")}, declared=True),
    PART: ObjectType(PART, "Part", {"thing__c": Field("thing__c", "masterDetail")}, declared=True),
}
EVERYTHING = (Scope(),)
"""What a table claims that holds every object of its type."""

Objects = Mapping[str, Sequence[Mapping[str, Any]]]


def inventory(objects: Objects, source: str = "objects.json", *, claims: Iterable[Claim] = ()) -> Inventory:
    """Return an estate of objects by type, all from one source that makes some claims."""
    found = {
        type_name: [
            CloudObject(type_name, one.get("Id", ""), "", "", one, Origin(source, number))
            for number, one in enumerate(given, 1)
        ]
        for type_name, given in objects.items()
    }
    return Inventory([Source(source, "test-data", None, sum(map(len, found.values())), coverage=tuple(claims))], found)


def write_store(
    directory: Path,
    *estates: Inventory,
    tables: Iterable[TableFile] = (),
    declared: Callable[[str], ObjectType | None] = TYPES.get,
    problems: list[Diagnostic] | None = None,
    contradiction: Callable[[CloudObject], str] = lambda one: "contradicted",
) -> Snapshot:
    """Write a snapshot of estates and tables and return it."""
    with Store(directory).writing() as run, emptied() as connection:
        importing = Importing(run, connection, declared=declared)
        for one in estates:
            importing.add_inventory(one, contradiction=contradiction)
        for table in tables:
            importing.add_table(table)
        snapshot = importing.commit()
    if problems is not None:
        problems += importing.problems
    return snapshot


@contextmanager
def emptied() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an empty database in the tests' own: what one of its own may reach, and how it ends, other tests ask."""
    name = f"store_{next(_NUMBERS)}"
    with plain_duckdb().cursor() as connection:
        connection.execute(f"ATTACH ':memory:' AS {name}; USE {name}; SET TimeZone = 'UTC'")
        try:
            yield connection
        finally:
            for taught in (plain_sql.EXACT, plain_sql.STRICT_JSON, plain_sql._NO_TIME):
                with suppress(duckdb.InvalidInputException):  # what fails early has been taught nothing
                    connection.remove_function(taught)
            plain_duckdb().execute(f"DETACH {name}")


_NUMBERS = count(1)


@cache
def plain_duckdb() -> duckdb.DuckDBPyConnection:
    """Return a database of the tests' own, which keeps nothing of files that it has read: to open one takes longer than to ask it."""
    return duckdb.connect(config={"enable_external_file_cache": False, "threads": 1})


def rows_of(snapshot: Snapshot, table: str, *columns: str) -> list[Any]:
    """Return the rows of a table in the order of their numbers: tuples of the columns, dictionaries of all without."""
    paths = [str(path) for path in snapshot.files[table]]
    query = "SELECT * FROM read_parquet(?, hive_partitioning=false) ORDER BY perpend_row"
    relation = plain_duckdb().cursor().execute(query, [paths])
    names = [column[0] for column in relation.description]
    found = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    return [tuple(row[one] for one in columns) for row in found] if columns else found


def table_file(directory: Path, name: str, content: str | bytes, **more: Any) -> TableFile:
    """Write a table file and return it as one of things, unless another type is given."""
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return TableFile(str(path), more.pop("type_name", THING), **more)


def parquet_file(directory: Path, name: str, query: str, **more: Any) -> TableFile:
    """Write what a query gives as a Parquet file."""
    path = directory / name
    plain_duckdb().cursor().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return TableFile(str(path), more.pop("type_name", THING), **more)


def json_lines(*objects: Mapping[str, Any]) -> str:
    """Return objects as JSON lines."""
    return "".join(f"{json.dumps(one)}\n" for one in objects)


def stored(directory: Path, *tables: TableFile) -> tuple[Snapshot, list[tuple[str, str]]]:
    """Return the snapshot of tables, and the diagnostics about them (relations left out)."""
    problems: list[Diagnostic] = []
    snapshot = write_store(directory / "store", tables=tables, problems=problems)
    return snapshot, [(one.code, one.message) for one in problems if one.code != "K306"]
