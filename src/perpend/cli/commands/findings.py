"""``perpend findings``: list the findings of a store's history."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.config.command import Configured, site_address
from perpend.cli.options.accounts import accounts_of_history
from perpend.cli.options.filters import filter_given, filter_options
from perpend.cli.options.format import format_option, history_format_options
from perpend.cli.options.history.record import store_option
from perpend.cli.options.history_output import FindingsWriter
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import warn_deciding_settings
from perpend.cli.options.severity import check_unrated_passes, ratings_options, unrated_passes_option
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.diagnostics.warn import warn
from perpend.findings.filters import LIFE, OF_FINDINGS, ORDERS, WAIVED
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import SEVERITIES, ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.reports.formats.write import FormatOptions

EPILOG = """\b
Examples:
  perpend findings --store inventory
  perpend findings --store inventory --severity critical,high
  perpend findings --store inventory --policy root-user-mfa --account production --region eu-west-1
  perpend findings --store inventory --framework internet-exposure
  perpend findings --store inventory --tag team=payments
  perpend findings --store inventory --life unconfirmed --life unknown
  perpend findings --store inventory --life all --object arn:aws:iam::111122223333:user/alma
  perpend findings --store inventory --waived no
  perpend findings --store inventory --ratings ratings --fail-on high
  perpend findings --store inventory --since 2026-11-01 --format csv --out november.csv
  perpend findings --store inventory --life all --format ocsf --out findings.ndjson

\b
Exit codes: 0, with --fail-on 1 or 3 as it says, 2 usage error, no history, or unreadable waivers or ratings."""


@click.command("findings", cls=Configured, epilog=EPILOG)
@store_option
@filter_options(*OF_FINDINGS, notes={LIFE.name: "  [default: open, unconfirmed]"})
@repository_option
@waiver_options
@click.option(
    "--waived",
    type=click.Choice(WAIVED),
    default=WAIVED[0],
    show_default=True,
    help="List waived findings (yes), other findings (no), or all.",
)
@ratings_options
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default=ORDERS[0],
    show_default=True,
    help="List by severity, number of objects and policy; or the oldest first; or the most important with the reason.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 if a listed finding is open, not waived, and this severe, worse or not rated; with 3 if one could be.",
)
@unrated_passes_option
@format_option("findings")
@history_format_options
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Findings shown in the table.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(
    context: click.Context,
    /,
    directory: str,
    repo: str | None,
    waivers_dir: str | None,
    no_waivers: bool,
    waived: str,
    ratings_dir: str | None,
    default_ratings: bool,
    order: str,
    fail_on: str | None,
    unrated_passes: bool,
    limit: int,
    form: str,
    ocsf_version: str | None,
    unrated: str | None,
    github: bool,
    out: str | None,
    **given: Any,
) -> int:
    """List the findings of a store's history; by default the open ones.

    Waived findings are listed with their waiver and its end. Waivers count as of the day of the newest run; one that has ended
    by today does not count. If policies are rated, findings have a severity, and a priority with its reason.
    """
    from perpend.findings.finding_filter import unknown_tags_text, unused_text
    from perpend.findings.list_findings import listed_findings
    from perpend.reports.terminal.history.finding import HistoryAnnotations, waiver_texts

    site = site_address(context)
    options = FormatOptions(form, out, ocsf_version=ocsf_version, unrated=unrated, github=github, site=site)
    options.check()
    if fail_on is not None:
        warn_deciding_settings(context)
    history, repository = open_history(directory), open_repository_here(repo)
    waivers = ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    check_unrated_passes(context, fail_on, unrated_passes)
    severities = ActiveSeverities.here(
        repository, ratings_dir, defaults=default_ratings, fail_on=fail_on, unrated_passes=unrated_passes
    )
    accounts = accounts_of_history(context, history, repository)
    writer = FindingsWriter(options, limit, order, accounts)
    with listed_findings(
        history,
        repository,
        filter_given(given),
        waivers,
        severities,
        accounts=accounts,
        waived=waived,
        order=order,
        most=writer.most,
        priorities=not writer.is_table,
        views=writer.views,
        columns=writer.columns,
    ) as listed:
        if listed.unknown_tags:
            warn(unknown_tags_text(listed.unknown_tags, listed=listed.lists_unknown_tags))
        if listed.unused:
            warn(unused_text(listed.unused))
        texts = waiver_texts(listed.waiver_matches.waiver_statuses)
        writer.write(listed, HistoryAnnotations(repository, texts, severities.in_force, lines=form == "sarif"))
        return listed.exit_code()
