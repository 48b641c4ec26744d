"""``perpend notify``: send a digest of each run to channels."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_channels
from perpend.cli.options.history.record import store_option
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.findings.notifications.expirations import SOON

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
    from perpend.cli.actions.notifications import NotifyOptions, notify_channels

    return notify_channels(NotifyOptions(**given))
