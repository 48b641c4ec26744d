"""Evaluate large credential reports in a temporary copy, without an inventory in memory.

If reports contradict each other about a user, each reading is evaluated by itself, as for objects in memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import Inventory, Source
from perpend.core.objects.status import Status
from perpend.evaluation.engines.duckdb.engine import DuckDb
from perpend.evaluation.engines.verdicts import amended_form
from perpend.evaluation.planner.rewrites import REWRITES, texts_in_columns
from perpend.evaluation.verdicts.objects import name_queries, object_named
from perpend.evaluation.verdicts.staleness import freshness_of
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluation_of, snapshot_evaluation_time
from perpend.evaluation.verdicts.stores.stale_data import mark_stale_reports
from perpend.inventory.importers.inputs import readings_of_inputs, stage_inputs
from perpend.inventory.importers.reports.asked import first_users, users_called
from perpend.inventory.readers.formats import REPORT
from perpend.inventory.readers.merge import ACCOUNT_TYPE, ROW_FIELD, USER_TYPE
from perpend.inventory.snapshots.database import MEMORY_LIMIT, opened, pattern, rows_of, text, translate_errors
from perpend.inventory.snapshots.files import StoreError, directory_name
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.names import UnknownName
from perpend.language.program.required_columns import required_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.reports.staged import StagedReports
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.program.program import Program

_MOST_THREADS: Final = 2
"""Each thread buffers rows, so more threads would need more memory."""

_NAMES: Final = {
    USER_TYPE: ("CA10__userName__c", "CA10__arn__c", "CA10__account__r"),
    ACCOUNT_TYPE: ("CA10__accountId__c", "CA10__accountId__c", None),
}
"""The fields with the name, the external ID and the owner of objects in reports."""


@contextmanager
def evaluate_reports(
    inputs: Sequence[Input],
    selected: Callable[[Inventory], Selection],
    *,
    declared: Callable[[str], ObjectType | None],
    snapshot_time: datetime | None = None,
    today: datetime | None = None,
    max_age: timedelta | None = None,
    streamed: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Evaluation | None]:
    """Yield the evaluation of credential reports. Its files are deleted at the end of the block.

    It is None if an input is not a plain report or not large, and if policies read more than users' own fields; the caller
    then evaluates an inventory. ``selected`` returns the policies for an inventory. ``streamed``: all verdicts will be read
    with their objects, in order.
    """
    selection = _selection(inputs, selected)
    if selection is None or not _are_named(declared):
        yield None
        return
    with (
        scratch() as directory,
        opened(directories=[directory], spill=directory / "spill") as connection,
    ):
        [(threads,)] = rows_of(connection, "SELECT current_setting('threads')")
        connection.execute(f"SET threads = {min(threads, _MOST_THREADS)}")
        staged = _staged(connection, directory, inputs, declared, streamed=streamed, progress=progress)
        if staged is None:
            yield None
            return
        staged = mark_stale_reports(staged, freshness_of(max_age, snapshot_time, today))
        yield _judged(DuckDb(connection), staged, selection, snapshot_evaluation_time(staged, snapshot_time, today))


def _selection(inputs: Sequence[Input], selected: Callable[[Inventory], Selection]) -> Selection | None:
    """Return the policies for reports if they read only users' own fields. Nothing is read yet."""
    sources = tuple(Source(report.path, REPORT.name, None, 0) for report in inputs)
    try:
        selection = selected(Inventory(sources, {ACCOUNT_TYPE: (), USER_TYPE: ()}))
    except UnknownName:
        return None  # the inputs may contain other types
    return selection if _is_flat(selection.programs) else None


def _staged(
    connection: Connection,
    directory: Path,
    inputs: Sequence[Input],
    declared: Callable[[str], ObjectType | None],
    *,
    streamed: bool,
    progress: Callable[[int], None] | None,
) -> StagedReports | None:
    try:
        return stage_inputs(connection, inputs, declared=declared, directory=directory, streamed=streamed, progress=progress)
    except StoreError:
        return None  # the disk may be full; an inventory in memory needs no disk


def _judged(engine: DuckDb, staged: StagedReports, selection: Selection, day: EvaluationTime) -> Evaluation:
    engine.run("SET preserve_insertion_order = false")

    def codes(plan: Plan) -> tuple[list[Path], list[Path]]:
        type_name = plan.programs[0].input_type
        path = staged.directory / f"verdicts-{directory_name(type_name)}.parquet"
        engine.evaluate(plan, staged.relation, path)
        return [path if staged.rivals is None or type_name != USER_TYPE else _amended(engine, staged, plan, path)], []

    rewrites = REWRITES if not staged.texts else (texts_in_columns(ROW_FIELD, staged.texts), *REWRITES)

    def judged() -> Evaluation:
        with translate_errors(staged.directory):
            return evaluation_of(staged, selection, day, engine, codes, rewrites=rewrites)

    try:
        return judged()
    except StoreError:
        # Some policies need more memory than the default.
        engine.run(f"SET memory_limit = {text(MEMORY_LIMIT)}")
        return judged()


def _amended(engine: DuckDb, staged: StagedReports, plan: Plan, verdicts: Path) -> Path:
    """Return verdicts in which a user is INCOMPLIANT if all readings are; the first reading gives the reason."""
    incompliant = [
        {index for index, verdict in program.verdicts.items() if verdict.status is Status.INCOMPLIANT}
        for program in plan.programs
    ]
    query = amended_form(engine.files([verdicts]), staged.relation(USER_TYPE), staged.rivals or "", incompliant)
    path = verdicts.with_name(f"amended-{verdicts.name}")
    engine.run(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
    return path


def _are_named(declared: Callable[[str], ObjectType | None]) -> bool:
    """Whether objects of a store have the same naming fields as those in memory."""
    kinds = {type_name: declared(type_name) for type_name in _NAMES}
    return all(
        object_type is not None
        and (object_type.name_field, object_type.external_id_field, object_type.master) == _NAMES[type_name]
        for type_name, object_type in kinds.items()
    )


def _is_flat(programs: Sequence[Program]) -> bool:
    wanted = required_fields(programs)
    return not wanted.lookups and not wanted.children


def user_of_reports(
    inputs: Sequence[Input], program: Program, name: str, *, declared: Callable[[str], ObjectType | None]
) -> CloudObject | None:
    """Return the one user of large credential reports with a name, without the others in memory.

    None if the inputs are something else, or if a program reads more than users' own fields. Raises UnknownName as
    ``object_named`` does.
    """
    if program.input_type != USER_TYPE or not _is_flat([program]) or not _are_named(declared):
        return None
    with scratch() as directory, opened(directories=[directory], spill=directory / "spill") as connection:
        try:
            readings = readings_of_inputs(connection, inputs, declared=declared, directory=directory)
        except StoreError:
            return None
        if readings is None:
            return None
        called = Inventory((), {USER_TYPE: tuple(users_called(readings, {query.text for query in name_queries(name)}))})
        try:
            return object_named(called, USER_TYPE, name)
        except UnknownName:
            if any(query.matches_in(called.objects[USER_TYPE]) for query in name_queries(name)):
                raise
        return object_named(Inventory((), {USER_TYPE: tuple(first_users(readings))}), USER_TYPE, name)
