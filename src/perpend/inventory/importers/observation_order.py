"""Order sources by the time of observation. A source without a time counts as the oldest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.snapshots.manifest import StoredSource

Age = tuple[datetime, int]
"""What orders sources: the one observed last is the greatest, the first one by number among those of one time."""

_UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)


def age_of(sources: Sequence[StoredSource], number: int) -> Age:
    """Return a sort key for the age of a source: the greatest is the source observed last."""
    return sources[number].observed_at or _UNKNOWN, -number


def by_age(sources: Sequence[StoredSource]) -> list[int]:
    """Return the numbers of all sources, the oldest first."""
    return sorted(range(len(sources)), key=lambda number: age_of(sources, number))


def places_from_newest(sources: Sequence[StoredSource]) -> list[int]:
    """Return the rank of each source by number; rank 0 is the newest."""
    newest = by_age(sources)[::-1]
    return [newest.index(number) for number in range(len(newest))]
