"""The layout of rows in files: SQL types of columns, JSON lines of spools, Parquet of snapshots, valid column names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_reserved
from perpend.inventory.snapshots.database import pattern, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from perpend.inventory.snapshots.database import Connection

ROW_GROUP: Final = 16_384
"""Rows per row group of a file: what engines hold at once. With documents of a kilobyte, many more do not fit into memory."""

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


def copy(connection: Connection, query: str, target: Path, *, staging: bool = False, group: int = ROW_GROUP) -> None:
    """Write the result of a query as a Parquet file. ``staging`` files are temporary and lightly compressed.

    ``group`` is the number of rows per row group.
    """
    codec, rows = ("snappy", STAGED_GROUP) if staging else ("zstd", group)
    with translate_errors(target):
        connection.execute(
            f"COPY ({query}) TO {text(str(target.absolute()))} (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {rows})"
        )


def parquet(path: Path, *, numbered: bool = False) -> str:
    """Return the table function that reads a Parquet file: its own columns, and ``file_row_number`` if ``numbered``."""
    return f"read_parquet({pattern(path)}, hive_partitioning=false, file_row_number={str(numbered).lower()})"


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
