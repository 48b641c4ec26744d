"""Verdicts of one snapshot by programs of two revisions in, how many objects went from which status to which out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.findings.history.model import STATUSES
from perpend.findings.history.write.values import value_sql
from perpend.inventory.snapshots.database import opened, pattern, rows_of, storing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.evaluation.engines.verdicts import VerdictFiles
    from perpend.language.program.program import Program


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """The verdicts of one program: the number of its column in some files."""

    program: Program
    files: VerdictFiles
    number: int

    @property
    def relation(self) -> str:
        """The text that stands for the files."""
        return f"read_parquet([{', '.join(map(pattern, self.files.paths))}], hive_partitioning = false)"

    @property
    def value(self) -> str:
        """The status of a row, as a number."""
        return f"{value_sql(self.program, f'v{self.number}')} % 8"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many objects went from a status to a status, None where the policy was not there, and the first that fail newly."""

    counts: Mapping[tuple[Status | None, Status | None], int]
    failing: tuple[int, ...] = ()

    @property
    def is_otherwise(self) -> bool:
        """Whether any object has another status."""
        return any(before is not after for before, after in self.counts)

    def between(self, before: Status | None, after: Status | None) -> int:
        """Return how many objects went this way."""
        return self.counts.get((before, after), 0)

    @property
    def newly_incompliant(self) -> int:
        """How many objects are incompliant that were not."""
        return sum(
            number
            for (before, after), number in self.counts.items()
            if after is Status.INCOMPLIANT and before is not Status.INCOMPLIANT
        )


def moved(before: StatusColumn | None, after: StatusColumn | None, *, limit: int, place: Path) -> Moved:
    """Return what is otherwise by one column than by another, over the rows of one table. One of them may be missing.

    ``place`` is named where files cannot be read.
    """
    sides = [column for column in (before, after) if column is not None]
    paths = [path for column in sides for path in column.files.paths]
    with opened(paths=paths) as connection, storing(place):
        parts = [f"SELECT {ROW}, {column.value} AS s FROM {column.relation}" for column in sides]
        on = f"a.{ROW} = b.{ROW}"
        joined = f"SELECT a.{ROW} AS number, a.s AS old, b.s AS new FROM ({parts[0]}) AS a JOIN ({parts[-1]}) AS b ON {on}"
        pairs = rows_of(connection, f"SELECT old, new, count(*) FROM ({joined}) GROUP BY 1, 2")
        fails = STATUSES.index(Status.INCOMPLIANT)
        newly = "true" if before is None else f"old <> {fails}"
        first = f"SELECT number FROM ({joined}) WHERE new = {fails} AND {newly} ORDER BY 1 LIMIT {limit}"
        failing = [] if after is None else rows_of(connection, first)
    counts: dict[tuple[Status | None, Status | None], int] = {}
    for old, new, number in pairs:
        key = (STATUSES[old] if before else None, STATUSES[new] if after else None)
        counts[key] = counts.get(key, 0) + number
    return Moved(counts, tuple(number for (number,) in failing))
