"""Entrances in, all that they lead to collected: a few accounts open at once, none of which stops another."""

from __future__ import annotations

import gc
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from perpend.collectors.aws.accounts.workers import Workers
from perpend.collectors.aws.client import AT_ONCE, Refused
from perpend.collectors.aws.collector import Collector, cells_of
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.session.credentials import ASSUME
from perpend.collectors.aws.work_units import AccountEntry, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.collectors.aws.session.credentials import AccountCredentials
    from perpend.collectors.aws.work_units import CheckpointWriter, WorkUnit

WINDOW: Final = 8
"""How many accounts are open at once."""


class Onlooker(Protocol):
    """Who is told how far a collection is. Threads call it."""

    def opened(self, entry: AccountEntry, cells: Sequence[WorkUnit], /) -> None:
        """Take note of an account and of its cells that are still to be asked."""
        ...

    def ended(self, cell: WorkUnit, /) -> None:
        """Take note of a cell that came to its end."""
        ...

    def closed(self, account: str, /) -> None:
        """Take note of an account that is done, or could not be entered."""
        ...


@dataclass(slots=True)
class Accounts:
    """Collects what a plan asks of many accounts. ``calls`` counts those that were answered."""

    plan: CollectionPlan
    kept: CheckpointWriter
    wanted_regions: Callable[[Sequence[str]], Sequence[str]] | None = None
    closed_regions: Sequence[str] = ()
    watch: Onlooker | None = None
    concurrency: int = 16
    calls: int = 0
    twice: list[str] = field(default_factory=list)
    _entered: dict[str, str] = field(default_factory=dict)
    _asked: list[dict[str, int]] = field(default_factory=list)

    def collect(self, entrances: Sequence[AccountCredentials]) -> None:
        """Collect. Raises what kept rows from being kept, and what ``wanted_regions`` raises."""
        cells = Workers(self.concurrency, AT_ONCE)
        doors = Workers(min(WINDOW, len(entrances)), WINDOW)
        try:
            with _swept() as closed:
                doors.do_all([("", self._task(entrance, cells, closed)) for entrance in entrances])
        finally:
            cells.stop()
            doors.stop()
        self.calls = sum(sum(asked.values()) for asked in {id(asked): asked for asked in self._asked}.values())

    def _task(self, entrance: AccountCredentials, cells: Workers, closed: Callable[[], None]) -> Callable[[], None]:
        def do() -> None:
            entry = self.kept.entry(entrance.account) if entrance.account else None
            if entry is None or not all(map(self.kept.is_done, cells_of(self.plan, entry))):
                client = entrance.client()
                self._asked.append(client.asked)
                try:
                    entry = self._opened(entrance, client, cells, entry)
                except Refused as error:
                    why = entrance.refused(error)
                    self.kept.enter(AccountEntry(why.account, entrance.partition, entrance.label, why=why, at=now()))
                finally:
                    client.close()
                    closed()
            if self.watch:
                self.watch.closed(entry.account if entry else entrance.account)

        return do

    def _opened(
        self, entrance: AccountCredentials, client: CloudClient, workers: Workers, entry: AccountEntry | None
    ) -> AccountEntry | None:
        """Enter an account and collect what is not kept of it. Raises Refused where it cannot be entered."""
        place = entrance.enter(client)
        if entrance.account and place.account != entrance.account:
            raise Refused(ASSUME, Refusal("AnotherAccount"))
        if self._entered.setdefault(place.account, entrance.label) != entrance.label:
            self.twice.append(f"{entrance.label} and {self._entered[place.account]} open the same account {place.account}")
            return entry
        collector = Collector(client, self.plan, place, self.kept, workers, self.wanted_regions, self.closed_regions)
        entry = entry or self.kept.entry(place.account)
        if entry is None:
            entry = collector.entry(entrance.label)
            self.kept.enter(entry)
        left = [cell for cell in cells_of(self.plan, entry) if not self.kept.is_done(cell)]
        if self.watch:
            self.watch.opened(entry, left)
        collector.collect(entry, done=self.watch.ended if self.watch else None)
        return entry


@contextmanager
def _swept() -> Iterator[Callable[[], None]]:
    """Yield what is to be told that an account was closed: of more than are open at once, nothing stays in memory.

    What the SDK makes for an account goes in circles, which Python finds late by itself. What was there before is passed over.
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
