"""Derive sources and claims from the results of a collection: the scopes that were read in full, and causes for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.error_classification import unread
from perpend.collectors.aws.parse import CloudPlace
from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import STATED, ClosedRegion, CollectedRow, Completeness, OthersListed, WorkUnit
from perpend.core.clouds.aws import ACCOUNT_TYPE
from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.core.objects.inventory import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.collectors.aws.plan import AwsCollectionPlan
    from perpend.collectors.protocol import AccountEntry, PartRows, Seen, WorkUnitResult

KIND: Final = "aws"
"""The kind of sources that hold collected objects."""


def completeness_of(
    plan: AwsCollectionPlan,
    entries: Sequence[AccountEntry],
    results: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
    stated: str = "",
    seen: Seen = MappingProxyType({}),
) -> Completeness:
    """Return the sources of accounts, in the order of ``entries``: ``plan.sources_per_account`` for each.

    Declarations about closed regions, which ``stated`` quotes, get a source of their own after these. ``seen`` counts the
    objects of the previous snapshot: the objects of a region are unknown once the region is disabled.
    """
    sources: list[Source] = []
    causes: Counter[FailedCall] = Counter()
    disabled = {entry.account: _disabled_regions(plan, entry, seen.get(entry.account, {})) for entry in entries}
    entries = tuple(_with_closed(entry, disabled[entry.account]) for entry in entries)
    for entry in entries:
        mine = [end for cell, end in results.items() if cell.account == entry.account]
        sources += _sources(plan, entry, {end.cell: end for end in mine}, parts)
        causes.update(dict.fromkeys((why for why in (entry.why, entry.no_regions) if why is not None), 0))
        causes.update(dict.fromkeys((why for end in mine for why in end.all_reasons), 0))
        causes.update(dict.fromkeys((why for _, _, why in _unfinished(plan, entry, results)), 0))
        for cause in (cause for end in mine for part in parts.get(end.cell, ()) for cause in part.unread):
            causes[replace(cause, objects=0)] += cause.objects
    declared = [claim for entry in entries for claim in _declared(plan, entry, results)]
    if declared:
        at = max((entry.at for entry in entries if entry.at), default=None)
        accounts = sorted({entry.account for entry in entries if entry.stated})
        sources.append(Source(stated, STATED, at, 0, tuple(accounts), tuple(declared)))
    return Completeness(
        tuple(sources),
        tuple(replace(cause, objects=number) for cause, number in sorted(causes.items(), key=str)),
        tuple((entry.account, entry.partition) for entry in entries if entry.why is None),
        tuple(
            ClosedRegion(entry.account, region, disabled[entry.account][region]) for entry in entries for region in entry.closed
        ),
        tuple(_others(end) for _, end in sorted(results.items()) if end.others),
    )


def _disabled_regions(plan: AwsCollectionPlan, entry: AccountEntry, seen: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Return the number of known objects of regional types by region, for regions that the account has not enabled."""
    disabled: Counter[str] = Counter()
    if not plan.is_regional or entry.why is not None or entry.no_regions is not None:
        return disabled
    for (type_name, region), number in seen.items():
        row = TYPES.get(type_name)
        if row is not None and CALLS[row.listed].regional and region not in entry.regions:
            disabled[region] += number
    return disabled


def _with_closed(entry: AccountEntry, disabled: Mapping[str, int]) -> AccountEntry:
    """Return an entry with its closed regions: those that are disabled and not declared to be empty.

    Drop declarations about regions that are not enabled and never had objects: AWS says the same about these.
    """
    stated = tuple(region for region in entry.stated if region in entry.regions or region in disabled)
    return replace(entry, stated=stated, closed=tuple(sorted(set(disabled) - set(stated))))


def _others(end: WorkUnitResult) -> OthersListed:
    place = f"{end.cell.account}/{end.cell.region}" if end.cell.region else end.cell.account
    return OthersListed(CALLS[end.cell.listing].label, place, end.others, end.listed)


