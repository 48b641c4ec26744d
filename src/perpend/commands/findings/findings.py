"""``perpend findings``: what is open in a store's history, since when, and all else that is known of it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.configured import Configured, configuration_of
from perpend.cli.histories.kept import place_of, store_option
from perpend.cli.histories.waiving import Waiving, waiver_options
from perpend.cli.options import moment, repository_option
from perpend.cli.output import output_stream, terminal
from perpend.cli.repositories import repository_here
from perpend.history.model import OPEN_LIVES, Life

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from perpend.history.ask.questions import Query
    from perpend.history.place import HistoryPlace

_AT_ONCE = 1_000

EPILOG = """\b
Examples:
  perpend findings --store inventory
  perpend findings --store inventory --policy root-user-mfa --account production
  perpend findings --store inventory --life unconfirmed --life unknown
  perpend findings --store inventory --life all --object arn:aws:iam::111122223333:user/alma
  perpend findings --store inventory --waived no
  perpend findings --store inventory --since 2026-11-01 --format csv --out november.csv
"""


@click.command("findings", cls=Configured, epilog=EPILOG)
@store_option
@click.option(
    "--life",
    "lives",
    multiple=True,
    type=click.Choice([*(life.value for life in Life if life is not Life.CLEAR), "all"]),
    help="Findings of this life only; may be repeated.  [default: open, unconfirmed]",
)
@click.option("--policy", "policies", multiple=True, metavar="ID|GLOB", help="Findings by this policy only; may be repeated.")
@click.option("--type", "types", multiple=True, metavar="NAME", help="Findings of objects of this type only; may be repeated.")
@click.option("--account", "accounts", multiple=True, metavar="ID|NAME", help="Findings of this account only; may be repeated.")
@click.option("--object", "objects", multiple=True, metavar="ID|NAME", help="Findings of this object only; may be repeated.")
@repository_option
@waiver_options
@click.option(
    "--waived",
    type=click.Choice(["all", "yes", "no"]),
    default="all",
    show_default=True,
    help="All findings, those that are waived, or those that are not.",
)
@click.option("--since", metavar="TIME", callback=moment, help="Findings whose newest episode began then or later.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "ndjson", "csv"]),
    default="table",
    show_default=True,
    help="The output's form.",
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Findings shown in the table.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    directory: str,
    lives: tuple[str, ...],
    policies: tuple[str, ...],
    types: tuple[str, ...],
    accounts: tuple[str, ...],
    objects: tuple[str, ...],
    repo: str | None,
    waivers_dir: str | None,
    no_waivers: bool,
    waived: str,
    since: datetime | None,
    form: str,
    limit: int,
    out: str | None,
) -> int:
    """List findings of a store's history: those that are open, unless told otherwise, the oldest first.

    Findings that are waived say by what, and until when; which are is asked of the newest run's day.
    """
    from perpend.history.ask.questions import FindingFilter
    from perpend.waivers.kept import with_waivers

    place = place_of(directory)
    named = configuration_of(click.get_current_context()).accounts
    numbers = [next((number for number, one in named.items() if one.name == account), account) for account in accounts]
    chosen = () if "all" in lives else lives or tuple(life.value for life in OPEN_LIVES)
    asked = FindingFilter(chosen, policies, types, tuple(numbers), objects, since.isoformat() if since else None)
    waiving = Waiving.here(repository_here(repo), waivers_dir, none=no_waivers)
    return _write(place, with_waivers(asked.query(place.head()), waived), waiving, form, limit, out)


def _write(place: HistoryPlace, query: Query, waiving: Waiving, form: str, limit: int, out: str | None) -> int:
    from perpend.history.ask.views import asking
    from perpend.recount.findings import print_findings, rows_in, write_rows
    from perpend.report.store.answer import write_answer_csv

    with asking(place) as connection:
        waiving.covered_findings(connection, place.head())
        connection.execute(*query)
        columns = [str(one[0]) for one in connection.description or ()]
        batches = _batches(connection)
        if form == "table":
            rows = rows_in(columns, batches)
            shown = list(islice(rows, limit))
            with terminal(out) as console:
                print_findings(shown, console, more=next(rows, None) is not None)
            return 0
        with output_stream(out) as stream:
            if form == "csv":
                write_answer_csv(columns, batches, stream)
            else:
                write_rows(rows_in(columns, batches), stream, lines=form == "ndjson")
    return 0


def _batches(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.fetchmany(_AT_ONCE):
        yield rows
