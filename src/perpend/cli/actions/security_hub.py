"""Findings in lines of text in, sent to AWS Security Hub, the news only, with what is told of it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.config.configuration import is_address
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TextIO

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.security_hub import Pushed

REFUSED: Final = 1
"""Exit code where Security Hub refused some findings."""

_MOST_TOLD: Final = 5


class CannotPush(PerpendError):
    """Findings that cannot be sent."""


def push(client: CloudClient, lines: TextIO, name: str, record: Path, account: str, *, dry_run: bool) -> int:
    """Send what is news of an account's findings, and return the exit code. Raises CannotPush."""
    from perpend.collectors.aws.client import Refused
    from perpend.collectors.aws.model import CloudCall
    from perpend.collectors.aws.security_hub import SentRecord, findings_in, push_findings

    foreign = 0
    call = CloudCall("BatchImportFindings", "securityhub", "BatchImportFindings", holds="SuccessCount")

    def own() -> Iterator[dict[str, Any]]:
        nonlocal foreign
        for finding in findings_in(lines, name):
            if finding["AwsAccountId"] == account:
                yield finding
            else:
                foreign += 1

    def send(batch: list[dict[str, Any]]) -> Mapping[str, Any]:
        return next(iter(client.pages(call, client.region, {"Findings": batch})))

    try:
        pushed = push_findings(own(), SentRecord(record), None if dry_run else send, region=client.region)
    except Refused as error:
        told = f"{error.refusal.code}: {error.refusal.message}"
        raise CannotPush(
            f"Security Hub in {client.region} does not take findings: {told}; what it took before is kept"
        ) from None
    _tell(pushed, foreign, f"{account} in {client.region}", dry_run=dry_run)
    return REFUSED if pushed.refused else 0


def _tell(pushed: Pushed, foreign: int, where: str, *, dry_run: bool) -> None:
    verb = "would be sent" if dry_run else "sent"
    click.echo(
        f"Security Hub of {where}: {pushed.sent:,} {verb} in {counted(pushed.calls, 'call')} ({pushed.new:,} new, "
        f"{pushed.changed:,} changed, {pushed.refreshed:,} refreshed), {pushed.same:,} unchanged, "
        f"{pushed.no_news:,} that pass and were never sent"
    )
    if pushed.unmentioned:
        click.echo(f"perpend: {counted(pushed.unmentioned, 'finding')} sent before, not mentioned now, left alone", err=True)
    if foreign:
        click.echo(f"perpend: {counted(foreign, 'finding')} of other accounts not sent", err=True)
    for name, reason in list(pushed.refused.items())[:_MOST_TOLD]:
        click.echo(f"perpend: refused: {visible(name)}: {visible(reason)}", err=True)
    if len(pushed.refused) > _MOST_TOLD:
        click.echo(f"perpend: {len(pushed.refused):,} refused in all", err=True)


def account_of(client: CloudClient) -> str:
    """Return the account of the credentials."""
    from perpend.collectors.aws.catalog import CALLS
    from perpend.collectors.aws.client import Refused

    try:
        return str(next(iter(client.pages(CALLS["sts.identity"], client.region, {})))["Account"])
    except Refused as error:
        raise CannotPush(f"AWS does not say whose credentials these are: {error.refusal.code}") from None


def record_path(sent: str | None, place: str, where: str) -> Path:
    """Return where what was sent is remembered: for each account and region by itself."""
    if sent is not None:
        return Path(sent)
    if place == "-" or is_address(place):
        raise click.UsageError("name a file with --sent: there is no place beside this to remember what was sent")
    return Path(f"{place.rstrip('/' + os.sep)}.asff-sent-{where}.ndjson")


@contextmanager
def lines_in(name: str) -> Iterator[TextIO]:
    """Yield a file to be read, standard input for ``-``. Raises CannotPush."""
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
