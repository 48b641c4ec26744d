"""Derive sources and claims from the results of a collection: the scopes that were read in full, and causes for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import STATED, ClosedRegion, Completeness, OthersListed
from perpend.collectors.tables import failed_call
from perpend.core.clouds.registry import is_account, is_account_group
from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.core.objects.inventory import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.collectors.plan import CollectionPlan
    from perpend.collectors.protocol import AccountEntry, PartRows, Seen, WorkUnit, WorkUnitResult


def completeness_of(
    plan: CollectionPlan[Any, Any],
    entries: Sequence[AccountEntry],
    results: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
    stated: str = "",
    seen: Seen = MappingProxyType({}),
) -> Completeness:
    """Return the sources of accounts, in the order of ``entries``: ``plan.sources_per_account`` for each.

    Declarations about closed regions, which ``stated`` quotes, get a source of their own after these. ``seen`` counts the
    objects of the previous snapshot: the objects of a region are unknown once the region is disabled. What belongs to an
    account that the cloud says is deleted is gone, of whatever type.
    """
    sources: list[Source] = []
    causes: Counter[FailedCall] = Counter()
    disabled = {entry.account: _disabled_regions(plan, entry, seen.get(entry.account, {})) for entry in entries}
    entries = tuple(_with_closed(entry, disabled[entry.account]) for entry in entries)
    for entry in entries:
        mine = [end for cell, end in results.items() if cell.account == entry.account]
        sources += _sources(plan, entry, {end.cell: end for end in mine}, parts)
        reasons = [entry.why, entry.no_regions, *(why for end in mine for why in end.all_reasons)]
        reasons += [why for _, _, why in _unfinished(plan, entry, results)]
        causes.update({why: 0 for why in reasons if why is not None and why.kind != FailureKind.NOT_ASKED.value})
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
        tuple((entry.account, entry.partition) for entry in entries if entry.why is None and entry.partition),
        tuple(
            ClosedRegion(entry.account, region, disabled[entry.account][region]) for entry in entries for region in entry.closed
        ),
        tuple(_others(plan, end) for _, end in sorted(results.items()) if end.others),
    )


def _disabled_regions(plan: CollectionPlan[Any, Any], entry: AccountEntry, seen: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Return the number of known objects of regional types by region, for regions that the account has not enabled."""
    disabled: Counter[str] = Counter()
    if not plan.is_regional or entry.why is not None or entry.no_regions is not None:
        return disabled
    for (type_name, region), number in seen.items():
        row = plan.tables.types.get(type_name)
        if row is not None and plan.tables.calls[row.listed].regional and region not in entry.regions:
            disabled[region] += number
    return disabled


def _with_closed(entry: AccountEntry, disabled: Mapping[str, int]) -> AccountEntry:
    """Return an entry with its closed regions: those that are disabled and not declared to be empty.

    Drop declarations about regions that are not enabled and never had objects: the cloud says the same about these.
    """
    stated = tuple(region for region in entry.stated if region in entry.regions or region in disabled)
    return replace(entry, stated=stated, closed=tuple(sorted(set(disabled) - set(stated))))


def _others(plan: CollectionPlan[Any, Any], end: WorkUnitResult) -> OthersListed:
    place = f"{end.cell.account}/{end.cell.region}" if end.cell.region else end.cell.account
    return OthersListed(plan.tables.calls[end.cell.listing].label, place, end.others, end.listed)


