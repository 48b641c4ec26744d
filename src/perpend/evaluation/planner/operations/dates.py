"""Plan comparisons of dates with the day of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.values import DAY
from perpend.evaluation.planner.scalar import Kind

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value


def before_today(use: PlannedUse) -> Value:
    return _dates(use, None, 0)


def after_today(use: PlannedUse) -> Value:
    return _dates(use, DAY, None)


def within_last_days(use: PlannedUse) -> Value:
    return _dates(use, -use.constant("offsetDays") * DAY, DAY)


def beyond_last_days(use: PlannedUse) -> Value:
    return _dates(use, None, -use.constant("offsetDays") * DAY)


def within_next_days(use: PlannedUse) -> Value:
    return _dates(use, 0, use.constant("offsetDays") * DAY + DAY)


def beyond_next_days(use: PlannedUse) -> Value:
    return _dates(use, use.constant("offsetDays") * DAY + DAY, None)


def _dates(use: PlannedUse, start: int | None, end: int | None) -> Value:
    """Return the condition that an instant is in [start, end), in milliseconds from today; false for null."""
    scalars, arg, today = use.scalars, use["arg"], use.place.build.today
    parts = []
    if start is not None:
        parts.append(scalars.make("at most", scalars.literal(today + start, Kind.WHOLE), arg.node))
    if end is not None:
        parts.append(scalars.make("less", arg.node, scalars.literal(today + end, Kind.WHOLE)))
    return use.value(scalars.all(*parts), arg.guards)


PLANNERS: Planners = {
    "IS_BEFORE_TODAY": before_today,
    "IS_AFTER_TODAY": after_today,
    "IS_WITHIN_LAST_DAYS": within_last_days,
    "IS_BEYOND_LAST_DAYS": beyond_last_days,
    "IS_WITHIN_NEXT_DAYS": within_next_days,
    "IS_BEYOND_NEXT_DAYS": beyond_next_days,
}
