"""Collect from the accounts of a cloud. A cloud says which accounts there are, and brings tokens."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from perpend.collectors.protocol import AccountEntry, CallCounts, CallEstimate, now
from perpend.collectors.rest.transport import Transport
from perpend.collectors.rest.walk import AccountWalk
from perpend.collectors.workers import Workers
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from perpend.collectors.protocol import (
        CheckpointWriter,
        CollectionListener,
        CollectOptions,
        RegionFilter,
        UsedObjects,
    )
    from perpend.collectors.rest.rows import RestPlan
    from perpend.collectors.rest.transport import Tokens
    from perpend.core.objects.claims import FailedCall

_WINDOW = 8
"""How many accounts are collected at once."""

_AT_ONCE = 4
"""How many calls to one service of an account run at once."""


@dataclass(frozen=True, slots=True)
class RestAccount:
    """An account with its tokens, or ``why`` it cannot be collected."""

    account: str
    label: str = ""
    tokens: Tokens | None = None
    why: FailedCall | None = None


class Accounts(Protocol):
    """Lists the accounts of a cloud that options ask for, which are those of the cloud's own class."""

    def __call__(self, plan: RestPlan, options: Any, /) -> tuple[Sequence[RestAccount], int]:
        """Return the accounts to collect from, and the number of accounts that are not active. Raises NothingCollected."""
        ...


class RestApi:
    """Requests to a cloud. ``accounts`` lists its accounts; an Id of a region is that of an object, not of a request."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def regions(self) -> list[str]:
        """Return no region: no call is made by region."""
        return []

    def default_regions(self, options: CollectOptions) -> list[str]:
        """Return no region: no call is made by region."""
        return []

    def credentials(self, plan: RestPlan, options: CollectOptions) -> tuple[Sequence[RestAccount], int]:
        """Return the accounts to collect from, and the number of inactive ones."""
        return self._accounts(plan, options)

    def estimate(self, plan: RestPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        """Return the calls and the time that a plan takes."""
        return plan.tables.estimate(plan, accounts=accounts, concurrency=concurrency)

    def collect(
        self,
        plan: RestPlan,
        credentials: Sequence[RestAccount],
        checkpoint: CheckpointWriter,
        options: CollectOptions,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        """Collect from all accounts what the checkpoint does not hold yet."""
        calls: list[int] = []
        listings = Workers(options.concurrency, _AT_ONCE)
        accounts = Workers(max(1, min(_WINDOW, len(credentials))), _WINDOW)

        def task(account: RestAccount) -> Callable[[], None]:
            return lambda: calls.append(_collect(plan, account, checkpoint, options, listings, listener))

        try:
            accounts.do_all([("", task(account)) for account in credentials])
        finally:
            listings.stop()
            accounts.stop()
        return CallCounts(sum(calls))


def _collect(
    plan: RestPlan,
    account: RestAccount,
    checkpoint: CheckpointWriter,
    options: CollectOptions,
    workers: Workers,
    listener: CollectionListener | None,
) -> int:
    """Collect from one account what the checkpoint does not hold. Return the number of answered calls."""
    answered = 0
    entry = checkpoint.entry(account.account)
    if entry is None or (entry.why is None) != (account.why is None):
        entry = AccountEntry(account.account, label=account.label, at=now(), why=account.why)
        checkpoint.enter(entry)
    left = [cell for cell in plan.cells_of(account.account) if not checkpoint.is_done(cell)]
    if account.tokens is not None and account.why is None and left:
        if listener:
            listener.opened(entry, left)
        transport = Transport(plan.tables, account.account, account.tokens, options.endpoint_url)
        try:
            AccountWalk(plan, account.account, transport, checkpoint, workers).collect(
                done=listener.ended if listener else None
            )
        finally:
            transport.close()
            answered = sum(transport.answered.values())
    if listener:
        listener.closed(account.account)
    return answered
