"""Convert Parquet files of CloudQuery, recognised by their columns, to JSON lines. Times are in UTC."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from perpend.inventory.importers.tables.parquet_pages import check_pages
from perpend.inventory.importers.tables.table_bytes import UnreadableTable, head_of
from perpend.inventory.readers.formats import PARQUET, kind_of
from perpend.inventory.readers.json_text import MAX_CONTAINERS
from perpend.inventory.snapshots.database import is_failed_write, name, pattern, rows_of, text
from perpend.inventory.snapshots.driver import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.inventory.snapshots.database import Connection

_MARK: Final = "_cq_"


def lines_of_tool(connection: Connection, path: str, staging: Path) -> Path | None:
    """Return a file with the rows as JSON lines; None if CloudQuery did not write the input, or it cannot be read.

    ``staging`` is a path that may be written to. At most one row more than the limit of a file is written.
    """
    link = staging.with_name(f"{staging.name}-input")
    relation = f"read_parquet({pattern(link)}, hive_partitioning=false)"
    try:
        if kind_of(head_of(path)) is not PARQUET:
            return None
        link.symlink_to(os.path.abspath(path))
        columns = rows_of(connection, f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {relation})")
        if not any(str(column).startswith(_MARK) for column, _ in columns):
            return None
        check_pages(connection, path, link)
        values = ", ".join(_value(str(column), str(kind)) for column, kind in columns)
        rows = f"SELECT {values} FROM {relation} LIMIT {MAX_CONTAINERS + 1}"
        connection.execute(f"COPY ({rows}) TO {text(str(staging.absolute()))} (FORMAT json)")
    except duckdb.Error as error:
        if is_failed_write(error):
            raise
        return None
    except UnreadableTable:
        return None
    return staging


def _value(column: str, kind: str) -> str:
    """Return the expression of a column's value; times become ISO 8601 with an offset."""
    if not kind.startswith("TIMESTAMP"):
        return name(column)
    return f"strftime(make_timestamp(epoch_us({name(column)})), '%Y-%m-%dT%H:%M:%SZ') AS {name(column)}"
