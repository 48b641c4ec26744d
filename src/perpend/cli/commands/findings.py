"""``perpend findings``: list the findings of a store's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.command import Configured, configuration_of, site_address
from perpend.cli.options.filters import filter_given, filter_options, with_account_numbers
from perpend.cli.options.format import format_option, history_format_options
from perpend.cli.options.history.record import place_of, store_option
from perpend.cli.options.history_output import FindingsWriter
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import warn_deciding_settings
from perpend.cli.options.severity import check_unrated_passes, ratings_options, time_of, unrated_passes_option
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn
from perpend.findings.filters import (
    ACCOUNT,
    LIFE,
    OBJECT,
    OF_FINDINGS,
    POLICY,
    REGION,
    TAG,
    TYPE,
    Filter,
)
from perpend.findings.history.model import OPEN_STATES
from perpend.findings.severity.active import SEVERITIES, ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.compiler.names import find_type
from perpend.reports.formats.write import FormatOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.findings.history.manifest import HistoryManifest
    from perpend.language.syntax.repository import Repository

ORDERS: Final = ("severity", "age", "priority")
"""The orders of findings, the default first."""

EPILOG = """\b
Examples:
  perpend findings --store inventory
  perpend findings --store inventory --severity critical,high
  perpend findings --store inventory --policy root-user-mfa --account production --region eu-west-1
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
    type=click.Choice(["all", "yes", "no"]),
    default="all",
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
    from perpend.findings.finding_filter import finding_rows, of_severity, tags_unknown
    from perpend.findings.history.queries.findings import BY_AGE, FINDING_COLUMNS, FindingList
    from perpend.findings.history.queries.views import asking
    from perpend.findings.severity.groups import BY_GROUP, finding_groups, in_groups, without_severity
    from perpend.findings.severity.priority import (
        BY_PRIORITY,
        PRIORITY_COLUMNS,
        at_least,
        keep_ratings,
        with_priority,
        with_severity,
    )
    from perpend.findings.waivers.match_history import WAIVER_COLUMNS, with_waivers
    from perpend.reports.terminal.history.finding import HistoryAnnotations, waiver_texts

    site = site_address(context)
    options = FormatOptions(form, out, ocsf_version=ocsf_version, unrated=unrated, github=github, site=site)
    options.check()
    if fail_on is not None:
        warn_deciding_settings(context)
    place, repository = place_of(directory), open_repository_here(repo)
    waivers = ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    check_unrated_passes(context, fail_on, unrated_passes)
    severities = ActiveSeverities.here(
        repository, ratings_dir, defaults=default_ratings, fail_on=fail_on, unrated_passes=unrated_passes
    )
    writer, head = FindingsWriter(options, limit, order, configuration_of(context).accounts), place.head()
    filter = _filter(context, repository, head, given)
    tags = bool(filter.of(TAG.name)) or waivers.by_tags or severities.by_tags
    named = filter.of(ACCOUNT.name), filter.of(OBJECT.name), filter.of(REGION.name)
    with asking(place, *writer.views, accounts=named[0], objects=named[1], regions=named[2], tags=tags) as connection:
        matches = waivers.covered_findings(connection, head)
        notes = HistoryAnnotations(repository, waiver_texts(matches), severities.in_force, lines=form == "sarif")
        keep_ratings(connection, severities.in_force)
        rows = with_severity(with_waivers(finding_rows(filter), waived))
        rows = of_severity(rows, filter)
        groups = finding_groups(connection, (rows, []), notes.title_of)
        if filter.of(TAG.name):
            _warn_unknown_tags(tags_unknown(connection, rows))
        shown = in_groups(connection, rows, groups)
        columns = (*FINDING_COLUMNS, *writer.columns, *WAIVER_COLUMNS)
        if order == "priority" or (severities.in_force.by_policy and form != "table"):
            first = writer.most if order == "priority" else None
            shown = with_priority(without_severity(shown), time_of(head), first=first)
            columns = (*columns, *PRIORITY_COLUMNS)
        elif form == "table":
            columns = (*columns, "severity")
        sorting = {"severity": BY_GROUP, "age": BY_AGE, "priority": BY_PRIORITY}[order]
        writer.write(connection, FindingList(shown, [], columns, sorting), place, notes, groups)
        if severities.least is None:
            return 0
        return severities.exit_code(*at_least(connection, (rows, []), severities.least, unrated=not unrated_passes))


def _filter(context: click.Context, repository: Repository, head: HistoryManifest, given: Mapping[str, Any]) -> Filter:
    """Return the filter that options make. It names accounts, types and policies as the history does."""
    from perpend.findings.history.queries.findings import known_policies

    filter = with_account_numbers(context, filter_given(given))
    values = {LIFE.name: tuple(life.value for life in OPEN_STATES), **filter.values}
    if filter.of(TYPE.name):
        values[TYPE.name] = tuple(find_type(name, repository).name for name in filter.of(TYPE.name))
    if filter.of(POLICY.name):
        values[POLICY.name] = tuple(known_policies(head, filter.of(POLICY.name)))
    return Filter(values)


def _warn_unknown_tags(number: int) -> None:
    if number:
        warn(f"{counted(number, 'finding is', 'findings are')} listed because the tags of the object are unknown")