def row_of_closed(plan: AwsCollectionPlan, entry: AccountEntry) -> Iterator[CollectedRow]:
    """Yield the row of an account that could not be opened: its id is known and nothing else."""
    if entry.account.isdecimal():
        details = {detail.call for detail in plan.account.details}
        reasons = {
            name: f"was not read: {entry.why}" for name, source in plan.account.row.fields.items() if source.call in details
        }
        yield CollectedRow(ACCOUNT_TYPE, {"Id": entry.account, "CA10__accountId__c": entry.account}, reasons)


def _sources(
    plan: AwsCollectionPlan,
    entry: AccountEntry,
    results: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
) -> Iterator[Source]:
    name, began = f"{KIND} {entry.account}", _began(entry, results)
    counts = [sum(part.counts[number] for cell in results for part in parts.get(cell, ())) for number in (0, 1)]
    claims: dict[bool, list[Claim]] = {True: [], False: []}
    for type_name, listings in plan.listings_of.items():
        claims[type_name in plan.types_of_report] += _claims(plan, entry, listings, type_name, results)
    accounts = (entry.account,) if entry.account.isdecimal() else ()
    if entry.why is not None:
        claims = {True: [], False: [Claim("", Scope(entry.account), str(entry.why))]}
    # An account that could not be opened has one row: its own.
    own_row = bool(accounts) and entry.why is not None
    yield Source(name, KIND, began, counts[0] + own_row, accounts, tuple(claims[False]))
    if plan.sources_per_account > 1:
        made_at = next((end.made_at for end in results.values() if end.made_at is not None), None)
        yield Source(f"{name} credential report", KIND, made_at or began, counts[1], accounts, tuple(claims[True]))


def _declared(plan: AwsCollectionPlan, entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]) -> Iterator[Claim]:
    """Yield claims for regions that are declared empty, and for the account if all other regions were read in full."""
    for type_name, listings in plan.listings_of.items() if entry.stated and not entry.why else ():
        if not CALLS[listings[0]].regional:
            continue
        yield from (Claim(type_name, Scope(entry.account, region)) for region in entry.stated)
        listed = _claims(plan, entry, listings, type_name, results)
        if not any(claim.lacking for claim in listed):
            yield Claim(type_name, Scope(entry.account))


def _began(entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]) -> datetime | None:
    """Return when the first listing began: no object of the account was read earlier."""
    return min([end.began for end in results.values()] + ([entry.at] if entry.at else []), default=None)


def _unfinished(
    plan: AwsCollectionPlan, entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]
) -> Iterator[tuple[str, str, FailedCall]]:
    """Yield the listings without a result, such as those of an account that a resumed collection did not open again.

    They are not known in full.
    """
    for listing in plan.all_listings if entry.why is None else ():
        call = CALLS[listing]
        for region in entry.asked if call.regional else ("",):
            if WorkUnit(entry.account, region, listing) not in results:
                where = CloudPlace(entry.account, entry.partition, region)
                yield listing, region, unread(call, FailureKind.FAILED, where, "NeverEnded")


def _claims(
    plan: AwsCollectionPlan,
    entry: AccountEntry,
    listings: Sequence[str],
    type_name: str,
    results: Mapping[WorkUnit, WorkUnitResult],
) -> list[Claim]:
    """Return the claims about a type: one for the account if all its listings are complete in all open regions.

    Disabled regions in which objects were seen are incomplete.
    """
    account, call = entry.account, CALLS[listings[0]]
    unread_regions = {region: why for listing, region, why in _unfinished(plan, entry, results) if listing in listings}
    unread_regions |= {
        cell.region: why
        for cell, end in results.items()
        for listing, why in ((cell.listing, end.lacking), *end.each.items())
        if listing in (*listings, type_name) and why is not None
    }
    if not call.regional:
        why = unread_regions.get("")
        return [Claim(type_name, Scope(account), str(why) if why else None)]
    known = {region: unread_regions.get(region) for region in entry.asked}
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
