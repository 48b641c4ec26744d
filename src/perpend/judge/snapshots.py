"""A stored snapshot in, the same judgement as of files out, with nothing of it held in memory: verdicts stream to Parquet."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.engines.duckdb.engine import duck_db
from perpend.engines.duckdb.stores import StoreDuckDb
from perpend.engines.verdicts import VerdictFiles
from perpend.ir.estate import Estate, EstateObject, Source
from perpend.ir.object_types import ObjectType
from perpend.judge.day import RunDay, day_of_run
from perpend.judge.judgement import Judgement, ledger_of
from perpend.judge.stored import StoredObjects, StoredVerdicts, wanted_of
from perpend.plan.build import plan_of
from perpend.store.nest import Nest
from perpend.store.scratch import scratch
from perpend.store.store import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.engines.duckdb.engine import DuckDb
    from perpend.engines.duckdb.kept import Cost
    from perpend.engines.protocol import Engine
    from perpend.ir.program import Program
    from perpend.judge.selection import Selection
    from perpend.store.snapshot import Snapshot

    Amended = Callable[[DuckDb, Sequence[Program], Sequence[Path], Path, int], Path]


@contextmanager
def judge_snapshot(
    snapshot: Snapshot,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    engine: Engine | None = None,
    progress: Callable[[int], None] | None = None,
    costs: Callable[[Sequence[Cost]], None] | None = None,
) -> Iterator[Judgement]:
    """Yield the judgement of a stored snapshot. It reads from files that are gone afterwards.

    ``engine`` writes the verdicts; without one DuckDB does, reusing and keeping what it computes beside the snapshot, and
    ``costs`` is told what that was. ``snapshot_time``, ``today`` and ``progress`` are as for an estate.
    """
    snapshot.check_spelling()
    day = _day_of(snapshot, snapshot_time, today)
    with _judging(snapshot, selection, day, engine) as (judging, kept):
        judgement = judging.judgement(progress)
        if costs:
            costs(kept.costs)
        yield judgement


@contextmanager
def judge_amended(
    snapshot: Snapshot,
    selection: Selection,
    amended: Amended,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
) -> Iterator[Judgement]:
    """Yield a judgement by DuckDB that keeps nothing, likewise.

    ``amended`` may put other verdicts in place of a table's, and returns their file.
    """
    day = _day_of(snapshot, snapshot_time, today)
    with _judging(snapshot, selection, day, None, amended) as (judging, _):
        yield judging.judgement(None)


def _day_of(snapshot: Snapshot, snapshot_time: datetime | None, today: datetime | None) -> RunDay:
    return day_of_run([source.observed_at for source in snapshot.sources], snapshot_time=snapshot_time, today=today)


@contextmanager
def _judging(
    snapshot: Snapshot, selection: Selection, day: RunDay, engine: Engine | None, amended: Amended | None = None
) -> Iterator[tuple[_Judging, StoreDuckDb]]:
    """Yield what judges, and what keeps its columns beside the snapshot unless verdicts are amended."""
    with scratch() as directory:
        spill, written = directory / "spill", directory / "verdicts"
        for path in (spill, written):
            path.mkdir(mode=0o700)
        with duck_db(directories=[written, snapshot.directory / KEPT], paths=snapshot.files.paths, spill=spill) as reader:
            kept = StoreDuckDb(reader, snapshot, keep=amended is None)
            yield _Judging(snapshot, selection, day, engine or kept, reader, written, amended), kept


@dataclass(frozen=True, slots=True)
class _Judging:
    snapshot: Snapshot
    selection: Selection
    day: RunDay
    engine: Engine
    reader: DuckDb
    written: Path
    amended: Amended | None

    def judgement(self, progress: Callable[[int], None] | None) -> Judgement:
        by_program: dict[int, StoredVerdicts] = {}
        objects: dict[str, Sequence[EstateObject]] = {}
        for type_name, programs in self.selection.by_type().items():
            objects[type_name], made = self._judged(type_name, programs)
            by_program |= {id(column.program): column for column in made}
            if progress:
                progress(sum(map(len, objects.values())))
        sources = (Source(one.name, one.kind, one.observed_at, one.objects, one.accounts) for one in self.snapshot.sources)
        estate = Estate(tuple(sources), objects)
        verdicts = tuple(by_program[id(program)] for program in self.selection.programs)
        return Judgement(estate, self.selection, self.day, verdicts, ledger_of(estate, verdicts))

    def _judged(self, type_name: str, programs: Sequence[Program]) -> tuple[StoredObjects, list[StoredVerdicts]]:
        snapshot, day = self.snapshot, self.day.milliseconds
        plan = plan_of(programs, snapshot.tables, day)
        paths = self.engine.judge_to_parquet(
            plan, snapshot.files, self.written / f"{len(list(self.written.iterdir()))}.parquet"
        )
        if self.amended:
            table = snapshot.files[type_name]
            paths = [self.amended(self.reader, programs, table, path, day) for path in paths]
        files = VerdictFiles(self.reader, tuple(paths), snapshot.tables.by_name[type_name].rows)
        object_type = self.selection.types.get(type_name) or ObjectType(type_name)
        nest = Nest(self.reader.connection, snapshot)
        objects = StoredObjects(nest, snapshot, files, object_type, wanted_of(programs, object_type))
        table = snapshot.files[type_name]
        return objects, [
            StoredVerdicts(program, number, plan.reasons, files, table, objects, day) for number, program in enumerate(programs)
        ]
