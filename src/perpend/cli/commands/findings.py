"""``perpend findings``: list the findings of a store's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured, configuration_of, site_address
from perpend.cli.options.format import format_option, history_format_options
from perpend.cli.options.history.record import place_of, store_option
from perpend.cli.options.history_output import FindingsWriter
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import warn_deciding_settings
from perpend.cli.options.severity import check_unrated_passes, ratings_options, time_of, unrated_passes_option
from perpend.cli.options.values import moment, repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.findings.history.model import OPEN_STATES, State
from perpend.findings.severity.active import SEVERITIES, ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.compiler.names import find_type
from perpend.reports.formats.write import FormatOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from perpend.findings.history.queries.findings import FindingFilter
    from perpend.language.syntax.repository import Repository

EPILOG = """\b
Examples:
  perpend findings --store inventory
  perpend findings --store inventory --policy root-user-mfa --account production
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
@click.option(
    "--life",
    "lives",
    multiple=True,
    type=click.Choice([*(life.value for life in State if life is not State.PASSING), "all"]),
    help="List findings in this state only; may be repeated.  [default: open, unconfirmed]",
)
@click.option(
    "--policy", "policies", multiple=True, metavar="ID|GLOB", help="List findings of this policy only; may be repeated."
)
@click.option("--type", "types", multiple=True, metavar="NAME", help="List findings of this object type only; may be repeated.")
@click.option(
    "--account", "accounts", multiple=True, metavar="ID|NAME", help="List findings of this account only; may be repeated."
)
@click.option(
    "--object", "objects", multiple=True, metavar="ID|NAME", help="List findings of this object only; may be repeated."
)
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
    type=click.Choice(["age", "priority"]),
    help="List the oldest first, or the most important with the reason.  [default: priority if a policy is rated, else age]",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 if a listed finding is open, not waived, and this severe, worse or not rated; with 3 if one could be.",
)
@unrated_passes_option
@click.option(
    "--since", metavar="TIME", callback=moment, help="List findings that were opened or reopened at this time or later."
)
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
    order: str | None,
    fail_on: str | None,
    unrated_passes: bool,
    limit: int,
    form: str,
    ocsf_version: str | None,
    unrated: str | None,
    github: bool,
    out: str | None,
    **wanted: Any,
) -> int:
    """List the findings of a store's history; by default the open ones.

    Waived findings are listed with their waiver and its end. Waivers count as of the day of the newest run; one that has ended
    by today does not count. If policies are rated, findings have a severity, and a priority with its reason.
    """
    from perpend.findings.history.queries.findings import BY_AGE, FINDING_COLUMNS, FindingList
    from perpend.findings.history.queries.views import asking
    from perpend.findings.severity.priority import BY_PRIORITY, PRIORITY_COLUMNS, at_least, keep_ratings, with_priority
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
    order = order or ("priority" if severities.in_force.by_policy else "age")
    writer, head = FindingsWriter(options, limit, order), place.head()
    filter = _filter(context, repository, **wanted)
    with asking(place, *writer.views, accounts=filter.accounts, objects=filter.objects) as connection:
        matches = waivers.covered_findings(connection, head)
        notes = HistoryAnnotations(repository, waiver_texts(matches), severities.in_force, lines=form == "sarif")
        chosen, values = filter.rows(head)
        rows = with_waivers(chosen, waived)
        columns, sorting = (*FINDING_COLUMNS, *writer.columns, *WAIVER_COLUMNS), BY_AGE
        shown = rows
        if severities.in_force.by_policy or order == "priority":
            keep_ratings(connection, severities.in_force)
            columns, sorting = (*columns, *PRIORITY_COLUMNS), BY_PRIORITY if order == "priority" else BY_AGE
            shown = with_priority(rows, time_of(head), first=writer.most if order == "priority" else None)
        writer.write(connection, FindingList(shown, values, columns, sorting), place, notes)
        if severities.least is None:
            return 0
        return severities.exit_code(*at_least(connection, (rows, values), severities.least, unrated=not unrated_passes))


def _filter(
    context: click.Context,
    repository: Repository,
    *,
    lives: tuple[str, ...],
    policies: tuple[str, ...],
    types: tuple[str, ...],
    accounts: tuple[str, ...],
    objects: tuple[str, ...],
    since: datetime | None,
) -> FindingFilter:
    """Return the filter that options make. Accounts may be given by their names in the configuration."""
    from perpend.findings.history.queries.findings import FindingFilter

    named = configuration_of(context).accounts
    numbers: Mapping[str, str] = {account.name.casefold(): number for number, account in named.items() if account.name}
    return FindingFilter(
        () if "all" in lives else lives or tuple(life.value for life in OPEN_STATES),
        policies,
        tuple(find_type(name, repository).name for name in types),
        tuple(numbers.get(one.casefold(), one) for one in accounts),
        objects,
        since.isoformat() if since else None,
    )
