"""How old facts may be, and when they were observed, in; why those that are older are not known out: never a pass.

An object of a stale source is in doubt as one is whose sources contradict each other. What a stale source claims to hold in
full is not known in full, unless a fresh one claims it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from perpend.core.values.age import age_text
from perpend.core.values.partial_object import PartialObject, doubt_of, reasons_of
from perpend.inventory.readers.formats import ANSWER, REPORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import CloudObject, Inventory, Source

REPORT_LIFE: Final = timedelta(hours=4)
"""How old a credential report is at most when it was asked for: AWS makes a new one once the last is older."""

_REPORTS: Final = (REPORT.name, ANSWER.name)
_COLLECTED: Final = " credential report"
_SLACK: Final = timedelta(minutes=5)
"""How far clocks of different machines may be apart."""


class Dated(Protocol):
    """A source, as far as it says when the estate looked like this and what it holds in full."""

    @property
    def observed_at(self) -> datetime | None:
        """When the estate looked like this, None where nothing says it."""

    @property
    def coverage(self) -> tuple[Claim, ...]:
        """What the source claims to hold in full."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old facts may be when a run judges them. ``now`` is what ages are counted to.

    ``stated``: somebody said that the estate looked so at that time; sources that state none are as old as that.
    """

    limit: timedelta
    now: datetime
    stated: bool = False

    def reason(self, observed_at: datetime | None) -> str | None:
        """Return why what was observed at a time is not known any more, None where it is."""
        limit = age_text(self.limit)
        if observed_at is None:
            return None if self.stated else f"observed at an unknown time: it may be older than {limit}"
        age, when = self.now - observed_at, f"{observed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if age > self.limit:
            return f"observed {age_text(age)} ago, {when}: older than {limit}"
        if age < -_SLACK and not self.stated:
            return f"observed at {when}, which is in the future: its age is unknown"
        return None

    def reasons(self, sources: Sequence[Dated]) -> dict[int, str]:
        """Return by number why sources are stale that are."""
        reasons = ((number, self.reason(source.observed_at)) for number, source in enumerate(sources))
        return {number: reason for number, reason in reasons if reason is not None}


def freshness_of(max_age: timedelta | None, snapshot_time: datetime | None, today: datetime | None) -> Freshness | None:
    """Return how old facts may be: as seen from the time that a run is given, else from now. None where nobody asks."""
    if max_age is None:
        return None
    return Freshness(max_age, snapshot_time or today or datetime.now(UTC), stated=snapshot_time is not None)


def old_reports(sources: Iterable[Source], now: datetime) -> dict[str, timedelta]:
    """Return by name how old credential reports are that are older than AWS lets them become."""
    return {
        source.name: now - source.observed_at
        for source in sources
        if source.observed_at is not None
        and (source.kind in _REPORTS or source.name.endswith(_COLLECTED))
        and now - source.observed_at > REPORT_LIFE
    }


def stale_claims(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, str]]:
    """Yield what only stale sources claim to hold in full, each with the reason why that is not known any more."""
    fresh = [claim for number, source in enumerate(sources) if number not in stale for claim in source.coverage]
    for number, reason in stale.items():
        for claim in sources[number].coverage:
            if claim.lacking is None and not any(_vouches(other, claim) for other in fresh):
                yield claim, reason


def aged_estate(inventory: Inventory, freshness: Freshness | None) -> Inventory:
    """Return an estate of which nothing is known that is stale."""
    stale = freshness.reasons(inventory.sources) if freshness else {}
    if not stale:
        return inventory
    by_name = {inventory.sources[number].name: reason for number, reason in stale.items()}
    sources = [
        replace(source, coverage=coverage)
        for source, coverage in zip(inventory.sources, aged_coverage(inventory.sources, stale), strict=True)
    ]
    objects = {name: [_aged(object_, by_name) for object_ in of_type] for name, of_type in inventory.objects.items()}
    return replace(inventory, sources=tuple(sources), objects=objects)


def aged_coverage(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, ...]]:
    """Yield what each source claims once nothing that is stale is known in full any more."""
    lacking = dict(stale_claims(sources, stale))
    for number, source in enumerate(sources):
        aged = (replace(claim, lacking=claim.lacking or lacking.get(claim)) for claim in source.coverage)
        yield tuple(aged) if number in stale else source.coverage


def _vouches(fresh: Claim, claim: Claim) -> bool:
    about = fresh.type_name in ("", claim.type_name) and fresh.relation in ("", claim.relation)
    return fresh.lacking is None and about and fresh.scope.covers(claim.scope)


def _aged(judged: CloudObject, stale: Mapping[str, str]) -> CloudObject:
    reason = stale.get(judged.origin.source)
    variants = tuple(_aged(variant, stale) for variant in judged.variants)
    fields = judged.fields
    if reason is not None:
        fields = PartialObject(fields, reasons_of(fields), doubt_of(fields) or reason)
    return judged._replace(fields=fields, variants=variants)
