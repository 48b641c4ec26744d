"""``perpend notify``: what a run brought, told to channels, each run once."""

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
Exit codes: 0 all that is news was sent, or there was none, 1 something could not be sent: the next call
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
    help="Tell this channel only; may be repeated.",
)
@click.option(
    "--ending-within",
    type=click.IntRange(min=0),
    metavar="DAYS",
    default=SOON,
    show_default=True,
    help="Tell of waivers and attestations so many days before they end.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send and remember nothing.")
@repository_option
@waiver_options
def command(**given: Any) -> int:
    """Tell channels what runs of a store's history brought: one digest for each run and channel, by owner.

    What was sent is remembered, so that a second call sends nothing. Of the first run of a history nothing is told: all of it
    is new. A file names channels; their URLs and secrets stand in the environment.
    """
    from perpend.cli.actions.notifications import NotifyOptions, notify_channels

    return notify_channels(NotifyOptions(**given))
