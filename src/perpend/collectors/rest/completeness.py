"""Derive sources and claims from the results of a collection: the accounts that were read in full, and causes for others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import CollectedRow, Completeness, WorkUnit
from perpend.collectors.rest.errors import failed_call
from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.core.objects.inventory import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.collectors.protocol import AccountEntry, PartRows, WorkUnitResult
    from perpend.collectors.rest.plan import RestPlan


def completeness_of(
    plan: RestPlan,
    entries: Sequence[AccountEntry],
    results: Mapping[WorkUnit, WorkUnitResult],
    parts: Mapping[WorkUnit, list[PartRows]],
) -> Completeness:
    """Return one source for each entry, in the order of ``entries``, with a claim for each type and account.

    What belongs to an account that the cloud says is deleted is gone, of whatever type.
    """
    sources: list[Source] = []
    causes: Counter[FailedCall] = Counter()
    for entry in entries:
        mine = {cell: end for cell, end in results.items() if cell.account == entry.account}
        lacking = {} if entry.why else _lacking(plan, entry, mine)
        rows = sum(part.counts[0] for cell in mine for part in parts.get(cell, ()))
        began = min([*(end.began for end in mine.values()), *([entry.at] if entry.at else [])], default=None)
        accounts = [*unopened_account(plan, entry)] if entry.why else []
        claims = [Claim("", Scope(entry.account), str(entry.why))] if entry.why else [*_claims(plan, entry, lacking)]
        claims += [Claim(row.type_name, Scope(gone)) for gone in entry.gone for row in plan.tables.all_types]
        name = f"{plan.tables.cloud.name} {entry.account}"
        sources.append(Source(name, plan.tables.cloud.name, began, rows + len(accounts), entry.all_accounts, tuple(claims)))
        failed = [cause for cause in lacking.values() if cause.kind != FailureKind.NOT_ASKED.value]
        causes.update(dict.fromkeys([*([entry.why] if entry.why else []), *failed], 0))
        for cause in (cause for cell in mine for part in parts.get(cell, ()) for cause in part.unread):
            causes[replace(cause, objects=0)] += cause.objects
    unread = (replace(cause, objects=number) for cause, number in sorted(causes.items(), key=str))
    return Completeness(tuple(sources), tuple(unread))


def _lacking(plan: RestPlan, entry: AccountEntry, mine: Mapping[WorkUnit, WorkUnitResult]) -> dict[str, FailedCall]:
    """Return why types of an account are incomplete. A listing without a result shows none of its types in full."""
    lacking: dict[str, FailedCall] = {}
    for cell in plan.cells_of(entry.account):
        end = mine.get(cell)
        call = plan.tables.calls[cell.listing]
        why = end.lacking if end else failed_call(call, entry.account, FailureKind.FAILED, "NeverEnded")
        each = end.each if end else {}
        for request in plan.listings[cell.listing]:
            if cause := why or each.get(request.row.type_name):
                lacking[request.row.type_name] = cause
    return lacking


def _claims(plan: RestPlan, entry: AccountEntry, lacking: Mapping[str, FailedCall]) -> Iterator[Claim]:
    for request in plan.requests:
        why = lacking.get(request.row.type_name)
        for account in entry.all_accounts:
            yield Claim(request.row.type_name, Scope(account), str(why) if why else None)


def unopened_account(plan: RestPlan, entry: AccountEntry) -> Iterator[CollectedRow]:
    """Yield the row of an account that could not be opened: its id is known and nothing else."""
    for row in plan.tables.account_rows[:1]:
        reasons = dict.fromkeys(row.fields, f"was not read: {entry.why}")
        yield CollectedRow(row.type_name, {"Id": entry.account}, reasons)
