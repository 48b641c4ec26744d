"""Channels and a store's history in, each channel told of the runs that it has not heard of, and that remembered."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.config.command import configuration_of
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.history.record import place_of
from perpend.cli.options.repository import repository_here
from perpend.cli.options.waivers import ActiveWaivers
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.history.queries.views import asking
from perpend.findings.notifications.channels import UnusableChannels, channels_in
from perpend.findings.notifications.delivery_log import sending
from perpend.findings.notifications.digests import digest_of
from perpend.findings.notifications.expirations import endings_between
from perpend.findings.notifications.send import NotSent, deliver, post

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.delivery_log import SentRuns
    from perpend.findings.notifications.digests import Digest
    from perpend.findings.notifications.expirations import WaiverEnding
    from perpend.findings.notifications.send import Send

NOT_ALL: Final = 1
"""Exit code where something could not be sent; it goes out with the next call."""


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """What was asked, by the names of the options."""

    directory: str
    channels: str
    names: tuple[str, ...]
    repo: str | None
    waivers_dir: str | None
    no_waivers: bool
    ending_within: int
    dry_run: bool


def notify_channels(asked: NotifyOptions) -> int:
    """Send what is news, or show it with ``dry_run``; return 1 where something could not be sent, else 0."""
    place = place_of(asked.directory)
    channels = _chosen(channels_in(Path(asked.channels), None if asked.dry_run else os.environ), asked.names)
    senders = {} if asked.dry_run else _senders(channels)
    waiving = ActiveWaivers.here(repository_here(asked.repo), asked.waivers_dir, none=asked.no_waivers)
    code = 0
    with sending(place) as sent:
        head = place.head()
        due = [(channel, list(_due(head, sent, channel, dry_run=asked.dry_run))) for channel in channels]
        digests = _digests(asked, waiving, sorted({run.number for _, runs in due for run in runs}))
        for channel, runs in due:
            code |= _tell(channel, [digests[run.number] for run in runs], sent, senders.get(channel.kind))
    return code


def _chosen(channels: Sequence[Channel], names: Sequence[str]) -> list[Channel]:
    known = {channel.name: channel for channel in channels}
    for name in names:
        if name not in known:
            raise UnusableChannels(f"there is no channel {visible(name)}: known are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(channels)


def _due(head: HistoryManifest, sent: SentRuns, channel: Channel, *, dry_run: bool) -> Iterator[Run]:
    """Yield the runs that a channel has not been told of, the oldest first; never the first one, where all is new.

    A new channel hears of the newest run, and that is remembered at once: what it then does not take is not forgotten.
    """
    last, newest = head.runs[-1].number, sent.newest(channel.name)
    if newest is None:
        newest = max(last - 1, head.runs[0].number)
        if not dry_run:
            sent.remember(channel.name, newest)
    if newest > last:
        raise PerpendError(
            f"channel {channel.name} was told of run {newest}, and the history's last run is {last}: another one?"
        )
    yield from (run for run in head.runs if run.number > newest)


def _digests(asked: NotifyOptions, waiving: ActiveWaivers, numbers: Sequence[int]) -> dict[int, Digest]:
    """Return what runs brought, by their numbers."""
    if not numbers:
        return {}
    place = place_of(asked.directory)
    head = place.head()
    accounts = configuration_of(click.get_current_context()).accounts
    owners = {number: account.owner for number, account in accounts.items() if account.owner}
    answering = {waiver.id: waiver.owner for waiver in waiving.files.waivers}
    with asking(place) as connection:
        waiving.covered_findings(connection, head)
        return {
            number: digest_of(connection, head.run(number), owners, answering, _endings(asked, waiving, head, number))
            for number in numbers
        }


def _endings(asked: NotifyOptions, waiving: ActiveWaivers, head: HistoryManifest, number: int) -> Sequence[WaiverEnding]:
    """Return what ends of waivers and attestations, and did not on the newest day of the runs before."""
    days = [datetime.fromisoformat(run.time).astimezone(UTC).date() for run in head.runs if run.number < number]
    day = datetime.fromisoformat(head.run(number).time).astimezone(UTC).date()
    return endings_between(waiving.files, max(days), day, within=asked.ending_within) if days and max(days) < day else ()


def _senders(channels: Sequence[Channel]) -> dict[str, Send]:
    """Return what sends to each kind of channel."""
    senders: dict[str, Send] = {"webhook": post}
    if any(channel.kind == "apprise" for channel in channels):
        with extra_packages("notify", "a channel of the kind apprise"):
            from perpend.findings.notifications.apprise_channel import notify

            senders["apprise"] = notify
    return senders


def _tell(channel: Channel, digests: Sequence[Digest], sent: SentRuns, send: Send | None) -> int:
    """Send a channel its digests, one after the other; what comes after one that was not taken waits for the next call.

    Without ``send`` they are shown.
    """
    for digest in digests:
        own = digest.for_owners(channel.owners)
        if send is None:
            if own.owners:
                click.echo(json.dumps(own.document(channel.name), indent=1))
            continue
        try:
            if own.owners:
                deliver(channel, own, send)
                click.echo(f"{channel.name}: {own.title}")
        except NotSent as error:
            click.echo(f"perpend: {error}; the next call sends it", err=True)
            return NOT_ALL
        sent.remember(channel.name, digest.run)
    return 0
