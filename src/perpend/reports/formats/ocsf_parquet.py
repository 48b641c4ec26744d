"""Write OCSF events as a Parquet file for data lakes. Columns are the keys of JSON, nested in the same way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import replacement
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.inventory.snapshots.database import pattern, translate_errors
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.rows import json_lines
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.formats.ocsf import VERSIONS, event_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.reports.formats.finding import ReportedFinding, ReportedRun

_MEMORY: Final = "180MB"

_COLUMNS: Final = {
    "activity_id": "INTEGER",
    "category_uid": "INTEGER",
    "class_uid": "INTEGER",
    "type_uid": "BIGINT",
    "time": "BIGINT",
    "severity_id": "INTEGER",
    "message": "VARCHAR",
    "status_id": "INTEGER",
    "status_detail": "VARCHAR",
    "metadata": "STRUCT(version VARCHAR, profiles VARCHAR[], "
    "product STRUCT(name VARCHAR, version VARCHAR, vendor_name VARCHAR))",
    "cloud": "STRUCT(provider VARCHAR, account STRUCT(uid VARCHAR), region VARCHAR)",
    "finding_info": "STRUCT(uid VARCHAR, title VARCHAR, created_time BIGINT, first_seen_time BIGINT, last_seen_time BIGINT, "
    "analytic STRUCT(uid VARCHAR, type_id INTEGER))",
    "compliance": "STRUCT(control VARCHAR, status_id INTEGER, status VARCHAR, status_code VARCHAR, "
    "status_details VARCHAR[], standards VARCHAR[], requirements VARCHAR[])",
    "resources": 'STRUCT(uid VARCHAR, "name" VARCHAR, "type" VARCHAR, region VARCHAR)[]',
    "remediation": 'STRUCT("desc" VARCHAR)',
    "unmapped": 'STRUCT(perpend STRUCT(status VARCHAR, "conditionIndex" INTEGER, "typeApiName" VARCHAR))',
}


def write_ocsf_parquet(
    run: ReportedRun, findings: Iterable[ReportedFinding], path: str | Path, *, version: str = VERSIONS[-1]
) -> None:
    """Write events to a Parquet file, readable by its owner only, whole or not at all.

    Raises StoreError, or OSError, if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    with replacement(target) as part, scratch() as directory:
        lines = directory / "events.ndjson"
        longest = _write_lines(event_texts(run, version).of(findings), lines)
        _pack(lines, longest, part, target, directory / "spill")


def _write_lines(texts: Iterable[str], path: Path) -> int:
    """Write texts, one a line. Return the length of the longest line."""
    longest = 0
    with naming(path), path.open("w", encoding="ascii") as stream:
        for text in texts:
            longest = max(longest, stream.write(f"{text}\n"))
    return longest


def _pack(lines: Path, longest: int, part: Path, target: Path, spill: Path) -> None:
    directories = [lines.parent, target.parent]
    with duck_db(directories=directories, paths=[], spill=spill, memory_limit=_MEMORY) as engine, translate_errors(target):
        rows = json_lines(lines, _COLUMNS, longest)
        # DuckDB would replace an existing file by one that others can read.
        engine.run(f"COPY (FROM {rows}) TO {pattern(part)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)")
