"""``perpend notify``: send a digest of each run to channels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.completion import complete_channels
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.history.record import store_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.findings.history.open_history import open_history
from perpend.findings.notifications.expirations import SOON
from perpend.findings.notifications.run import NewsRequest, deliver_news, selected_channels
from perpend.findings.notifications.send import post
from perpend.findings.waivers.active import ActiveWaivers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.send import Send

EPILOG = """\b
Examples:
  perpend notify --store inventory --channels channels.toml --dry-run
  perpend notify --store inventory --channels channels.toml
  perpend notify --store inventory --channels channels.toml --channel iam-team
  perpend notify --store inventory --channels channels.toml --ending-within 30

\b
Exit codes: 0 all new digests were sent, or there were none, 1 a digest could not be sent: the next call
sends it, 2 usage, store or channel error, and nothing was sent."""


@click.command("notify", cls=Configured, epilog=EPILOG)
@store_option
@click.option("--channels", required=True, metavar="FILE", type=click.Path(), help="The file of channels, in TOML.")
@click.option(
    "--channel",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_channels,
    help="Send to this channel only; may be repeated.",
)
@click.option(
    "--ending-within",
    type=click.IntRange(min=0),
    metavar="DAYS",
    default=SOON,
    show_default=True,
    help="Include waivers and attestations that end within this many days.",
)
@click.option("--dry-run", is_flag=True, help="Print the digests; send and record nothing.")
@repository_option
@waiver_options
def command(**given: Any) -> int:
    """Send the changes of each run of a store's history: one digest for each run and channel, by owner.

    The command records the sent digests, and sends each only once. It sends nothing about the first run: all findings are new
    in it. A file names the channels; their URLs and secrets are in environment variables.
    """
    return _notify_channels(NotifyOptions(**given))


NOT_ALL: Final = 1
"""Exit code if something could not be sent; the next call sends it."""


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """The options of ``perpend notify``."""

    directory: str
    channels: str
    names: tuple[str, ...]
    repo: str | None
    waivers_dir: str | None
    no_waivers: bool
    ending_within: int
    dry_run: bool


def _notify_channels(asked: NotifyOptions) -> int:
    """Send the news, or print it with ``dry_run``; return 1 if something could not be sent, else 0."""
    place = open_history(asked.directory)
    channels = selected_channels(Path(asked.channels), asked.names, with_secrets=not asked.dry_run)
    senders = {} if asked.dry_run else _senders(channels)
    repository = open_repository_here(asked.repo)
    waivers = ActiveWaivers.here(repository, asked.waivers_dir, none=asked.no_waivers).files
    accounts = configuration_of(click.get_current_context()).accounts
    owners = {number: account.owner for number, account in accounts.items() if account.owner}
    request = NewsRequest(place, waivers, repository.policy_ids, owners, asked.ending_within, senders)
    code = 0
    for delivery in deliver_news(request, channels):
        if delivery.error is not None:
            click.echo(f"perpend: {delivery.error}; the next call sends it", err=True)
            code = NOT_ALL
        elif asked.dry_run:
            click.echo(json.dumps(delivery.digest.document(delivery.channel.name), indent=1))
        else:
            click.echo(f"{delivery.channel.name}: {delivery.digest.title}")
    return code


def _senders(channels: Sequence[Channel]) -> dict[str, Send]:
    """Return the functions that send to channels, by kind."""
    senders: dict[str, Send] = {"webhook": post}
    if any(channel.kind == "apprise" for channel in channels):
        with extra_packages("notify", "a channel of the kind apprise"):
            from perpend.findings.notifications.apprise_channel import notify

            senders["apprise"] = notify
    return senders
