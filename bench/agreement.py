"""Two candidates' files in, how many rows differ out: ``python -m bench.agreement TASK``, a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perpend.core.schema.tables import ROW
from perpend.inventory.snapshots.database import opened, pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.inventory.snapshots.database import Connection


def compared(connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows compared, and those that are in one file only, with their codes."""
    policies, out = given["policies"], Path(given["out"])
    reference = f"read_parquet({pattern(Path(given['reference']))})"
    if out.is_dir():
        pairs = [(f"v{number}", f"read_parquet({pattern(out / f'{number}.parquet')})", "v0") for number in range(policies)]
    elif out.suffix == ".rows":
        found = f"(SELECT column0 AS {ROW} FROM read_csv({pattern(out)}, header = false, columns = {{'column0': 'BIGINT'}}))"
        rows = f"(SELECT r.{ROW}, f.{ROW} IS NOT NULL AS v FROM {reference} AS r LEFT JOIN {found} AS f ON f.{ROW} = r.{ROW})"
        pairs = [(f"v0 = {given['incompliant']}", rows, "v")]
    else:
        codes = ", ".join(f"v{number}" for number in range(policies))
        pairs = [(codes, f"read_parquet({pattern(out)})", codes)]
    different = 0
    for one, other, column in pairs:
        left = f"SELECT {ROW}, {one} FROM {reference} WHERE {ROW} < {given['rows']}"
        right = f"SELECT {ROW}, {column} FROM {other} WHERE {ROW} < {given['rows']}"
        both = f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left})"
        different += connection.execute(f"SELECT count(DISTINCT {ROW}) FROM ({both})").fetchall()[0][0]
    return {"rows": given["rows"], "different": different}


def counted(connection: Connection, given: Mapping[str, Any]) -> dict[str, int]:
    """Return how often each code of the first policy occurs."""
    query = f"SELECT v0, count(*) FROM read_parquet({pattern(Path(given['reference']))}) GROUP BY v0 ORDER BY v0"
    return {str(code): number for code, number in connection.execute(query).fetchall()}


def look(given: Mapping[str, Any]) -> dict[str, Any]:
    """Do a task, and return what was found."""
    directory = Path(given["directory"])
    with opened(directories=[directory], spill=directory, memory_limit="4GB") as connection:
        return counted(connection, given) if given.get("counts") else compared(connection, given)


if __name__ == "__main__":
    print(json.dumps(look(json.loads(sys.argv[1]))))