def _sources(
    plan: CollectionPlan[Any, Any],
    entry: AccountEntry,
    results: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
) -> Iterator[Source]:
    """Yield the sources of an account. One that could not be opened has a row if its id is known: its own."""
    kind, began = plan.tables.cloud.name, _began(entry, results)
    has_id = is_account(entry.account, plan.tables.cloud) or is_account_group(entry.account, plan.tables.cloud)
    claims: dict[int, list[Claim]] = {number: [] for number in range(plan.sources_per_account)}
    of_types: dict[str, int] = {}
    for request in plan.requests:
        of_types[request.row.type_name] = max(request.row.source, of_types.get(request.row.type_name, 0))
    if entry.why is not None:
        claims[0] = [Claim("", Scope(entry.account), str(entry.why))]
    else:
        for type_name, listings in plan.listings_of.items():
            claims[of_types[type_name]] += _claims(plan, entry, listings, type_name, results)
    claims[0] += [Claim(type_name, Scope(gone)) for gone in entry.gone for type_name in plan.tables.types]
    for number, of_source in claims.items():
        rows = sum(part.counts[number] for cell in results for part in parts.get(cell, ()))
        made_at = next((end.made_at for end in results.values() if end.made_at is not None), None) if number else None
        name = f"{kind} {entry.account} {plan.tables.sources[number]}".rstrip()
        yield Source(
            name,
            kind,
            made_at or began,
            rows + (entry.why is not None and has_id and not number),
            entry.all_accounts if has_id else (),
            tuple(of_source),
        )


def _declared(
    plan: CollectionPlan[Any, Any], entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]
) -> Iterator[Claim]:
    """Yield claims for regions that are declared empty, and for the account if all other regions were read in full."""
    for type_name, listings in plan.listings_of.items() if entry.stated and not entry.why else ():
        if not plan.tables.calls[listings[0]].regional:
            continue
        yield from (Claim(type_name, Scope(entry.account, region)) for region in entry.stated)
        listed = _claims(plan, entry, listings, type_name, results)
        if not any(claim.lacking for claim in listed):
            yield Claim(type_name, Scope(entry.account))


def _began(entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]) -> datetime | None:
    """Return when the first listing began: no object of the account was read earlier."""
    return min([end.began for end in results.values()] + ([entry.at] if entry.at else []), default=None)


def _unfinished(
    plan: CollectionPlan[Any, Any], entry: AccountEntry, results: Mapping[WorkUnit, WorkUnitResult]
) -> Iterator[tuple[str, str, FailedCall]]:
    """Yield the listings without a result, such as those of an account that a resumed collection did not open again.

    They are not known in full.
    """
    for cell in plan.cells_of(entry.account, entry.asked) if entry.why is None else ():
        if cell not in results:
            call = plan.tables.calls[cell.listing]
            yield cell.listing, cell.region, failed_call(call, entry.account, FailureKind.FAILED, "NeverEnded", cell.region)


def _claims(
    plan: CollectionPlan[Any, Any],
    entry: AccountEntry,
    listings: Sequence[str],
    type_name: str,
    results: Mapping[WorkUnit, WorkUnitResult],
) -> list[Claim]:
    """Return the claims about a type: one for the account if all its listings are complete in all open regions.

    A listing of a group claims for all accounts below it, too. Disabled regions in which objects were seen are incomplete.
    """
    account, call = entry.account, plan.tables.calls[listings[0]]
    unread_regions = {region: why for listing, region, why in _unfinished(plan, entry, results) if listing in listings}
    unread_regions |= {
        cell.region: why
        for cell, end in results.items()
        for listing, why in ((cell.listing, end.lacking), *end.each.items())
        if listing in (*listings, type_name) and why is not None
    }
    if not call.regional:
        why = unread_regions.get("")
        return [Claim(type_name, Scope(one), str(why) if why else None) for one in entry.all_accounts]
    known = {region: unread_regions.get(region) for region in entry.asked}
    known |= {
        region: failed_call(call, account, FailureKind.NOT_ASKED, region=region)
        for region in {*entry.regions} - {*entry.asked, *entry.stated}
    }
    known |= {region: failed_call(call, account, FailureKind.REGION_CLOSED, region=region) for region in entry.closed}
    if not entry.no_regions and not entry.stated and not any(known.values()):
        return [Claim(type_name, Scope(account))]
    claims = [Claim(type_name, Scope(account, region), str(why) if why else None) for region, why in sorted(known.items())]
    return [*claims, Claim(type_name, Scope(account), str(entry.no_regions))] if entry.no_regions else claims
