"""The engine over one snapshot of a store: DuckDB, with the columns kept beside the snapshot where they can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.evaluation.engines.duckdb.column_cache import Cost, KeptColumns
from perpend.inventory.snapshots.database import storing
from perpend.inventory.snapshots.store import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Tables
    from perpend.evaluation.engines.duckdb.engine import DuckDb
    from perpend.evaluation.planner.build import Plan
    from perpend.inventory.snapshots.snapshot import Snapshot


class StoreDuckDb:
    """DuckDB over a snapshot. ``engine`` has to reach the snapshot's files and the directory of kept columns.

    ``keep``: columns are to be kept for later runs, if they can be.
    """

    def __init__(self, engine: DuckDb, snapshot: Snapshot, *, keep: bool = True) -> None:
        self._engine = engine
        self._directory = snapshot.directory
        self._kept = KeptColumns(engine, snapshot.directory / KEPT, snapshot.content_hash, snapshot.files)
        self._keeps = keep and self._kept.can_be_kept()

    @property
    def costs(self) -> Sequence[Cost]:
        """What was reused of earlier runs over the snapshot, and what computed; nothing where nothing can be kept."""
        return self._kept.costs

    def ends_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""
        return self._engine.ends_of_rows(plan, tables, rows)

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write a plan's outputs to a Parquet file, what is kept read and not computed; return the file."""
        with storing(self._directory, written=out.parent):
            if not self._keeps:
                return self._engine.evaluate_to_parquet(plan, files, out)
            self._engine.evaluate(*self._kept.over_kept(plan), out)
            return [out]
