"""A stored snapshot in, the same judgement as of files out, with nothing of it held in memory: verdicts stream to Parquet."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.objects.object_types import Types
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.duckdb.stores import StoreDuckDb
from perpend.evaluation.verdicts.staleness import freshness_of
from perpend.evaluation.verdicts.stores.evaluate_tables import held_day, judgement_of
from perpend.evaluation.verdicts.stores.stale_data import aged_snapshot
from perpend.inventory.snapshots.store import KEPT
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.names import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.engines.protocol import Engine
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.evaluation.verdicts.stores.evaluate_tables import Codes
    from perpend.inventory.snapshots.snapshot import Snapshot

_MOST_TOLD: Final = 3


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
) -> Iterator[Evaluation]:
    """Yield the judgement of a stored snapshot. It reads from files that are gone afterwards.

    ``engine`` writes the verdicts; without one DuckDB does, reusing and keeping what it computes beside the snapshot, and
    ``costs`` is told what that was. ``snapshot_time``, ``today``, ``max_age`` and ``progress`` are as for an estate. Raises
    UnknownName where the selection was not made over the snapshot, and names policies of types that it does not hold.
    """
    if elsewhere := sorted(selection.by_type().keys() - snapshot.tables.by_name.keys()):
        raise UnknownName(
            f"snapshot {snapshot.id} holds no {', '.join(elsewhere[:_MOST_TOLD])}{' …' if elsewhere[_MOST_TOLD:] else ''}: "
            "select policies over the snapshot"
        )
    snapshot = snapshot.as_declared(Types.together(program.types for program in selection.programs)).with_strays(
        selection.types
    )
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
                return by.evaluate_to_parquet(plan, snapshot.files, out), snapshot.files[plan.programs[0].input_type]

            evaluation = judgement_of(snapshot, selection, day, reader, codes, progress=progress)
            if costs:
                costs(kept.costs)
            unread = tuple(failure.source for failure in snapshot.failures)
            yield replace(evaluation, inventory=replace(evaluation.inventory, unread=unread))
