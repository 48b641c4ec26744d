"""What is held and policies in, their judgement out: verdicts as files that are read when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.engines.verdicts import VerdictFiles
from perpend.ir.estate import Estate, EstateObject, Source
from perpend.ir.object_types import ObjectType
from perpend.judge.day import RunDay, day_of_run
from perpend.judge.judgement import Judgement, ledger_of
from perpend.judge.stores.stored import StoredObjects, StoredVerdicts, wanted_of
from perpend.plan.build import plan_of
from perpend.plan.rewrites import REWRITES
from perpend.store.nest import Nest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from perpend.engines.duckdb.engine import DuckDb
    from perpend.judge.selection import Selection
    from perpend.plan.build import Plan
    from perpend.plan.rewrites import Rewrite
    from perpend.store.snapshot import Held

    Codes: TypeAlias = tuple[Sequence[Path], Sequence[Path]]


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
    sources = (
        Source(source.name, source.kind, source.observed_at, source.objects, source.accounts, source.coverage)
        for source in held.sources
    )
    estate = Estate(tuple(sources), objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Judgement(estate, selection, day, verdicts, ledger_of(estate, verdicts))
