"""Show the progress of a collection on standard error."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.reports.streams import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from perpend.collectors.protocol import AccountEntry, CollectionListener, WorkUnit
    from perpend.inventory.snapshots.store import Store


class TerminalProgress:
    """Prints the messages of a collection, and draws its progress if standard error is a terminal.

    ``stays``: the store remains after the command.
    """

    def __init__(self, *, stays: bool = True) -> None:
        self._stays = stays

    def inactive_accounts(self, number: int) -> None:
        """Print how many accounts are skipped because they are not active."""
        print_inactive_accounts(number, err=True)

    def other_accounts(self, accounts: Sequence[str]) -> None:
        """Print which accounts of a resumed collection are left out, because the credentials do not open them."""
        number = counted(
            len(accounts), "account of the interrupted collection is", "accounts of the interrupted collection are"
        )
        first = f"{visible(accounts[0])}{', …' if len(accounts) > 1 else ''}"
        click.echo(f"perpend: {number} left out: these credentials do not open {first}", err=True)

    def unfinished_collections(self, store: Store, directories: Sequence[Path]) -> None:
        """Print the start of each unfinished collection, and how to resume or remove it."""
        for directory in directories:
            began = directory.name.partition(".")[0].partition("-")[0][:15]
            click.echo(
                f"perpend: the store has an unfinished collection of {began} UTC: --resume with its options resumes it, "
                f"`perpend inventory prune --keep N` removes it",
                err=True,
            )

    def collecting(self, accounts: int) -> AbstractContextManager[CollectionListener | None]:
        """Return a context that draws the progress of accounts."""
        return account_bars(accounts)

    def storing(self) -> AbstractContextManager[Callable[[int], None] | None]:
        """Return a context that draws the number of stored rows."""
        return progress("storing")

    def interrupted(self, store: Store, listings: int) -> None:
        """Print how many listings are done, and how to resume; or that nothing was kept."""
        if not self._stays:
            click.echo("perpend: nothing was kept, because of --no-store", err=True)
            return
        done = f"{counted(listings, 'listing is', 'listings are')} done"
        place = visible(str(store.directory))
        click.echo(f"{done} and stored in {place}: the same command with --resume continues", err=True)


def print_inactive_accounts(number: int, *, err: bool) -> None:
    """Print how many accounts are skipped because they are not active."""
    click.echo(f"{counted(number, 'account is', 'accounts are')} not active, and skipped", err=err)


class AccountBars:
    """Draws a progress bar for all accounts and one for each open account, with the services that are left."""

    def __init__(self, bars: Any, accounts: int) -> None:
        self._bars = bars
        self._all = bars.add_task("accounts", total=accounts)
        self._tasks: dict[str, Any] = {}
        self._left: dict[str, Counter[str]] = {}
        self._lock = threading.Lock()

    def opened(self, entry: AccountEntry, cells: Sequence[WorkUnit]) -> None:
        """Add a bar for an account."""
        with self._lock:
            self._left[entry.account] = Counter(_service(cell) for cell in cells)
            self._tasks[entry.account] = self._bars.add_task(self._label(entry.account), total=len(cells))

    def ended(self, cell: WorkUnit) -> None:
        """Advance the bar of an account by one listing."""
        with self._lock:
            left = self._left[cell.account]
            left[_service(cell)] -= 1
            self._bars.update(self._tasks[cell.account], advance=1, description=self._label(cell.account))

    def closed(self, account: str) -> None:
        """Remove the bar of an account."""
        with self._lock:
            if account in self._tasks:
                self._bars.remove_task(self._tasks.pop(account))
            self._bars.update(self._all, advance=1)

    def _label(self, account: str) -> str:
        services = ", ".join(service for service, number in self._left[account].items() if number > 0)
        return f"{visible(account)}: {services}"


@contextmanager
def account_bars(accounts: int) -> Iterator[AccountBars | None]:
    """Yield the bars of a collection, None if standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield AccountBars(bars, accounts)


def _service(cell: WorkUnit) -> str:
    return cell.listing.partition(".")[0]
