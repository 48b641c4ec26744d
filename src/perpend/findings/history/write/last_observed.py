"""Track when each object was last observed: older facts change nothing.

A run may hold sources of several times. It is evaluated at one time, but each fact keeps its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import ROW
from perpend.core.values.values import milliseconds_from_datetime
from perpend.inventory.snapshots.database import pattern, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perpend.findings.history.write.evaluated_run import EvaluatedRun
    from perpend.inventory.snapshots.database import Connection

_NONE_KEPT: Final = "SELECT CAST(NULL AS INTEGER) AS object_no, CAST(NULL AS BIGINT) AS looked LIMIT 0"
NOBODY: Final = f"SELECT *, CAST(NULL AS INTEGER) AS run FROM ({_NONE_KEPT})"
"""The times of observation if there are no objects or nobody asks for the times."""


def last_observed_query(known: str, groups: Sequence[str], times: Mapping[int, int], stored: str | None) -> str:
    """Return the query for the last observation of each known object: time in milliseconds, and run.

    ``known`` is the relation of values, with a column of runs for each of ``groups``; ``times`` are those of runs. ``stored``
    is the relation of the objects whose facts are older than their last run.
    """
    seen = f"greatest({', '.join(['0', *(f'k.{name}' for name in groups)])})"
    listed = ", ".join(f"{run}: {time}" for run, time in times.items())
    return (
        f"SELECT k.object_no, coalesce(l.looked, map_extract_value(MAP {{{listed}}}, {seen})) AS looked, {seen} AS run "
        f"FROM {known} AS k LEFT JOIN ({f'FROM {stored}' if stored else _NONE_KEPT}) AS l ON l.object_no = k.object_no"
    )


def set_aside(connection: Connection, evaluated: EvaluatedRun) -> set[str]:
    """Remove objects from the table ``here`` that the view ``looked`` knows by newer facts; return their accounts, "" for none.

    Fills the table ``aside`` with the numbers of these objects. The run changes nothing about them.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE aside AS SELECT r.object_no, r.account, h.id FROM here AS h JOIN registry AS r "
        f"ON r.id = h.id AND r.replaced_run IS NULL JOIN looked AS l ON l.object_no = r.object_no "
        f"WHERE {time_sql(evaluated)} < l.looked"
    )
    connection.execute("DELETE FROM here WHERE id IN (SELECT id FROM aside)")
    return {account for (account,) in rows_of(connection, "SELECT DISTINCT coalesce(account, '') FROM aside")}


def write_last_observed(connection: Connection, evaluated: EvaluatedRun, stored: str | None, out: Path) -> bool:
    """Write the times of objects whose facts are older than the run, those of former runs included.

    Returns whether there are any. The tables ``here``, ``numbered`` and ``sure`` hold the objects met and the deleted ones.
    """
    day = milliseconds_from_datetime(evaluated.time)
    matched = f"SELECT n.object_no, {time_sql(evaluated)} AS looked FROM numbered AS n JOIN here AS h ON h.{ROW} = n.{ROW}"
    others = f"FROM {stored} ANTI JOIN numbered USING (object_no) ANTI JOIN sure USING (object_no)" if stored else _NONE_KEPT
    query = f"SELECT * FROM ({matched} UNION ALL FROM sure) WHERE looked < {day} UNION ALL ({others})"
    connection.execute(f"COPY ({query}) TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)")
    return bool(rows_of(connection, f"SELECT count(*) FROM read_parquet({pattern(out)})")[0][0])


def time_sql(evaluated: EvaluatedRun) -> str:
    """Return the SQL expression for the time, in milliseconds, of the source of a row ``h`` of ``here``."""
    return f"CAST({evaluated.looked} AS BIGINT[])[h.source + 1]"
