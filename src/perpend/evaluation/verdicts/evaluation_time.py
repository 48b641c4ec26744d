"""The day of a run. Dates in policies are relative to it, for objects of all sources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.values.age import is_observation_time
from perpend.core.values.values import in_utc, milliseconds_from_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class EvaluationTime:
    """The time of a run's snapshot, in UTC. For dates only its day matters.

    ``assumed``: today was taken, because a source has no usable time and no other has a later one. ``given``: the user set the
    time.
    """

    time: datetime
    assumed: bool = False
    given: bool = False

    @property
    def milliseconds(self) -> int:
        """The time in milliseconds since 1970."""
        return milliseconds_from_datetime(self.time)


def evaluation_time(
    times: Iterable[datetime | None], *, snapshot_time: datetime | None = None, today: datetime | None = None
) -> EvaluationTime:
    """Return the day of a run over sources with these observation times, None for a source without one.

    It is ``snapshot_time`` if given, else the newest of the times. A source without a time counts as ``today`` (now, if None)
    at 00:00 UTC, so that no object is evaluated at a day before it was observed. A time in the future counts as no time, and
    so does one at which clocks begin (1970, the year 1). Raises ValueError for a time without a zone.
    """
    if snapshot_time is not None:
        return EvaluationTime(in_utc(snapshot_time), given=True)
    now = in_utc(today or datetime.now(UTC))
    start_of_today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    stated = [None if time is None else in_utc(time) for time in times]
    observed = [time if time is not None and is_observation_time(time, now) else None for time in stated] or [None]
    newest = max(time or start_of_today for time in observed)
    return EvaluationTime(newest, assumed=None in observed and newest == start_of_today)
