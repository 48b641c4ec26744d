"""The layout of rows in files: SQL types of columns, JSON lines of spools, Parquet of snapshots, valid column names."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_reserved, plain
from perpend.inventory.snapshots.database import name, pattern, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from perpend.core.schema.tables import Column, Table
    from perpend.inventory.snapshots.database import Connection

ROW_GROUP: Final = 16_384
"""Rows per row group of a file, which an engine reads at once. With documents of a kilobyte, many more do not fit into
memory."""

STAGED_GROUP: Final = 4_096
"""Rows per row group of a file that lives as long as its run. While objects of a cloud are brought in, little else is held."""

PHYSICAL: Final = {Form.TEXT: "VARCHAR", Form.NUMBER: "DOUBLE", Form.BOOLEAN: "BOOLEAN", Form.VARIANT: "VARCHAR"}
"""How a column of each form is stored."""

SYSTEM: Final = {ROW: "BIGINT", OWNER: "BIGINT", SOURCE: "INTEGER", CONTRADICTED: "VARCHAR"}
"""The types of the system columns in SQL."""

_SMALLEST_LINE: Final = 1 << 20


def json_lines(path: Path, columns: Mapping[str, str], longest: int) -> str:
    """Return the table function that reads a file of JSON lines with these columns. ``longest`` bounds a line, in bytes."""
    types = ", ".join(f"{text(column)}: {text(kind)}" for column, kind in columns.items())
    size = max(longest, _SMALLEST_LINE)
    return (
        f"read_json({pattern(path)}, format='newline_delimited', compression='uncompressed', "
        f"maximum_object_size={size}, hive_partitioning=false, columns={{{types}}})"
    )


def copy(connection: Connection, query: str, target: Path, *, staging: bool = False, group: int | None = None) -> None:
    """Write the result of a query as a Parquet file. ``staging`` files are temporary and lightly compressed.

    ``group`` is the number of rows per row group.
    """
    codec, rows = ("snappy", group or STAGED_GROUP) if staging else ("zstd", group or ROW_GROUP)
    with translate_errors(target):
        connection.execute(
            f"COPY ({query}) TO {text(str(target.absolute()))} (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {rows})"
        )


def parquet(path: Path, *, numbered: bool = False) -> str:
    """Return the table function that reads a Parquet file: its own columns, and ``file_row_number`` if ``numbered``."""
    return f"read_parquet({pattern(path)}, hive_partitioning=false, file_row_number={str(numbered).lower()})"


def stored_relation(files: Iterable[Path]) -> str:
    """Return the SQL for the columns of a table as they are stored."""
    return f"read_parquet([{', '.join(map(pattern, files))}], hive_partitioning=false)"


def table_relation(table: Table, files: Iterable[Path]) -> str:
    """Return the SQL for a stored table, with the JSON objects whose members are stored in columns of their own."""
    stored = stored_relation(files)
    documents = {column.name: _document_of(column) for column in table.columns.values() if column.members}
    if not documents:
        return stored
    # A document that needs no escapes is plain JSON: its keys are different, and its values are texts.
    marks = (f"NOT contains({name(column)}, '\\') AS {name(plain(column))}" for column in documents)
    written = (f"{document} AS {name(column)}" for column, document in documents.items())
    return f"(SELECT *, {', '.join(marks)} FROM (SELECT *, {', '.join(written)} FROM {stored}))"


def _document_of(column: Column) -> str:
    """Return the SQL expression of the JSON object that a column's members make."""
    members = (
        f"CASE WHEN {name(stored)} IS NOT NULL THEN {text(encode_basestring(key))} || ':' || "
        f"CAST(to_json({name(stored)}) AS VARCHAR) END"
        for key, stored in column.members.items()
    )
    return f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'"


def check_names(names: Iterable[str], where: str) -> None:
    """Raise StoreError for invalid field names: reserved ones, and two that differ only in case."""
    seen: dict[str, str] = {}
    for column in names:
        if is_reserved(column):
            raise StoreError(f"{where}: the name {shown(column)!r} is reserved")
        if not column or not column.isprintable() or len(column) > 255:
            raise StoreError(f"{where}: {shown(column)!r} cannot be the name of a column")
        other = seen.setdefault(column.casefold(), column)
        if other != column:
            raise StoreError(f"{where}: {other} and {column} differ only in case; a table can hold only one of them")
