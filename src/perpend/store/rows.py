"""Rows as Python values in, Parquet files out: spooled as JSON lines, so that memory does not grow with the rows.

What form a column has is known when its last row has passed. Refuses to know what the values mean.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.store.database import pattern, storing, text
from perpend.store.files import StoreError, shown
from perpend.tables.schema import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_reserved, plain, unfollowed, unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from perpend.store.database import Connection
    from perpend.tables.schema import Table

ROW_GROUP: Final = 16_384
"""Rows per row group of a file: what engines hold at once. With documents of a kilobyte, many more do not fit into memory."""

PHYSICAL: Final = {Form.TEXT: "VARCHAR", Form.NUMBER: "DOUBLE", Form.BOOLEAN: "BOOLEAN", Form.VARIANT: "VARCHAR"}
"""How a column of each form is stored."""

SYSTEM: Final = {ROW: "BIGINT", OWNER: "BIGINT", SOURCE: "INTEGER", CONTRADICTED: "VARCHAR"}
"""The types of the system columns in SQL."""

_SMALLEST_LINE: Final = 1 << 20


def physical_columns(table: Table, *, owner: bool = False, source: bool = False) -> dict[str, str]:
    """Return the columns of a table's files with their types in SQL: system columns, values, companions."""
    found = {ROW: SYSTEM[ROW]}
    found |= {OWNER: SYSTEM[OWNER]} if owner else {}
    found |= {SOURCE: SYSTEM[SOURCE]} if source else {}
    found |= {CONTRADICTED: SYSTEM[CONTRADICTED]} if table.contradicted else {}
    for column in table.columns.values():
        found[column.name] = PHYSICAL[column.form]
        found |= {unread(column.name): "VARCHAR"} if column.partial else {}
        found |= {plain(column.name): "BOOLEAN"} if column.plain else {}
    for join in (*table.lookups.values(), *table.children.values()):
        found |= {unfollowed(join.name): "VARCHAR"} if join.partial else {}
    return found


def write_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], directory: Path, spool: Path) -> Path:
    """Write finished rows (values in their column's form, variants as JSON text) as one Parquet file; return its path."""
    longest, owner, source = _SMALLEST_LINE, False, False
    lines = spool / "rows.ndjson"
    with lines.open("w", encoding="utf-8", newline="") as stream:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False)
            longest, owner, source = max(longest, 4 * len(line)), owner or OWNER in row, source or SOURCE in row
            stream.write(line + "\n")
    columns = physical_columns(table, owner=owner, source=source)
    copy(connection, f"SELECT * FROM {json_lines(lines, columns, longest)}", directory / "part-0.parquet")
    lines.unlink()
    return directory / "part-0.parquet"


def json_lines(path: Path, columns: Mapping[str, str], longest: int) -> str:
    """Return the table function that reads a file of JSON lines with these columns. ``longest`` bounds a line, in bytes."""
    types = ", ".join(f"{text(column)}: {text(kind)}" for column, kind in columns.items())
    size = max(longest, _SMALLEST_LINE)
    return (
        f"read_json({pattern(path)}, format='newline_delimited', compression='uncompressed', "
        f"maximum_object_size={size}, columns={{{types}}})"
    )


def copy(connection: Connection, query: str, target: Path, *, staging: bool = False) -> None:
    """Write what a query gives as a Parquet file. One for ``staging`` lives as long as its run and is packed lightly."""
    codec = "snappy" if staging else "zstd"
    with storing(target):
        connection.execute(
            f"COPY ({query}) TO {text(str(target.absolute()))} "
            f"(FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {ROW_GROUP})"
        )


def parquet(path: Path) -> str:
    """Return the table function that reads a Parquet file: its own columns and no others."""
    return f"read_parquet({pattern(path)}, hive_partitioning=false)"


def check_names(names: Iterable[str], where: str) -> None:
    """Raise StoreError for names of fields that no table can have: reserved ones, and two that differ in case alone."""
    seen: dict[str, str] = {}
    for column in names:
        if is_reserved(column):
            raise StoreError(f"{where}: the name {shown(column)!r} is reserved")
        if not column or not column.isprintable() or len(column) > 255:
            raise StoreError(f"{where}: {shown(column)!r} cannot be the name of a column")
        other = seen.setdefault(column.casefold(), column)
        if other != column:
            raise StoreError(f"{where}: {other} and {column} differ in nothing but case; a table can hold only one of them")
