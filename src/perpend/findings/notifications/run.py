"""Send the news of a history's runs to channels, each run once."""

from __future__ import annotations

import os
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.history.queries.views import asking
from perpend.findings.notifications.channels import UnusableChannels, channels_in
from perpend.findings.notifications.delivery_log import sending
from perpend.findings.notifications.digests import digest_of, rate_policies
from perpend.findings.notifications.expirations import endings_between
from perpend.findings.notifications.send import NotSent, deliver
from perpend.findings.waivers.active import matches_in_history
from perpend.findings.waivers.entries import by_tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.delivery_log import SentRuns
    from perpend.findings.notifications.digests import Digest, DigestNames
    from perpend.findings.notifications.expirations import WaiverEnding
    from perpend.findings.notifications.send import Send
    from perpend.findings.waivers.read import WaiverFiles


@dataclass(frozen=True, slots=True)
class NewsRequest:
    """The news to send: of a history, with the waivers to apply to policies.

    ``names`` are those of policies, accounts and owners. ``ending_within`` is the number of days before its end at which a
    waiver is announced. Without ``senders``, by kind of channel, digests are only yielded.
    """

    place: HistoryStorage
    waivers: WaiverFiles
    policy_ids: Collection[str]
    names: DigestNames
    ending_within: int
    senders: Mapping[str, Send] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A digest for a channel. ``error`` is the reason why it was not sent; the next call sends it then."""

    channel: Channel
    digest: Digest
    error: str | None = None


def selected_channels(path: Path, names: Sequence[str], severities: Sequence[str], *, with_secrets: bool) -> list[Channel]:
    """Return the channels of a file with these names, all if there are no names. Raises UnusableChannels.

    ``severities`` are the levels that the file may name.
    """
    channels = channels_in(path, os.environ if with_secrets else None, severities)
    known = {channel.name: channel for channel in channels}
    for name in names:
        if name not in known:
            raise UnusableChannels(f"there is no channel {visible(name)}; the file has {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(channels)


def deliver_news(request: NewsRequest, channels: Sequence[Channel]) -> Iterator[Delivery]:
    """Send each channel the digests of the runs that are new to it, oldest first, and yield them; empty ones are skipped.

    After a failure, the later digests of that channel wait for the next call.
    """
    with sending(request.place) as sent:
        head = request.place.head()
        due = [(channel, list(_due(head, sent, channel, dry_run=not request.senders))) for channel in channels]
        digests = _digests(request, head, {(run.number, channel.severity) for channel, runs in due for run in runs})
        for channel, runs in due:
            for run in runs:
                digest = digests[run.number, channel.severity].for_owners(channel.owners)
                delivery = _deliver(channel, digest, request.senders.get(channel.kind))
                if request.senders and delivery.error is None:
                    sent.remember(channel.name, run.number)
                if digest.owners:
                    yield delivery
                if delivery.error is not None:
                    break


def _due(head: HistoryManifest, sent: SentRuns, channel: Channel, *, dry_run: bool) -> Iterator[Run]:
    """Yield the runs that are new to a channel, oldest first; never the first run, in which everything is new.

    A new channel gets the newest run. The log says so at once, so that a failed delivery is tried again.
    """
    last, newest = head.runs[-1].number, sent.newest(channel.name)
    if newest is None:
        newest = max(last - 1, head.runs[0].number)
        if not dry_run:
            sent.remember(channel.name, newest)
    if newest > last:
        raise PerpendError(
            f"channel {channel.name} already got run {newest}, but the history ends with run {last}: was the history replaced?"
        )
    yield from (run for run in head.runs if run.number > newest)


def _digests(
    request: NewsRequest, head: HistoryManifest, needed: Collection[tuple[int, str | None]]
) -> dict[tuple[int, str | None], Digest]:
    """Return the digests of runs by their numbers and the least severity."""
    if not needed:
        return {}
    with asking(request.place, tags=by_tags(request.waivers.waivers)) as connection:
        matches_in_history(connection, head, request.waivers, request.policy_ids)
        rate_policies(connection, {policy.policy_id for policy in head.policies}, request.names)
        return {
            (number, severity): digest_of(
                connection, head.run(number), request.names, _endings(request, head, number), severity=severity
            )
            for number, severity in needed
        }


def _endings(request: NewsRequest, head: HistoryManifest, number: int) -> Sequence[WaiverEnding]:
    """Return the waivers and attestations that end in a run, and did not on the newest day of the runs before."""
    days = [datetime.fromisoformat(run.time).astimezone(UTC).date() for run in head.runs if run.number < number]
    day = datetime.fromisoformat(head.run(number).time).astimezone(UTC).date()
    if not days or max(days) >= day:
        return ()
    return endings_between(request.waivers, max(days), day, within=request.ending_within)


def _deliver(channel: Channel, digest: Digest, send: Send | None) -> Delivery:
    if send is not None and digest.owners:
        try:
            deliver(channel, digest, send)
        except NotSent as error:
            return Delivery(channel, digest, str(error))
    return Delivery(channel, digest)
