"""The progress of a collection for programs: nothing is printed, and a function may be called."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from perpend.collectors.protocol import AccountEntry, CollectionListener, WorkUnit
    from perpend.inventory.snapshots.store import Store


class SilentProgress:
    """Prints nothing of a collection. ``done`` is called with the numbers of listings that ended and that are known so far."""

    def __init__(self, done: Callable[[int, int], None] | None = None) -> None:
        self._done = done

    def inactive_accounts(self, number: int) -> None:
        """Do nothing."""

    def other_accounts(self, accounts: Sequence[str]) -> None:
        """Do nothing."""

    def unfinished_collections(self, store: Store, directories: Sequence[Path]) -> None:
        """Do nothing."""

    def collecting(self, accounts: int) -> AbstractContextManager[CollectionListener | None]:
        """Return a context with a listener that counts listings, None if nothing is called."""
        return _counting(self._done) if self._done else nullcontext()

    def storing(self) -> AbstractContextManager[Callable[[int], None] | None]:
        """Return a context without a function."""
        return nullcontext()

    def interrupted(self, store: Store, listings: int) -> None:
        """Do nothing."""


@contextmanager
def _counting(done: Callable[[int, int], None]) -> Iterator[CollectionListener]:
    yield _ListingCounter(done)


class _ListingCounter:
    """Counts the listings of a collection. Threads call it one after the other."""

    def __init__(self, done: Callable[[int, int], None]) -> None:
        self._done = done
        self._finished = self._total = 0
        self._lock = threading.Lock()

    def opened(self, entry: AccountEntry, cells: Sequence[WorkUnit]) -> None:
        """Add the listings of an account."""
        self._tell(0, len(cells))

    def ended(self, cell: WorkUnit) -> None:
        """Note that a listing ended."""
        self._tell(1, 0)

    def closed(self, account: str) -> None:
        """Do nothing: its listings ended, or there were none."""

    def _tell(self, ended: int, more: int) -> None:
        with self._lock:
            self._finished += ended
            self._total += more
            self._done(self._finished, self._total)
