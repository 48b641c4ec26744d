"""``perpend trend``: show the number of open findings after each run."""

from __future__ import annotations

import click

from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.accounts import numbers_in_history
from perpend.cli.options.format import format_option
from perpend.cli.options.history.record import store_option
from perpend.cli.options.history_output import write_rows_as
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.values import counted_accounts_option, repository_option
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import ActiveSeverities
from perpend.reports.streams import output_stream, terminal

EPILOG = """\b
Examples:
  perpend trend --store inventory
  perpend trend --store inventory --account 111122223333 --policy '*access-key*'
  perpend trend --store inventory --by-severity then
  perpend trend --store inventory --by-severity today --ratings ratings
  perpend trend --store inventory --last 365 --format csv --out trend.csv"""


@click.command("trend", cls=Configured, epilog=EPILOG)
@store_option
@counted_accounts_option
@click.option("--policy", "policies", multiple=True, metavar="ID|GLOB", help="Count this policy only; may be repeated.")
@click.option("--last", type=click.IntRange(min=1), default=30, show_default=True, help="Show this many of the newest runs.")
@click.option(
    "--by-severity",
    "rated",
    type=click.Choice(["then", "today"]),
    help="Count open findings by severity: by the ratings of each run, or by those of today.",
)
@repository_option
@ratings_options
@format_option("trend")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(
    context: click.Context,
    directory: str,
    accounts: tuple[str, ...],
    policies: tuple[str, ...],
    last: int,
    rated: str | None,
    repo: str | None,
    ratings_dir: str | None,
    default_ratings: bool,
    form: str,
    out: str | None,
) -> int:
    """Show the number of open, unconfirmed and unknown findings after each run, and of new and resolved ones."""
    from perpend.findings.history.queries.findings import known_policies, open_by_severity, rows_in, trend
    from perpend.findings.history.queries.views import asking
    from perpend.reports.terminal.history.trend import (
        flat,
        print_severities,
        print_trend,
        with_severities,
        write_trend_markdown,
    )

    place = open_history(directory)
    if ratings_dir is not None and rated != "today" and not is_from_file(click.get_current_context(), "ratings_dir"):
        raise click.UsageError("--ratings goes with --by-severity today")
    if rated is not None and form == "markdown":
        raise click.UsageError("--by-severity goes with --format text, json or csv")
    today = None
    if rated == "today":
        rating = ActiveSeverities.here(open_repository_here(repo), ratings_dir, defaults=default_ratings)
        today = {policy_id: rating.level.value for policy_id, rating in rating.in_force.by_policy.items()}
    if accounts:
        accounts = numbers_in_history(context, place, open_repository_here(repo), accounts)
    named = known_policies(place.head(), policies)
    with asking(place, "run", "ledger", "rating", accounts=accounts) as connection:
        answer = connection.execute(*trend(accounts, named))
        columns = [str(column[0]) for column in answer.description or ()]
        rows = list(rows_in(columns, [answer.fetchall()]))[-last:]
        if rated is not None:
            severities = connection.execute(*open_by_severity(accounts, named, today)).fetchall()
            rows = with_severities(rows, severities)
            rows = [flat(row) for row in rows] if form == "csv" else rows
            columns = [*rows[0]]
    if form == "text":
        with terminal(out) as console:
            print_trend(rows, console)
            if rated is not None:
                print_severities(rows, console)
        return 0
    with output_stream(out) as stream:
        if form == "markdown":
            write_trend_markdown(rows, stream)
        else:
            write_rows_as(form, columns, rows, stream)
    return 0
