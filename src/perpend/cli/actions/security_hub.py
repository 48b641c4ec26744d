"""Send findings to AWS Security Hub and print how many were sent."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.config.configuration import is_address
from perpend.collectors.protocol import CannotPush
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from perpend.collectors.protocol import FindingsService, PushResult

REFUSED: Final = 1
"""The exit code if Security Hub rejected findings."""

_MOST_NAMED: Final = 5


def push(service: FindingsService, lines: TextIO, name: str, record: Path, *, dry_run: bool) -> int:
    """Send the findings that are new or changed, print a summary, and return the exit code. Raises CannotPush."""
    result = service.push(lines, name, record, dry_run=dry_run)
    _print_result(result, f"{service.account} in {service.region}", dry_run=dry_run)
    return REFUSED if result.refused else 0


def _print_result(result: PushResult, where: str, *, dry_run: bool) -> None:
    verb = "would be sent" if dry_run else "sent"
    click.echo(
        f"Security Hub of {where}: {result.sent:,} {verb} in {counted(result.calls, 'call')} ({result.new:,} new, "
        f"{result.changed:,} changed, {result.refreshed:,} refreshed), {result.same:,} unchanged, "
        f"{result.no_news:,} that pass and were never sent"
    )
    if result.unmentioned:
        click.echo(f"perpend: {counted(result.unmentioned, 'finding')} sent before, not mentioned now, left alone", err=True)
    if result.foreign:
        click.echo(f"perpend: {counted(result.foreign, 'finding')} of other accounts not sent", err=True)
    for name, reason in list(result.refused.items())[:_MOST_NAMED]:
        click.echo(f"perpend: refused: {visible(name)}: {visible(reason)}", err=True)
    if len(result.refused) > _MOST_NAMED:
        click.echo(f"perpend: {len(result.refused):,} refused in all", err=True)


def record_path(sent: str | None, place: str, where: str) -> Path:
    """Return the file that remembers what was sent, one for each account and region. ``place`` is the store or the file."""
    if sent is not None:
        return Path(sent)
    if place == "-" or is_address(place):
        raise click.UsageError("--sent must name a file for the record of sent findings: this input has no place for it")
    return Path(f"{place.rstrip('/' + os.sep)}.asff-sent-{where}.ndjson")


@contextmanager
def lines_in(name: str) -> Iterator[TextIO]:
    """Yield an open file, standard input for ``-``. Raises CannotPush."""
    if name == "-":
        yield sys.stdin
        return
    try:
        with open(name, encoding="utf-8", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise CannotPush(f"{visible(name)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise CannotPush(f"{visible(name)}: not text in UTF-8") from None
