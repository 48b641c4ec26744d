"""The accounts of a run: their objects, the age of their facts, and the parts that could not be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.collectors.permissions import calls_by_cloud, missing_permissions
from perpend.core.objects.claims import incomplete_by_type
from perpend.core.objects.labels import Labels
from perpend.findings.history.queries.latest_verdicts import objects_by_region
from perpend.findings.history.queries.views import OBJECTS, TAGS, asking
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.names import DeclaredTypes
from perpend.server.answers import AccountRow, Estate, MissingPermissionsRow, SourceRow, UnreadCall, UnreadType
from perpend.server.views.run_state import NOT_ALL_READ, accounts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perpend.core.objects.claims import FailedCall
    from perpend.inventory.snapshots.manifest import StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


def estate_of(state: RunState, scope: ReaderScope) -> Estate:
    """Return the accounts, with the sources and the failed calls of the run's snapshot if it is still stored."""
    run, store = state.run, Store(state.history.store)
    objects = _objects(state, scope)
    if run.snapshot not in store.runs():
        return _estate(state, scope, objects, None)
    with store.reading(run.snapshot) as snapshot:
        return _estate(state, scope, objects, snapshot)


def _estate(
    state: RunState, scope: ReaderScope, objects: dict[str | None, dict[str, int]], snapshot: Snapshot | None
) -> Estate:
    sources = [source for source in snapshot.sources if _is_seen(source, scope)] if snapshot else []
    calls = [call for call in snapshot.calls if scope.sees(call.account)] if snapshot else []
    known = {account for account in objects if account is not None}
    known |= {account for source in sources for account in source.accounts if scope.sees(account)}
    failed = Counter(call.account for call in calls)
    return Estate(
        state.run.number,
        state.run.snapshot,
        datetime.fromisoformat(state.run.time).astimezone(UTC),
        snapshot is not None,
        tuple(_account_row(state, account, objects.get(account, {}), sources, failed) for account in sorted(known)),
        sum(objects.get(None, {}).values()),
        tuple(_source_row(source, scope) for source in sources),
        tuple(f"{failure.source}: {failure.reason}" for failure in snapshot.failures) if snapshot and scope.is_all else (),
        _alike(calls),
        _incomplete(state, sources, scope),
        tuple(
            MissingPermissionsRow(missing.cloud, missing.title, missing.format, missing.document, missing.notes)
            for missing in missing_permissions(calls_by_cloud(calls, sources))
        ),
        not scope.is_all,
    )


def _objects(state: RunState, scope: ReaderScope) -> dict[str | None, dict[str, int]]:
    """Return the numbers of evaluated objects by account and region."""
    objects: dict[str | None, dict[str, int]] = {}
    with asking(state.history, OBJECTS, TAGS) as connection:
        query = objects_by_region(state.history, accounts_of(scope))
        for account, region, number in connection.execute(*query).fetchall():
            objects.setdefault(account, {})[region] = number
    return objects


def _is_seen(source: StoredSource, scope: ReaderScope) -> bool:
    return scope.is_all or not scope.accounts.isdisjoint(source.accounts)


def _account_row(
    state: RunState,
    account: str,
    regions: dict[str, int],
    sources: Iterable[StoredSource],
    failed: Counter[str],
) -> AccountRow:
    listing = [source for source in sources if any(claim.scope.account == account for claim in source.coverage)]
    naming = [source for source in sources if account in source.accounts]
    times = [source.observed_at.astimezone(UTC) for source in listing or naming if source.observed_at]
    name = state.account_names.get(account)
    return AccountRow(account, name, sum(regions.values()), regions, max(times, default=None), failed[account])


def _source_row(source: StoredSource, scope: ReaderScope) -> SourceRow:
    seen = tuple(filter(scope.sees, source.accounts))
    time = source.observed_at.astimezone(UTC) if source.observed_at else None
    if len(seen) == len(source.accounts):
        return SourceRow(source.name, source.kind, time, source.objects, seen)
    return SourceRow(source.kind, source.kind, time, None, seen)  # its name may be that of another account


def _alike(calls: Iterable[FailedCall]) -> tuple[UnreadCall, ...]:
    """Return failed calls by permission and refusal, those with the most calls first."""
    by_permission: dict[tuple[str, str], list[FailedCall]] = {}
    for call in calls:
        by_permission.setdefault((call.label, call.refusal), []).append(call)
    rows = (
        UnreadCall(
            permission,
            refusal,
            tuple(sorted({call.code for call in alike if call.code})),
            len(alike),
            sum(call.objects for call in alike),
            tuple(sorted({call.account for call in alike})),
            tuple(sorted({call.region for call in alike if call.region})),
        )
        for (permission, refusal), alike in by_permission.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.permission, row.refusal)))


def _incomplete(state: RunState, sources: Sequence[StoredSource], scope: ReaderScope) -> tuple[UnreadType, ...]:
    labels = Labels(DeclaredTypes(state.repository))
    by_type = incomplete_by_type(claim for source in sources for claim in source.coverage)
    alike: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, of_accounts in sorted(by_type.items()):
        for account, reason in of_accounts:
            if not account or scope.sees(account):
                alike[name, reason if account or scope.is_all else NOT_ALL_READ].append(account)
    return tuple(
        UnreadType(name, labels.type(name) if name else "", tuple(accounts), reason)
        for (name, reason), accounts in alike.items()
    )
