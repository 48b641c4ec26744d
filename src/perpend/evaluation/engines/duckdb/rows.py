"""Rows and columns as Python holds them, made tables of a connection: for policies' own tests and for inputs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.schema.tables import ROW
from perpend.evaluation.engines.duckdb.sql import literal, quoted, type_of
from perpend.evaluation.engines.nested import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.core.schema.tables import Table
    from perpend.evaluation.planner.scalar import Kind
    from perpend.inventory.snapshots.database import Connection

_AT_ONCE: Final = 500
_VALUES_AT_ONCE: Final = 20_000


def statements_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the statements that create a table and fill it."""
    kinds = columns_of(table)
    declared = ", ".join(f"{quoted(name)} {type_of(kind)}" for name, kind in kinds.items())
    yield f"CREATE OR REPLACE TABLE {quoted(table.name)} ({declared})"
    for start in range(0, len(rows), _AT_ONCE):
        values = ", ".join(_row(row, kinds) for row in rows[start : start + _AT_ONCE])
        yield f"INSERT INTO {quoted(table.name)} VALUES {values}"


def _row(row: Mapping[str, Any], kinds: Mapping[str, Kind]) -> str:
    return f"({', '.join(literal(row.get(name), kind) for name, kind in kinds.items())})"


def fill(
    connection: Connection, table: str, columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, Kind], *, rows: int
) -> None:
    """Make a table of columns of this many values each, beside the row's number. Values are handed over as lists."""
    named = (f"unnest(CAST(? AS {type_of(kinds[name])}[])) AS {quoted(name)}" for name in columns)
    query = f"SELECT {', '.join((f'unnest(range(?, ?)) AS {ROW}', *named))}"
    for start in range(0, max(rows, 1), _VALUES_AT_ONCE):
        end = min(start + _VALUES_AT_ONCE, rows)
        given = [start, end, *(list(values[start:end]) for values in columns.values())]
        into = f"INSERT INTO {quoted(table)}" if start else f"CREATE OR REPLACE TABLE {quoted(table)} AS"
        connection.execute(f"{into} {query}", given)
