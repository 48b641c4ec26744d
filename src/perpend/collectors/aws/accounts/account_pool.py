"""Collect from many accounts: a few are open at once, and a failure in one stops no other."""

from __future__ import annotations

import gc
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.client import AT_ONCE, Refused
from perpend.collectors.aws.collector import Collector, cells_of
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.session.credentials import ASSUME
from perpend.collectors.protocol import AccountEntry, now
from perpend.collectors.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.collectors.aws.session.credentials import AccountCredentials
    from perpend.collectors.protocol import CheckpointWriter, CollectionListener, RegionFilter

WINDOW: Final = 8
"""How many accounts are open at once."""


@dataclass(slots=True)
class AccountPool:
    """Collects a plan from many accounts. ``calls`` counts the answered calls, ``warnings`` are for the user."""

    plan: CollectionPlan
    checkpoint: CheckpointWriter
    regions: RegionFilter | None = None
    closed_regions: Sequence[str] = ()
    listener: CollectionListener | None = None
    concurrency: int = 16
    calls: int = 0
    warnings: list[str] = field(default_factory=list)
    _labels: dict[str, str] = field(default_factory=dict)
    _counts: list[dict[str, int]] = field(default_factory=list)

    def collect(self, credentials: Sequence[AccountCredentials]) -> None:
        """Collect from all accounts. Raises errors of the checkpoint and of ``regions``."""
        listings = Workers(self.concurrency, AT_ONCE)
        accounts = Workers(min(WINDOW, len(credentials)), WINDOW)
        try:
            with _collecting_garbage() as closed:
                accounts.do_all([("", self._task(account, listings, closed)) for account in credentials])
        finally:
            listings.stop()
            accounts.stop()
        # Several accounts may share a client and its counts.
        self.calls = sum(sum(counts.values()) for counts in {id(counts): counts for counts in self._counts}.values())

    def _task(self, account: AccountCredentials, listings: Workers, closed: Callable[[], None]) -> Callable[[], None]:
        def do() -> None:
            entry = self.checkpoint.entry(account.account) if account.account else None
            if entry is None or not all(map(self.checkpoint.is_done, cells_of(self.plan, entry))):
                client = account.client()
                self._counts.append(client.call_counts)
                try:
                    entry = self._collect(account, client, listings, entry)
                except Refused as error:
                    why = account.unread(error)
                    self.checkpoint.enter(AccountEntry(why.account, account.partition, account.label, why=why, at=now()))
                finally:
                    client.close()
                    closed()
            if self.listener:
                self.listener.closed(entry.account if entry else account.account)

        return do

    def _collect(
        self, account: AccountCredentials, client: CloudClient, workers: Workers, entry: AccountEntry | None
    ) -> AccountEntry | None:
        """Open an account and collect what the checkpoint does not hold. Raises Refused if it cannot be opened."""
        place = account.open(client)
        if account.account and place.account != account.account:
            raise Refused(ASSUME, Refusal("AnotherAccount"))
        if self._labels.setdefault(place.account, account.label) != account.label:
            self.warnings.append(f"{account.label} and {self._labels[place.account]} open the same account {place.account}")
            return entry
        collector = Collector(client, self.plan, place, self.checkpoint, workers, self.regions, self.closed_regions)
        entry = entry or self.checkpoint.entry(place.account)
        if entry is None:
            entry = collector.entry(account.label)
            self.checkpoint.enter(entry)
        left = [cell for cell in cells_of(self.plan, entry) if not self.checkpoint.is_done(cell)]
        if self.listener:
            self.listener.opened(entry, left)
        collector.collect(entry, done=self.listener.ended if self.listener else None)
        return entry


@contextmanager
def _collecting_garbage() -> Iterator[Callable[[], None]]:
    """Yield a function to call after an account was closed, which frees its memory.

    The SDK's objects of an account form reference cycles, which Python collects late. Objects from before are left out.
    """
    numbers = itertools.count(1)

    def closed() -> None:
        if next(numbers) % WINDOW == 0:
            gc.collect()

    gc.freeze()
    try:
        yield closed
    finally:
        gc.unfreeze()
