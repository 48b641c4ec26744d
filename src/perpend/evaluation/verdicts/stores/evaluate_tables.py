"""What is held and policies in, their judgement out: verdicts as files that are read when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.inventory import CloudObject, Inventory, Source
from perpend.core.objects.object_types import ObjectType
from perpend.evaluation.engines.verdicts import VerdictFiles
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.planner.rewrites import REWRITES
from perpend.evaluation.verdicts.evaluation import Evaluation, ledger_of
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime, evaluation_time
from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts, StoredObjects, wanted_of
from perpend.inventory.snapshots.read_objects import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from perpend.evaluation.engines.duckdb.engine import DuckDb
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.rewrites import Rewrite
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Held

    Codes: TypeAlias = tuple[Sequence[Path], Sequence[Path]]


def held_day(held: Held, snapshot_time: datetime | None, today: datetime | None) -> EvaluationTime:
    """Return the day at which what is held is judged."""
    return evaluation_time([source.observed_at for source in held.sources], snapshot_time=snapshot_time, today=today)


def judgement_of(
    held: Held,
    selection: Selection,
    day: EvaluationTime,
    reader: DuckDb,
    codes: Callable[[Plan], Codes],
    *,
    rewrites: Sequence[Rewrite] = REWRITES,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Return the judgement of what is held, which reads it, and verdicts, as it is asked.

    ``codes`` writes a plan's verdicts, and returns their files and the table's own. ``reader`` reads all of them.
    """
    by_program: dict[int, ParquetVerdicts] = {}
    objects: dict[str, Sequence[CloudObject]] = {}
    for type_name, programs in selection.by_type().items():
        plan = plan_of(programs, held.tables, day.milliseconds, rewrites=rewrites)
        paths, table = codes(plan)
        files = VerdictFiles(reader, tuple(paths), held.tables.by_name[type_name].rows, len(programs))
        object_type = selection.types.get(type_name) or ObjectType(type_name)
        nest = ObjectReader(reader.connection, held)
        judged = StoredObjects(nest, held, files, object_type, wanted_of(programs, object_type))
        objects[type_name] = judged
        for number, program in enumerate(programs):
            by_program[id(program)] = ParquetVerdicts(program, number, plan.reasons, files, table, judged, day.milliseconds)
        if progress:
            progress(sum(map(len, objects.values())))
    sources = (
        Source(source.name, source.kind, source.observed_at, source.objects, source.accounts, source.coverage)
        for source in held.sources
    )
    inventory = Inventory(tuple(sources), objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Evaluation(inventory, selection, day, verdicts, ledger_of(inventory, verdicts))
