"""The interface of engines: evaluate a plan on rows or Parquet files, and return codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Tables
    from perpend.evaluation.planner.build import Plan


class Engine(Protocol):
    """An engine that evaluates plans."""

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write the outputs of a plan for each row of its table to ``out``, which must not exist; return the Parquet files.

        ``files`` are the Parquet files of each table. Columns are the row number, the number of the row's source, and ``v0``,
        ``v1``, … by program. Rows have no order.
        """
