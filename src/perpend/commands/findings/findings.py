"""``perpend findings``: what is open in a store's history, since when, and all else that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.cli.configured import Configured, configuration_of
from perpend.cli.forms.listing import ListingAsked
from perpend.cli.histories.kept import place_of, store_option
from perpend.cli.histories.rating import SEVERITIES, RatingHere, ratings_option, time_of, unrated_passes_option
from perpend.cli.histories.waiving import Waiving, waiver_options
from perpend.cli.options import moment, repository_option
from perpend.cli.repositories import repository_here
from perpend.history.model import OPEN_LIVES, Life

if TYPE_CHECKING:
    from datetime import datetime

EPILOG = """\b
Examples:
  perpend findings --store inventory
  perpend findings --store inventory --policy root-user-mfa --account production
  perpend findings --store inventory --life unconfirmed --life unknown
  perpend findings --store inventory --life all --object arn:aws:iam::111122223333:user/alma
  perpend findings --store inventory --waived no
  perpend findings --store inventory --ratings ratings --fail-on high
  perpend findings --store inventory --since 2026-11-01 --format csv --out november.csv

\b
Exit codes: 0, with --fail-on 1 or 3 as it says, 2 usage error, no history, waivers or ratings that cannot be read."""


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
@ratings_option
@click.option(
    "--order",
    type=click.Choice(["age", "priority"]),
    help="The oldest first, or what matters most, with the reason.  [default: priority where something is rated, else age]",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 where one of these findings is open, not waived, and so severe, or not rated; with 3 where one could be.",
)
@unrated_passes_option
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
    ratings_dir: str | None,
    order: str | None,
    fail_on: str | None,
    unrated_passes: bool,
    since: datetime | None,
    form: str,
    limit: int,
    out: str | None,
) -> int:
    """List findings of a store's history: those that are open, unless told otherwise.

    Findings that are waived say by what, and until when; which are is asked of the newest run's day. Where policies are rated,
    findings have a severity, a place in the order of what matters most, and the reason for it.
    """
    from perpend.history.ask.questions import FindingFilter
    from perpend.history.ask.views import asking
    from perpend.ratings.kept import at_least, keep_ratings, with_priority
    from perpend.waivers.kept import with_waivers

    place = place_of(directory)
    named = configuration_of(click.get_current_context()).accounts
    numbers = [next((number for number, one in named.items() if one.name == account), account) for account in accounts]
    chosen = () if "all" in lives else lives or tuple(life.value for life in OPEN_LIVES)
    asked = FindingFilter(chosen, policies, types, tuple(numbers), objects, since.isoformat() if since else None)
    repository = repository_here(repo)
    waiving = Waiving.here(repository, waivers_dir, none=no_waivers)
    rating = RatingHere.here(repository, ratings_dir, fail_on=fail_on, unrated_passes=unrated_passes)
    written = ListingAsked(form, limit, out, order or ("priority" if rating.in_force.by_policy else "age"))
    with asking(place) as connection:
        waiving.covered_findings(connection, place.head())
        query = with_waivers(asked.query(place.head()), waived)
        if written.order == "age" and not rating.in_force.by_policy:
            written.write(connection, query)
            return 0
        keep_ratings(connection, rating.in_force)
        written.write(connection, with_priority(query, time_of(place.head()), ordered=written.order == "priority"))
        if rating.least is None:
            return 0
        found = at_least(connection, query, rating.least, unrated=not rating.unrated_passes)
        return rating.exit_code(found.incompliant, found.undetermined)
