"""Sources in, which of them was observed before which out. One that does not say when may be older than any other."""

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
    """Return the age of the source with a number."""
    return sources[number].observed_at or _UNKNOWN, -number


def by_age(sources: Sequence[StoredSource]) -> list[int]:
    """Return the numbers of all sources, the one observed first in front."""
    return sorted(range(len(sources)), key=lambda number: age_of(sources, number))


def places_from_newest(sources: Sequence[StoredSource]) -> list[int]:
    """Return by number the place of each source, from 0, where the one observed last is in front."""
    newest = by_age(sources)[::-1]
    return [newest.index(number) for number in range(len(newest))]
