"""What every engine can be asked: a plan over rows or over Parquet files, answered by codes. Refuses to know any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perpend.core.schema.tables import Table, Tables
    from perpend.evaluation.planner.build import Plan


class Engine(Protocol):
    """What judges a plan."""

    def codes_of_rows(
        self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> list[tuple[int, ...]]:
        """Return the outputs of a plan for each row of its table, in the order of the rows."""

    def evaluate_to_parquet(self, plan: Plan, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
        """Write a plan's outputs for each row of its table at a path where nothing is yet; return the Parquet files.

        ``files`` are the Parquet files of each table. Columns are the row's number, the number of its source, and ``v0``,
        ``v1``, … by program; rows come in any order.
        """


@runtime_checkable
class ColumnEngine(Engine, Protocol):
    """An engine that takes the columns of one table as they are, which is faster than rows."""

    def codes_of_columns(self, plan: Plan, table: Table, columns: Mapping[str, Sequence[Any]]) -> list[list[int]]:
        """Return the outputs of a plan, each as the codes of a table's rows in their order. Documents may not be marked yet."""
