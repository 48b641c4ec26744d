"""Evaluate a stored snapshot: verdicts stream to Parquet files, and objects are read in batches.

A history evaluates an older snapshot by today's programs, too, to tell a changed policy from a changed resource
(:func:`re_evaluate`).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import CloudObject, Inventory, Source
from perpend.core.objects.object_types import ObjectType, Types
from perpend.core.objects.status import Status
from perpend.core.schema.tables import readings
from perpend.core.values.values import milliseconds_from_datetime
from perpend.evaluation.engines.duckdb.column_cache import StoreDuckDb
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.verdicts import VerdictFiles, codes_by_id, count_together, resolved_contradictions
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.verdicts.evaluation import Evaluation, totals_of
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime, evaluation_time
from perpend.evaluation.verdicts.staleness import freshness_of, mark_stale_snapshot
from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects, required_values
from perpend.evaluation.verdicts.verdicts import Verdicts
from perpend.inventory.snapshots.database import pattern
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.read_objects import ObjectReader
from perpend.inventory.snapshots.store import KEPT, Store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.names import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.engines.duckdb.engine import DuckDb
    from perpend.evaluation.engines.protocol import Engine
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import ReadableTables, Snapshot
    from perpend.language.program.program import Program


_MAX_LISTED: Final = 3


@contextmanager
def evaluate_snapshot(
    snapshot: Snapshot,
    selection: Selection,
    *,
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    engine: Engine | None = None,
    max_age: timedelta | None = None,
    progress: Callable[[int], None] | None = None,
    costs: Callable[[Sequence[Cost]], None] | None = None,
    cached: bool = True,
    by_interpreter: bool = False,
) -> Iterator[Evaluation]:
    """Yield the evaluation of a stored snapshot. Its verdicts are in files that are deleted at the end of the block.

    ``engine`` writes the verdicts. The default is DuckDB with a cache next to the snapshot; ``costs`` gets the use of the
    cache, which a snapshot that is not ``cached`` does not have. ``snapshot_time`` is the day of the run. Its default is the
    newest time of the sources; a source without a time counts as ``today`` (now, if None). Data older than ``max_age`` count
    as not read. ``progress`` gets the number of evaluated objects. ``by_interpreter`` evaluates object by object, without an
    engine. Raises UnknownName if the selection has policies over types that the snapshot does not contain.
    """
    if missing := sorted(selection.by_type().keys() - snapshot.tables.by_name.keys()):
        raise UnknownName(
            f"snapshot {snapshot.id} holds no {', '.join(missing[:_MAX_LISTED])}{' …' if missing[_MAX_LISTED:] else ''}: "
            "select policies over the snapshot"
        )
    snapshot = snapshot.as_declared(Types.together(program.types for program in selection.programs)).with_misplaced_objects(
        selection.types
    )
    day = snapshot_evaluation_time(snapshot, snapshot_time, today)
    with scratch() as directory:
        spill, written = directory / "spill", directory / "verdicts"
        for path in (spill, written, directory / "aged"):
            path.mkdir(mode=0o700)
        aged = mark_stale_snapshot(
            snapshot, freshness_of(max_age, snapshot_time, today), selection.types.get, directory / "aged"
        )
        cache, snapshot = cached and aged is snapshot, aged  # ages change by the hour, so they are not worth caching
        with duck_db(directories=[written, snapshot.directory / KEPT], paths=snapshot.files.paths, spill=spill) as reader:
            store_engine = StoreDuckDb(reader, snapshot, cache=cache)
            by = engine or store_engine
            if by_interpreter:
                from perpend.evaluation.verdicts.stores.by_interpreter import InterpreterOfSnapshot

                by = InterpreterOfSnapshot(reader, snapshot, day.milliseconds)

            def new_path() -> Path:
                return written / f"{len(list(written.iterdir()))}.parquet"

            def codes(plan: Plan) -> Sequence[Path]:
                return _codes(by, reader, snapshot, plan, day.milliseconds, new_path)

            evaluation = evaluation_of(snapshot, selection, day, reader, codes, progress=progress)
            if costs:
                costs(store_engine.costs)
            unread = tuple(failure.source for failure in snapshot.failures)
            yield replace(evaluation, inventory=replace(evaluation.inventory, unread=unread))


def _codes(
    engine: Engine, reader: DuckDb, snapshot: Snapshot, plan: Plan, time: int, new_path: Callable[[], Path]
) -> Sequence[Path]:
    """Write the codes of a plan, with those of objects whose sources contradict each other; return the files."""
    paths = engine.evaluate_to_parquet(plan, snapshot.files, new_path())
    of_readings = _plan_of_readings(plan, time)
    if of_readings is None:
        return paths
    codes_of_readings = engine.evaluate_to_parquet(of_readings, snapshot.files, new_path())
    return [_resolved(reader, snapshot, of_readings, paths, codes_of_readings, new_path())]


def _plan_of_readings(plan: Plan, time: int) -> Plan | None:
    """Return the plan for all readings of objects whose sources contradict each other, None if they are not stored."""
    type_name = plan.programs[0].input_type
    stored = plan.tables.by_name.get(readings(type_name))
    if stored is None:
        return None
    tables = replace(plan.tables, by_name={**plan.tables.by_name, type_name: replace(stored, type_name=type_name)})
    return plan_of(plan.programs, tables, time)


def _resolved(
    reader: DuckDb, snapshot: Snapshot, plan: Plan, codes: Sequence[Path], of_readings: Sequence[Path], out: Path
) -> Path:
    """Write codes in which an object is INCOMPLIANT if all of its readings are; the first reading gives the reason."""
    incompliant = [
        {index for index, verdict in program.verdicts.items() if verdict.status is Status.INCOMPLIANT}
        for program in plan.programs
    ]
    type_name = plan.programs[0].input_type
    objects, same_id = snapshot.relation(type_name), snapshot.relation(readings(type_name))
    query = resolved_contradictions(reader.files(codes), reader.files(of_readings), objects, same_id, incompliant)
    reader.run(f"COPY ({query}) TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)")
    return out


def re_evaluate(store: Store, run: str, programs: Sequence[Program], time: datetime, out: Path) -> bool:
    """Write the codes ``v0``, ``v1``, … of programs of one type on an older snapshot, with the ``id`` of each object.

    Return False if there is nothing to evaluate: the snapshot was pruned, is damaged, or has the format of an earlier version.
    """
    try:
        with store.reading(run) as snapshot, scratch() as directory:
            snapshot = snapshot.as_declared(Types.together(program.types for program in programs))
            table = snapshot.tables.of_type(programs[0].input_type)
            if table is None or "Id" not in table.columns:
                return False
            spill = directory / "spill"
            spill.mkdir(mode=0o700)
            reach = [directory, out.parent, snapshot.directory / KEPT]
            with duck_db(directories=reach, paths=snapshot.files.paths, spill=spill) as engine:
                milliseconds, numbers = milliseconds_from_datetime(time), count()
                plan = plan_of(programs, snapshot.tables, milliseconds)
                stored = StoreDuckDb(engine, snapshot)
                codes = _codes(
                    stored, engine, snapshot, plan, milliseconds, lambda: directory / f"codes-{next(numbers)}.parquet"
                )
                query = codes_by_id(engine.files(codes), snapshot.relation(table.name), len(programs))
                engine.run(f"COPY ({query}) TO {pattern(out)} (FORMAT parquet)")
            return True
    except StoreError:
        return False


def snapshot_evaluation_time(
    readable: ReadableTables, snapshot_time: datetime | None, today: datetime | None
) -> EvaluationTime:
    """Return the day at which stored tables are evaluated."""
    return evaluation_time([source.observed_at for source in readable.sources], snapshot_time=snapshot_time, today=today)


def evaluation_of(
    readable: Snapshot,
    selection: Selection,
    day: EvaluationTime,
    reader: DuckDb,
    codes: Callable[[Plan], Sequence[Path]],
    *,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Return the evaluation of stored tables. Objects and verdicts are read on demand.

    ``codes`` writes the verdicts of a plan and returns their files; a table without rows needs none. ``reader`` reads them.
    """
    of_types: list[tuple[Sequence[Program], tuple[str | None, ...], VerdictFiles, tuple[Path, ...], StoredObjects]] = []
    objects: dict[str, Sequence[CloudObject]] = {}
    for type_name, programs in selection.by_type().items():
        rows = readable.tables.by_name[type_name].rows
        plan = plan_of(programs, readable.tables, day.milliseconds) if rows else None
        files = VerdictFiles(reader, tuple(codes(plan)) if plan else (), rows, len(programs))
        object_type = selection.types.get(type_name) or ObjectType(type_name)
        object_reader, types = ObjectReader(reader.connection, readable), selection.types.get
        stored = StoredObjects(object_reader, readable, files, object_type, required_values(programs, object_type), types)
        objects[type_name] = stored
        tables = tuple(file for table in (type_name, *sorted(stored.identity.tables)) for file in readable.files[table])
        of_types.append((programs, plan.reasons if plan else (), files, tables, stored))
        if progress:
            progress(sum(map(len, objects.values())))
    count_together([files for _, _, files, _, _ in of_types])
    by_program = {
        id(program): Verdicts(program, number, reasons, files, tables, stored, day.milliseconds)
        for programs, reasons, files, tables, stored in of_types
        for number, program in enumerate(programs)
    }
    sources = (
        Source(
            source.name,
            source.kind,
            source.observed_at,
            source.objects,
            source.accounts,
            source.coverage,
            planned=source.planned,
        )
        for source in readable.sources
    )
    inventory = Inventory(tuple(sources), objects)
    verdicts = tuple(by_program[id(program)] for program in selection.programs)
    return Evaluation(inventory, selection, day, verdicts, totals_of(inventory, verdicts))
