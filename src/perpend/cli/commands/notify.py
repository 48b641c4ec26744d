"""``perpend notify``: send a digest of each run to channels, and keep issues in trackers up to date."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.accounts import accounts_of_history
from perpend.cli.options.completion import complete_channels
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.history.record import store_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.evaluation.verdicts.selection import title_of
from perpend.findings.filters import ACCOUNT, POLICY
from perpend.findings.history.open_history import open_history
from perpend.findings.notifications.digests import DigestNames
from perpend.findings.notifications.expirations import SOON
from perpend.findings.notifications.run import NewsRequest, deliver_news, selected_channels
from perpend.findings.notifications.send import post
from perpend.findings.severity.active import SEVERITIES, ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.send import Send
    from perpend.language.syntax.repository import Repository

EPILOG = """\b
Examples:
  perpend notify --store inventory --channels channels.toml --dry-run
  perpend notify --store inventory --channels channels.toml
  perpend notify --store inventory --channels channels.toml --channel iam-team
  perpend notify --store inventory --channels channels.toml --ending-within 30
  perpend notify --store inventory --channels channels.toml --link https://perpend.example

\b
Exit codes: 0 all news was sent, or there was none, 1 something could not be sent: the next call
sends it, 2 usage, store or channel error, and nothing was sent."""


def _web_address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Return a value that is empty or a URL of the web; raise BadParameter for another one."""
    if value and not (
        value.startswith(("https://", "http://")) and value.isascii() and value.isprintable() and not set(value) & set(' <>"?#')
    ):
        raise click.BadParameter("is no URL that begins with https:// or http://")
    return value


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
@click.option(
    "--link",
    metavar="URL",
    default="",
    callback=_web_address,
    help="Link issues to their findings in `perpend serve` at this URL.",
)
@click.option("--from-first-run", is_flag=True, help="Open issues also for findings that were open before the channel began.")
@click.option("--dry-run", is_flag=True, help="Print the digests and issues; send and record nothing.")
@repository_option
@waiver_options
@ratings_options
def command(**given: Any) -> int:
    """Send the changes of each run of a store's history: one digest for each run and channel, by owner.

    The command records the sent digests, and sends each only once. It sends nothing about the first run: all findings are new
    in it. A file names the channels; their URLs and secrets are in environment variables.

    In a channel of the kind github, gitlab or jira, each policy and account has one issue. It is updated if its findings
    change, and closed if all are known to have ended.
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
    ratings_dir: str | None
    default_ratings: bool
    ending_within: int
    link: str
    from_first_run: bool
    dry_run: bool


def _notify_channels(options: NotifyOptions) -> int:
    """Send the news, or print it with ``dry_run``; return 1 if something could not be sent, else 0."""
    place = open_history(options.directory)
    channels = selected_channels(Path(options.channels), options.names, SEVERITIES, with_secrets=not options.dry_run)
    trackers = [channel for channel in channels if channel.is_tracker]
    senders = {} if options.dry_run else _senders(channels)
    repository = open_repository_here(options.repo)
    waivers = ActiveWaivers.here(repository, options.waivers_dir, none=options.no_waivers).files
    names = DigestNames(
        accounts_of_history(click.get_current_context(), place, repository),
        {waiver.id: waiver.owner for waiver in waivers.waivers},
        partial(title_of, repository),
        _severity_of(options, repository),
        SEVERITIES,
    )
    request = NewsRequest(place, waivers, repository.policy_ids, names, options.ending_within, senders)
    code = 0
    for delivery in deliver_news(request, [channel for channel in channels if not channel.is_tracker]):
        if delivery.error is not None:
            click.echo(f"perpend: {delivery.error}; the next call sends it", err=True)
            code = NOT_ALL
        elif options.dry_run:
            click.echo(json.dumps(delivery.digest.document(delivery.channel.name), indent=1))
        else:
            click.echo(f"{delivery.channel.name}: {delivery.digest.title}")
    return max(code, _deliver_issues(options, trackers, request)) if trackers else code


def _severity_of(options: NotifyOptions, repository: Repository) -> Callable[[str], str | None]:
    """Return the function that returns the severity of a policy by its id."""
    ratings = ActiveSeverities.here(repository, options.ratings_dir, defaults=options.default_ratings).in_force

    def severity_of(policy_id: str) -> str | None:
        severity = ratings.of(policy_id)
        return None if severity is None else severity.level.value

    return severity_of


def _deliver_issues(options: NotifyOptions, trackers: Sequence[Channel], news: NewsRequest) -> int:
    """Bring issues up to date, or print them with ``dry_run``; return 1 if something could not be done, else 0."""
    from perpend.findings.notifications.issues.deliver import IssueRequest, deliver_issues

    def link_of(policy_id: str, account: str | None) -> str:
        chosen = {POLICY.name: policy_id, **({ACCOUNT.name: account} if account else {})}
        return f"{options.link.rstrip('/')}/findings?{urlencode(chosen)}" if options.link else ""

    request = IssueRequest(
        news.place,
        news.waivers,
        news.policy_ids,
        news.names.accounts,
        news.names.title_of,
        news.names.severity_of,
        news.names.severities,
        link_of,
        from_first_run=options.from_first_run,
        dry_run=options.dry_run,
    )
    code = 0
    for delivery in deliver_issues(request, trackers):
        name = delivery.channel.name
        if delivery.error is not None:
            click.echo(f"perpend: {visible(delivery.error)}; the next call tries again", err=True)
            code = NOT_ALL
        elif delivery.waiting:
            waiting = f"{counted(delivery.waiting, 'issue')} more: the next call opens up to {delivery.channel.most}"
            click.echo(f"perpend: channel {name}: {waiting}", err=True)
        elif options.dry_run and delivery.text is not None:
            click.echo(json.dumps(delivery.document(), indent=1))
        elif delivery.text is not None:
            click.echo(f"{name}: {delivery.step} {delivery.ref}: {delivery.text.name}")
    return code


def _senders(channels: Sequence[Channel]) -> dict[str, Send]:
    """Return the functions that send to channels, by kind. Raises UnusableChannels if apprise cannot use a URL."""
    senders: dict[str, Send] = {"webhook": post}
    if any(channel.kind == "apprise" for channel in channels):
        with extra_packages("notify", "a channel of the kind apprise"):
            from perpend.findings.notifications.apprise_channel import notify, sender_of
        for channel in channels:
            if channel.kind == "apprise":
                sender_of(channel)
        senders["apprise"] = notify
    return senders
