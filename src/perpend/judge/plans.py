"""How a selection of policies would be judged by an engine: one relational plan per object type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.meaning.values import milliseconds_from_datetime
from perpend.plan.build import plan_of
from perpend.plan.wanted import wanted_by
from perpend.tables.catalogue import catalogue_tables

if TYPE_CHECKING:
    from perpend.analyze.programs import Analyzer
    from perpend.judge.selection import Selection
    from perpend.plan.build import Plan
    from perpend.tables.schema import Tables


def plans_of(
    analyzer: Analyzer, selection: Selection, *, tables: Tables | None = None, snapshot_time: datetime | None = None
) -> list[Plan]:
    """Return the plan of each object type that a selection judges, in the order of its policies.

    ``tables`` are those of a stored snapshot; without them all that the types declare is taken to be there.
    ``snapshot_time`` is the day of the run, now if None.
    """
    time = milliseconds_from_datetime(snapshot_time or datetime.now(UTC))
    return [
        plan_of(programs, tables or catalogue_tables(type_name, wanted_by(programs), analyzer.object_type), time)
        for type_name, programs in selection.by_type().items()
    ]
