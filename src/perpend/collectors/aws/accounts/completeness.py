"""What was done of each account in, sources and claims out: what is known in full, and what is not and why. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.error_classification import FailureKind, unread
from perpend.collectors.aws.parse import CloudPlace
from perpend.collectors.aws.plan import ACCOUNT_TYPE, IDENTITY, REPORT
from perpend.collectors.aws.work_units import CollectedRow, WorkUnit
from perpend.core.objects.claims import Claim, Scope, Unread
from perpend.core.objects.inventory import Source as EstateSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.collectors.aws.work_units import AccountEntry, PartRows, WorkUnitResult

KIND: Final = "aws"

STATED: Final = "statement"
"""The kind of a source that nobody has read: what somebody declares."""


Seen: TypeAlias = "Mapping[str, Mapping[tuple[str, str], int]]"
"""How many objects a store has seen that were not collected again and are not gone: by account, then by type and region."""


class ClosedRegion(NamedTuple):
    """A region that an account has disabled, and how many objects were seen there before."""

    account: str
    region: str
    objects: int


@dataclass(frozen=True, slots=True)
class OthersListed:
    """How many of the objects that a listing has shown in some place belong to other accounts. Messages call it ``label``."""

    label: str
    place: str
    others: int
    listed: int


@dataclass(frozen=True, slots=True)
class Collection:
    """What came of a collection: its sources with their claims, and what could not be read, once for each cause.

    ``partitions`` are those of the accounts that were entered. ``closed`` are regions that nothing is known of any more.
    ``others`` counts the objects that were left out because other accounts own them.
    """

    sources: tuple[EstateSource, ...] = ()
    unread: tuple[Unread, ...] = ()
    partitions: tuple[tuple[str, str], ...] = ()
    closed: tuple[ClosedRegion, ...] = ()
    others: tuple[OthersListed, ...] = ()


def collection_of(
    plan: CollectionPlan,
    entries: Sequence[AccountEntry],
    ends: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
    stated: str = "",
    seen: Seen = MappingProxyType({}),
) -> Collection:
    """Return what came of all accounts, in the order in which they are given: two sources each, as ``sources_each`` says.

    Behind them stands what somebody declares of closed regions, in the words ``stated``: its claims are no listing's. ``seen``
    is what the store held before: of a region where objects were seen nothing is known once it is disabled.
    """
    sources: list[EstateSource] = []
    causes: Counter[Unread] = Counter()
    disabled = {entry.account: _disabled(plan, entry, seen.get(entry.account, {})) for entry in entries}
    entries = tuple(_with_closed(entry, disabled[entry.account]) for entry in entries)
    for entry in entries:
        mine = [end for cell, end in ends.items() if cell.account == entry.account]
        sources += _sources(plan, entry, {end.cell: end for end in mine}, parts)
        causes.update(dict.fromkeys((why for why in (entry.why, entry.no_regions) if why is not None), 0))
        causes.update(dict.fromkeys((why for end in mine for why in end.whys), 0))
        causes.update(dict.fromkeys((why for _, _, why in _never_ended(plan, entry, ends)), 0))
        for cause in (cause for end in mine for part in parts.get(end.cell, ()) for cause in part.unread):
            causes[replace(cause, objects=0)] += cause.objects
    declared = [claim for entry in entries for claim in _declared(plan, entry, ends)]
    if declared:
        at = max((entry.at for entry in entries if entry.at), default=None)
        closing = sorted({entry.account for entry in entries if entry.stated})
        sources.append(EstateSource(stated, STATED, at, 0, tuple(closing), tuple(declared)))
    return Collection(
        tuple(sources),
        tuple(replace(cause, objects=number) for cause, number in sorted(causes.items(), key=str)),
        tuple((entry.account, entry.partition) for entry in entries if entry.why is None),
        tuple(
            ClosedRegion(entry.account, region, disabled[entry.account][region]) for entry in entries for region in entry.closed
        ),
        tuple(_others(end) for _, end in sorted(ends.items()) if end.others),
    )


def _disabled(plan: CollectionPlan, entry: AccountEntry, seen: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Return of the regions that an account has not enabled how many objects were seen there, of types that regions list."""
    disabled: Counter[str] = Counter()
    if not plan.is_regional or entry.why is not None or entry.no_regions is not None:
        return disabled
    for (type_name, region), number in seen.items():
        row = TYPES.get(type_name)
        if row is not None and CALLS[row.listed].regional and region not in entry.regions:
            disabled[region] += number
    return disabled


def _with_closed(entry: AccountEntry, disabled: Mapping[str, int]) -> AccountEntry:
    """Return an entry with its closed regions: those that are disabled, unless somebody declares them to be empty.

    A declaration about a region that is not enabled, and where nothing was seen, says no more than AWS does.
    """
    stated = tuple(region for region in entry.stated if region in entry.regions or region in disabled)
    return replace(entry, stated=stated, closed=tuple(sorted(set(disabled) - set(stated))))


def _others(end: WorkUnitResult) -> OthersListed:
    place = f"{end.cell.account}/{end.cell.region}" if end.cell.region else end.cell.account
    return OthersListed(CALLS[end.cell.listing].label, place, end.others, end.listed)


