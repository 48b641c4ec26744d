"""Plan a selection of policies for an engine: one relational plan per object type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.core.schema.shred import catalogue_tables
from perpend.core.values.values import milliseconds_from_datetime
from perpend.evaluation.planner.build import plan_of
from perpend.language.program.required_columns import required_fields

if TYPE_CHECKING:
    from perpend.core.schema.tables import Tables
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.language.compiler.analyzer import Analyzer


def plans_of(
    analyzer: Analyzer, selection: Selection, *, tables: Tables | None = None, snapshot_time: datetime | None = None
) -> list[Plan]:
    """Return the plan of each object type of a selection, in the order of its policies.

    ``tables`` are those of a stored snapshot; by default all declared fields are assumed. ``snapshot_time`` is the day of the
    run, by default now.
    """
    time = milliseconds_from_datetime(snapshot_time or datetime.now(UTC))
    return [
        plan_of(programs, tables or catalogue_tables(type_name, required_fields(programs), analyzer.object_type), time)
        for type_name, programs in selection.by_type().items()
    ]
