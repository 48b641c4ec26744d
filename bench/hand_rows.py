"""``python -m bench.hand_rows STORE FILE [WRITTEN]``: what ``check --store --format parquet`` writes of one policy, by SQL.

The SQL is tuned by hand for DuckDB and for reports (``bench/hand.py``): documents are parsed once, one pass writes the rows. It
knows the store's mark of objects that sources contradict each other about. With WRITTEN, the file that ``check`` wrote, it says
how many rows differ: such SQL is laxer than the language.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import duckdb

from bench.hand import hand_sql
from bench.inventory import USER
from perpend.core.schema.tables import CONTRADICTED, SOURCE

POLICY: Final = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"
_STATUSES: Final = {"DISAPPEARED": (99,), "INCOMPLIANT": (199,), "COMPLIANT": (599,), "INAPPLICABLE": (600,)}


def write_rows(store: Path, target: Path) -> None:
    """Judge the users of a store of one snapshot, and write a row each."""
    [table] = store.glob(f"inventory/{USER}/run=*/part-0.parquet")
    files = f"read_parquet('{table}', hive_partitioning=false)"
    columns = {column for column, *_ in duckdb.execute(f"DESCRIBE FROM {files}").fetchall()}
    doubt = CONTRADICTED if CONTRADICTED in columns else "CAST(NULL AS VARCHAR)"
    users = f"""(SELECT * REPLACE ({{id: "Id", doubt: {doubt}}} AS {SOURCE}) FROM {files})"""
    codes = hand_sql("library", "list-valid", lambda _: users)
    cases = " ".join(f"WHEN v0 IN {codes_of} THEN '{status}'" for status, codes_of in _listed())
    duckdb.execute(f"""COPY (SELECT '{POLICY}' AS "policyId", {SOURCE}.id AS "objectId",
        CASE WHEN {SOURCE}.doubt IS NULL THEN v0 ELSE 0 END AS "conditionIndex",
        CASE WHEN {SOURCE}.doubt IS NOT NULL THEN 'UNDETERMINED' {cases} ELSE 'UNDETERMINED' END AS status,
        {SOURCE}.doubt AS "runtimeError" FROM ({codes})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)""")


def _listed() -> list[tuple[str, str]]:
    return [(status, f"({', '.join(map(str, codes))})") for status, codes in _STATUSES.items()]


def differing(one: Path, other: Path) -> int:
    """Return how many rows of a file are not in another; texts of errors are not compared."""
    rows = 'SELECT "policyId", "objectId", "conditionIndex", status FROM read_parquet'
    [(number,)] = duckdb.execute(f"SELECT count(*) FROM ({rows}('{one}') EXCEPT ALL {rows}('{other}'))").fetchall()
    return int(number)


if __name__ == "__main__":
    given = [Path(one) for one in sys.argv[1:]]
    write_rows(*given[:2])
    if given[2:]:
        print(differing(given[1], given[2]), "rows differ")