def row_of_closed(plan: CollectionPlan, entry: AccountEntry) -> Iterator[CollectedRow]:
    """Yield the row of an account that could not be entered: it is there, and nothing else of it is known."""
    if entry.account.isdecimal():
        details = {detail.call for detail in plan.account.details}
        reasons = {
            name: f"was not read: {entry.why}" for name, source in plan.account.row.fields.items() if source.call in details
        }
        yield CollectedRow(ACCOUNT_TYPE, {"Id": entry.account, "CA10__accountId__c": entry.account}, reasons)


def sources_each(plan: CollectionPlan) -> int:
    """Return how many sources an account has: its listings, and its credential report where that is asked for."""
    return 2 if REPORT in plan.listings else 1


def _sources(
    plan: CollectionPlan, entry: AccountEntry, ends: Mapping[WorkUnit, WorkUnitResult], parts: Mapping[WorkUnit, list[PartRows]]
) -> Iterator[EstateSource]:
    name, began = f"{KIND} {entry.account}", _began(entry, ends)
    counts = [sum(part.counts[number] for cell in ends for part in parts.get(cell, ())) for number in (0, 1)]
    claims: dict[bool, list[Claim]] = {True: [], False: []}
    for type_name, listings in plan.listings_of.items():
        claims[REPORT in listings] += _claims(plan, entry, listings, type_name, ends)
    accounts = (entry.account,) if entry.account.isdecimal() else ()
    if entry.why is not None:
        claims = {True: [], False: [Claim("", Scope(entry.account), str(entry.why))]}
    closed = bool(accounts) and entry.why is not None
    yield EstateSource(name, KIND, began, counts[0] + closed, accounts, tuple(claims[False]))
    if sources_each(plan) > 1:
        made_at = next((end.made_at for end in ends.values() if end.made_at is not None), None)
        yield EstateSource(f"{name} credential report", KIND, made_at or began, counts[1], accounts, tuple(claims[True]))


def _declared(plan: CollectionPlan, entry: AccountEntry, ends: Mapping[WorkUnit, WorkUnitResult]) -> Iterator[Claim]:
    """Yield what is known in full because somebody says that regions are empty: these, and the account with all others."""
    for type_name, listings in plan.listings_of.items() if entry.stated and not entry.why else ():
        if not CALLS[listings[0]].regional:
            continue
        yield from (Claim(type_name, Scope(entry.account, region)) for region in entry.stated)
        listed = _claims(plan, entry, listings, type_name, ends)
        if not any(claim.lacking for claim in listed):
            yield Claim(type_name, Scope(entry.account))


def _began(entry: AccountEntry, ends: Mapping[WorkUnit, WorkUnitResult]) -> datetime | None:
    """Return when the first listing began: nothing of the account is older than that."""
    return min([end.began for end in ends.values()] + ([entry.at] if entry.at else []), default=None)


def _never_ended(
    plan: CollectionPlan, entry: AccountEntry, ends: Mapping[WorkUnit, WorkUnitResult]
) -> Iterator[tuple[str, str, Unread]]:
    """Yield the listings that did not come to an end in a region, as where nobody enters an account again that was left.

    What nobody has heard the end of is not known in full.
    """
    for listing in (IDENTITY, *plan.listings) if entry.why is None else ():
        call = CALLS[listing]
        for region in entry.asked if call.regional else ("",):
            if WorkUnit(entry.account, region, listing) not in ends:
                where = CloudPlace(entry.account, entry.partition, region)
                yield listing, region, unread(call, FailureKind.FAILED, where, "NeverEnded")


def _claims(
    plan: CollectionPlan, entry: AccountEntry, listings: Sequence[str], type_name: str, ends: Mapping[WorkUnit, WorkUnitResult]
) -> list[Claim]:
    """Return what is known in full of a type: of the account where all listings of it are, in every region that is open.

    Of a region that was disabled nothing is, once objects were seen there.
    """
    account, call = entry.account, CALLS[listings[0]]
    lacking = {region: why for listing, region, why in _never_ended(plan, entry, ends) if listing in listings}
    lacking |= {
        cell.region: why
        for cell, end in ends.items()
        for listing, why in ((cell.listing, end.lacking), *end.each.items())
        if listing in listings and why is not None
    }
    if not call.regional:
        why = lacking.get("")
        return [Claim(type_name, Scope(account), str(why) if why else None)]
    known = {region: lacking.get(region) for region in entry.asked}
    known |= {
        region: unread(call, FailureKind.NOT_ASKED, CloudPlace(account, entry.partition, region))
        for region in {*entry.regions} - {*entry.asked, *entry.stated}
    }
    known |= {
        region: unread(call, FailureKind.REGION_CLOSED, CloudPlace(account, entry.partition, region)) for region in entry.closed
    }
    if not entry.no_regions and not entry.stated and not any(known.values()):
        return [Claim(type_name, Scope(account))]
    claims = [Claim(type_name, Scope(account, region), str(why) if why else None) for region, why in sorted(known.items())]
    return [*claims, Claim(type_name, Scope(account), str(entry.no_regions))] if entry.no_regions else claims
