"""Write verdicts as a Parquet file, one row each: the policy, the outcome, the object, its account and region.

``docs/reference/outputs.md`` describes the columns, which are stable like the keys of JSON.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import replacement
from perpend.core.values.values import milliseconds_from_datetime
from perpend.core.values.values import written as encodable
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.evaluation import times_of
from perpend.evaluation.verdicts.verdict import message_of
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.inventory.snapshots.database import name as quoted
from perpend.inventory.snapshots.database import pattern, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, shown
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.formats.evaluated_rows import EvaluatedRows, RowColumns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.formats.evaluated_rows import RowOutcome
    from perpend.reports.formats.row_values import StoredRows

_MEMORY: Final = "180MB"
"""The memory limit of DuckDB, which joins larger tables in files."""

_ROWS: Final = 30_720
"""The number of rows of a row group, which DuckDB holds in memory before it writes them."""

_COLUMNS: Final = {
    **dict.fromkeys(("policyId", "objectId"), "VARCHAR"),
    "conditionIndex": "INTEGER",
    **dict.fromkeys(("status", "runtimeError", "source"), "VARCHAR"),
    "observedAt": "TIMESTAMPTZ",
    **dict.fromkeys(("title", "message", "severity", "objectName", "type", "typeApiName", "account", "region"), "VARCHAR"),
}
_OF_OUTCOME: Final = ("policyId", "conditionIndex", "status", "runtimeError", "title", "message", "severity")


def write_parquet(evaluation: Evaluation, path: str | Path, *, weighed: RatedEvaluation | None = None) -> None:
    """Write verdicts to a Parquet file, readable by its owner only, whole or not at all. Its metadata contains a filter.

    ``weighed`` are the severities. Raises StoreError, or OSError, if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise StoreError(f"{shown(target)}: cannot be written: there is no such directory")
    with replacement(target) as part, scratch() as directory, _pieces(evaluation, weighed) as pieces:
        rows = f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {quoted(name)}' for name, kind in _COLUMNS.items())} WHERE FALSE"
        within = [directory, target.parent, *{piece.parent for piece in pieces}]
        with duck_db(directories=within, paths=pieces, spill=directory / "spill", memory_limit=_MEMORY) as engine:
            if pieces:
                rows = f"FROM {engine.files(pieces)}"
            shown_filter = evaluation.filter_verdicts
            metadata = f", KV_METADATA {{filter: {text(shown_filter.words)}}}" if shown_filter else ""
            # DuckDB would replace an existing file by one that others can read.
            how = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS}, USE_TMP_FILE false{metadata})"
            with translate_errors(target):
                engine.run(f"COPY ({rows}) TO {pattern(part)} {how}")


@contextmanager
def _pieces(evaluation: Evaluation, rated: RatedEvaluation | None) -> Iterator[list[Path]]:
    """Yield files with the rows of some thousands of objects each, in order. They stand beside the files of verdicts."""
    relation = EvaluatedRows(evaluation, _columns(evaluation, rated), rated)
    pieces: list[Path] = []
    token = secrets.token_hex(8)
    try:
        for connection, query in relation.queries(", ".join(f"r.{quoted(name)}" for name in _COLUMNS)):
            sibling = next(path for column in evaluation.shown for path in column.files.paths)
            pieces.append(sibling.with_name(f"rows-{token}-{len(pieces)}.parquet"))
            connection.execute(
                f"COPY ({query}) TO {pattern(pieces[-1])} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {_ROWS})"
            )
        yield pieces
    finally:
        for piece in pieces:
            piece.unlink(missing_ok=True)


def _columns(evaluation: Evaluation, rated: RatedEvaluation | None) -> RowColumns:
    times = times_of(evaluation.inventory)

    def of_outcome(outcome: RowOutcome) -> Sequence[str | int | None]:
        program, index, error, steps = outcome
        view = evaluation.selection.policies.get(program.policy_id)
        rating = rated.in_force.of(program.policy_id, steps) if rated and outcome.status in RATED_STATUSES else None
        return (
            program.policy_id,
            index,
            outcome.status.value,
            error and encodable(error),
            encodable(view.full_name if view else program.policy_id),
            encodable(message_of(program.verdicts[index], error)),
            rating.level.value if rating else None,
        )

    def of_object(rows: StoredRows) -> Mapping[str, str]:
        observed = [milliseconds_from_datetime(time) if (time := times.get(source)) else None for source in rows.sources]
        listed = ", ".join("NULL" if time is None else str(time) for time in observed)
        return {
            "objectId": f"nullif({rows.id}, '')",
            "objectName": rows.name,
            "type": text_literal(encodable(evaluation.type_label(rows.object_type.name))),
            "typeApiName": text_literal(rows.object_type.name),
            "account": rows.account,
            "region": rows.region,
            "source": rows.of_source(rows.sources),
            "observedAt": f"make_timestamptz(1000 * list_extract(CAST([{listed}] AS BIGINT[]), {rows.source} + 1))",
        }

    return RowColumns({name: _COLUMNS[name] for name in _OF_OUTCOME}, of_outcome, of_object)
