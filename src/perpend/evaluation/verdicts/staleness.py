"""Mark data as not known if they were observed too long ago, so that they cannot pass.

An object of a stale source is in doubt, like one whose sources contradict each other. A list that only a stale source
claims to hold in full is not known in full.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.values.age import age_in_words
from perpend.inventory.readers.formats import ANSWER, REPORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import Source

REPORT_LIFE: Final = timedelta(hours=4)
"""The maximum age of a report on request: AWS creates a new one if the last is older."""

_REPORTS: Final = (REPORT.name, ANSWER.name)
_COLLECTED: Final = " credential report"
_SLACK: Final = timedelta(minutes=5)
"""The difference that clocks of different machines may have."""


class Dated(Protocol):
    """A source with its observation time and the lists that it claims to hold in full."""

    @property
    def observed_at(self) -> datetime | None:
        """When the source was observed, None if that is not known."""

    @property
    def coverage(self) -> tuple[Claim, ...]:
        """The lists that the source claims to hold in full."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The maximum age of data in a run. Ages are relative to ``now``.

    ``stated``: the user gave the time of the observations; sources without a time count as observed then.
    """

    limit: timedelta
    now: datetime
    stated: bool = False

    def reason(self, observed_at: datetime | None) -> str | None:
        """Return why data observed at a time are too old, None if they are not."""
        limit = age_in_words(self.limit)
        if observed_at is None:
            return None if self.stated else f"observed at an unknown time: it may be older than {limit}"
        age, when = self.now - observed_at, f"{observed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if age > self.limit:
            return f"observed {age_in_words(age)} ago, {when}: older than {limit}"
        if age < -_SLACK and not self.stated:
            return f"observed at {when}, which is in the future: its age is unknown"
        return None

    def reasons(self, sources: Sequence[Dated]) -> dict[int, str]:
        """Return the reasons of stale sources, by number."""
        reasons = ((number, self.reason(source.observed_at)) for number, source in enumerate(sources))
        return {number: reason for number, reason in reasons if reason is not None}


def freshness_of(max_age: timedelta | None, snapshot_time: datetime | None, today: datetime | None) -> Freshness | None:
    """Return the age limit, relative to the given time of the run, else to now. None without a limit."""
    if max_age is None:
        return None
    return Freshness(max_age, snapshot_time or today or datetime.now(UTC), stated=snapshot_time is not None)


def old_reports(sources: Iterable[Source], now: datetime) -> dict[str, timedelta]:
    """Return the ages of credential reports that are older than AWS lets them become, by name."""
    return {
        source.name: now - source.observed_at
        for source in sources
        if source.observed_at is not None
        and (source.kind in _REPORTS or source.name.endswith(_COLLECTED))
        and now - source.observed_at > REPORT_LIFE
    }


def stale_claims(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, str]]:
    """Yield the claims that only stale sources make, each with the reason why it does not hold."""
    fresh = [claim for number, source in enumerate(sources) if number not in stale for claim in source.coverage]
    for number, reason in stale.items():
        for claim in sources[number].coverage:
            if claim.lacking is None and not any(_vouches(other, claim) for other in fresh):
                yield claim, reason


def mark_stale_coverage(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, ...]]:
    """Yield the claims of each source, with stale ones marked as incomplete."""
    lacking = dict(stale_claims(sources, stale))
    for number, source in enumerate(sources):
        aged = (replace(claim, lacking=claim.lacking or lacking.get(claim)) for claim in source.coverage)
        yield tuple(aged) if number in stale else source.coverage


def _vouches(fresh: Claim, claim: Claim) -> bool:
    about = fresh.type_name in ("", claim.type_name) and fresh.relation in ("", claim.relation)
    return fresh.lacking is None and about and fresh.scope.covers(claim.scope)
