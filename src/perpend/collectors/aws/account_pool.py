"""Collect from many accounts, and estimate how long it takes.

A few accounts are open at once, and a failure in one stops no other.
"""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import AT_ONCE, CallRefused
from perpend.collectors.aws.collector import Collector
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.session.credentials import ASSUME
from perpend.collectors.aws.session.rate_limiter import rate_of
from perpend.collectors.aws.tables import BEFORE, IDENTITY
from perpend.collectors.protocol import AccountEntry, CallEstimate, now
from perpend.collectors.workers import Workers
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.model import DetailCall
    from perpend.collectors.aws.session.credentials import SdkAccountCredentials
    from perpend.collectors.aws.tables import AwsPlan
    from perpend.collectors.protocol import CheckpointWriter, CollectionListener, RegionFilter, UsedObjects

WINDOW: Final = 8
"""How many accounts are open at once."""

_SECONDS: Final = 0.2
"""The assumed duration of a call."""


@dataclass(slots=True)
class AccountPool:
    """Collects a plan from many accounts. ``calls`` counts the answered calls, ``warnings`` are for the user."""

    plan: AwsPlan
    checkpoint: CheckpointWriter
    regions: RegionFilter | None = None
    closed_regions: Sequence[str] = ()
    used: UsedObjects = field(default_factory=dict)
    listener: CollectionListener | None = None
    concurrency: int = 16
    calls: int = 0
    warnings: list[str] = field(default_factory=list)
    _labels: dict[str, str] = field(default_factory=dict)
    _counts: list[dict[str, int]] = field(default_factory=list)

    def collect(self, credentials: Sequence[SdkAccountCredentials]) -> None:
        """Collect from all accounts. Raises errors of the checkpoint and of ``regions``."""
        listings = Workers(self.concurrency, AT_ONCE)
        accounts = Workers(min(WINDOW, len(credentials)), WINDOW)
        try:
            with _collecting_garbage() as closed:
                accounts.do_all([("", self._task(account, listings, closed)) for account in credentials])
        finally:
            listings.stop()
            accounts.stop()
            for sdk in {account.sdk for account in credentials if account.sdk is not None}:
                sdk.close()
        # Several accounts may share a client and its counts.
        self.calls = sum(sum(counts.values()) for counts in {id(counts): counts for counts in self._counts}.values())

    def _task(self, account: SdkAccountCredentials, listings: Workers, closed: Callable[[], None]) -> Callable[[], None]:
        def do() -> None:
            entry = self.checkpoint.entry(account.account) if account.account else None
            if entry is None or not all(map(self.checkpoint.is_done, self.plan.cells_of(entry.account, entry.asked))):
                client = account.client()
                self._counts.append(client.call_counts)
                try:
                    entry = self._collect(account, client, listings, entry)
                except CallRefused as error:
                    why = account.unread(error)
                    self.checkpoint.enter(AccountEntry(why.account, account.partition, account.label, why=why, at=now()))
                finally:
                    if account.sdk is None:
                        client.close()
                        closed()
            if self.listener:
                self.listener.closed(entry.account if entry else account.account)

        return do

    def _collect(
        self, account: SdkAccountCredentials, client: CloudClient, workers: Workers, entry: AccountEntry | None
    ) -> AccountEntry | None:
        """Open an account and collect what the checkpoint does not hold. Raises CallRefused if it cannot be opened."""
        place = account.open(client)
        if account.account and place.account != account.account:
            raise CallRefused(ASSUME, Refusal("AnotherAccount"))
        if self._labels.setdefault(place.account, account.label) != account.label:
            self.warnings.append(f"{account.label} and {self._labels[place.account]} open the same account {place.account}")
            return entry
        collector = Collector(client, self.plan, place, self.checkpoint, workers, self.regions, self.closed_regions, self.used)
        entry = entry or self.checkpoint.entry(place.account)
        if entry is None:
            entry = collector.entry(account.label)
            self.checkpoint.enter(entry)
        left = [cell for cell in self.plan.cells_of(entry.account, entry.asked) if not self.checkpoint.is_done(cell)]
        if self.listener:
            self.listener.opened(entry, left)
        collector.collect(entry, done=self.listener.ended if self.listener else None)
        return entry


@contextmanager
def _collecting_garbage() -> Iterator[Callable[[], None]]:
    """Yield a function to call after an account with own clients was closed, which frees their memory.

    The SDK's objects of such an account form reference cycles, which Python collects late. Objects from before are left out.
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


def estimate_of(plan: AwsPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
    """Return the minimum of calls of a plan: one page for each listing, in each region of each account if it is regional."""
    numbers: Counter[tuple[str, bool]] = Counter({("sts", False): 1})
    if plan.is_regional:
        numbers["ec2", False] += 1
    for listing in plan.listings.keys() - {IDENTITY}:
        numbers[CALLS[listing].service, CALLS[listing].regional] += 1 + len(BEFORE.get(listing, ()))
    [account], rows = plan.listings[IDENTITY], [one for one in plan.requests if one.row.listed != IDENTITY]
    details = [detail for row in rows for detail in row.details]
    together = [detail.call for detail in details if detail.matched or detail.metric]
    singly = _each_object(details)
    most_each = max((sum(CALLS[name].of_an_item for name in _each_object(row.details)) for row in rows), default=0)
    of_account = [detail.call for detail in account.details]
    for name in (*together, *(name for name in singly if not CALLS[name].of_an_item), *of_account):
        numbers[CALLS[name].service, CALLS[name].regional and name not in of_account] += 1
    calls = sum(number * (regions if regional else 1) for (_, regional), number in numbers.items())
    slowest = max(number / rate_of(service) for (service, _), number in numbers.items())
    at_once = min(concurrency, max(1, calls))
    seconds = max(accounts * calls * _SECONDS / at_once, slowest * accounts / min(WINDOW, accounts))
    return CallEstimate(accounts * calls, max(1, round(seconds)), most_each)


def _each_object(details: Iterable[DetailCall]) -> list[str]:
    """Return the names of the calls that are made for one object at a time."""
    return list(dict.fromkeys(name for detail in details for name in detail.each_object))
