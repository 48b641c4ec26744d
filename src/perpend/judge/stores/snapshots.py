"""A stored snapshot in, the same judgement as of files out, with nothing of it held in memory: verdicts stream to Parquet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.engines.duckdb.engine import duck_db
from perpend.engines.duckdb.stores import StoreDuckDb
from perpend.engines.verdicts import VerdictFiles
from perpend.ir.estate import Estate, EstateObject, Source
from perpend.ir.object_types import ObjectType
from perpend.judge.day import RunDay, day_of_run
from perpend.judge.freshness import freshness_of
from perpend.judge.judgement import Judgement, ledger_of
from perpend.judge.stores.aged import aged_snapshot
from perpend.judge.stores.stored import StoredObjects, StoredVerdicts, wanted_of
from perpend.plan.build import plan_of
from perpend.plan.rewrites import REWRITES
from perpend.store.nest import Nest
from perpend.store.scratch import scratch
from perpend.store.store import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path
    from typing import TypeAlias

    from perpend.engines.duckdb.engine import DuckDb
    from perpend.engines.duckdb.kept import Cost
    from perpend.engines.protocol import Engine
    from perpend.judge.selection import Selection
    from perpend.plan.build import Plan
    from perpend.plan.rewrites import Rewrite
    from perpend.store.snapshot import Held, Snapshot

    Codes: TypeAlias = tuple[Sequence[Path], Sequence[Path]]


@contextmanager
def judge_snapshot(
    snapshot: Snapshot,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    engine: Engine | None = None,
    max_age: timedelta | None = None,
    progress: Callable[[int], None] | None = None,
    costs: Callable[[Sequence[Cost]], None] | None = None,
) -> Iterator[Judgement]:
    """Yield the judgement of a stored snapshot. It reads from files that are gone afterwards.

    ``engine`` writes the verdicts; without one DuckDB does, reusing and keeping what it computes beside the snapshot, and
    ``costs`` is told what that was. ``snapshot_time``, ``today``, ``max_age`` and ``progress`` are as for an estate.
    """
    snapshot.check_spelling()
    day = held_day(snapshot, snapshot_time, today)
    with scratch() as directory:
        spill, written = directory / "spill", directory / "verdicts"
        for path in (spill, written, directory / "aged"):
            path.mkdir(mode=0o700)
        aged = aged_snapshot(snapshot, freshness_of(max_age, snapshot_time, today), selection.types.get, directory / "aged")
        keep, snapshot = aged is snapshot, aged  # what depends on the hour is not worth keeping
        with duck_db(directories=[written, snapshot.directory / KEPT], paths=snapshot.files.paths, spill=spill) as reader:
            kept = StoreDuckDb(reader, snapshot, keep=keep)
            by = engine or kept

            def codes(plan: Plan) -> Codes:
                out = written / f"{len(list(written.iterdir()))}.parquet"
                return by.judge_to_parquet(plan, snapshot.files, out), snapshot.files[plan.programs[0].input_type]

            judgement = judgement_of(snapshot, selection, day, reader, codes, progress=progress)
            if costs:
                costs(kept.costs)
            yield judgement


def held_day(held: Held, snapshot_time: datetime | None, today: datetime | None) -> RunDay:
    """Return the day at which what is held is judged."""
    return day_of_run([source.observed_at for source in held.sources], snapshot_time=snapshot_time, today=today)


def judgement_of(
    held: Held,
    selection: Selection,
    day: RunDay,
    reader: DuckDb,
    codes: Callable[[Plan], Codes],
    *,
    rewrites: Sequence[Rewrite] = REWRITES,
    progress: Callable[[int], None] | None = None,
) -> Judgement:
    """Return the judgement of what is held, which reads it, and verdicts, as it is asked.

    ``codes`` writes a plan's verdicts, and returns their files and the table's own. ``reader`` reads all of them.
    """
    by_program: dict[int, StoredVerdicts] = {}
    objects: dict[str, Sequence[EstateObject]] = {}
    for type_name, programs in selection.by_type().items():
        plan = plan_of(programs, held.tables, day.milliseconds, rewrites=rewrites)
        paths, table = codes(plan)
        files = VerdictFiles(reader, tuple(paths), held.tables.by_name[type_name].rows, len(programs))
        object_type = selection.types.get(type_name) or ObjectType(type_name)
        nest = Nest(reader.connection, held)
        judged = StoredObjects(nest, held, files, object_type, wanted_of(programs, object_type))
        objects[type_name] = judged
        for number, program in enumerate(programs):
            by_program[id(program)] = StoredVerdicts(program, number, plan.reasons, files, table, judged, day.milliseconds)
        if progress:
            progress(sum(map(len, objects.values())))
    sources = (Source(one.name, one.kind, one.observed_at, one.objects, one.accounts) for one in held.sources)
    estate = Estate(tuple(sources), objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Judgement(estate, selection, day, verdicts, ledger_of(estate, verdicts))
