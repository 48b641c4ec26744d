"""How far a collection is, drawn on a terminal: accounts, and of each open one the services that are still asked."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.collectors.aws.work_units import AccountEntry, WorkUnit


class Watching:
    """Draws one line for all accounts and one for each that is open."""

    def __init__(self, bars: Any, accounts: int) -> None:
        self._bars = bars
        self._all = bars.add_task("accounts", total=accounts)
        self._tasks: dict[str, Any] = {}
        self._left: dict[str, Counter[str]] = {}
        self._lock = threading.Lock()

    def opened(self, entry: AccountEntry, cells: Sequence[WorkUnit]) -> None:
        """Draw a line for an account."""
        with self._lock:
            self._left[entry.account] = Counter(_service(cell) for cell in cells)
            self._tasks[entry.account] = self._bars.add_task(self._label(entry.account), total=len(cells))

    def ended(self, cell: WorkUnit) -> None:
        """Draw that one more listing of an account is done."""
        with self._lock:
            left = self._left[cell.account]
            left[_service(cell)] -= 1
            self._bars.update(self._tasks[cell.account], advance=1, description=self._label(cell.account))

    def closed(self, account: str) -> None:
        """Take an account's line away."""
        with self._lock:
            if account in self._tasks:
                self._bars.remove_task(self._tasks.pop(account))
            self._bars.update(self._all, advance=1)

    def _label(self, account: str) -> str:
        services = ", ".join(service for service, number in self._left[account].items() if number > 0)
        return f"{visible(account)}: {services}"


@contextmanager
def watching(accounts: int) -> Iterator[Watching | None]:
    """Yield what draws how far a collection is, None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Watching(bars, accounts)


def _service(cell: WorkUnit) -> str:
    return cell.listing.partition(".")[0]
