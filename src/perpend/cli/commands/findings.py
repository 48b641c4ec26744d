"""``perpend findings``: what is open in a store's history, since when, and all else that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured, configuration_of, tell_deciding
from perpend.cli.options.format import FormatOptions, form_option, listing_options
from perpend.cli.options.history.record import place_of, store_option
from perpend.cli.options.output.listing import ListingRequest
from perpend.cli.options.repository import repository_here
from perpend.cli.options.severity import SEVERITIES, ActiveSeverities, ratings_option, time_of, unrated_passes_option
from perpend.cli.options.values import moment, repository_option
from perpend.cli.options.waivers import ActiveWaivers, waiver_options
from perpend.findings.history.model import OPEN_LIVES, State
from perpend.language.compiler.names import type_named

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.findings.history.queries.findings import FindingFilter
    from perpend.findings.history.storage import HistoryStorage
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
Exit codes: 0, with --fail-on 1 or 3 as it says, 2 usage error, no history, waivers or ratings that cannot be read."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What was asked on the command line, by the names of its options."""

    directory: str
    lives: tuple[str, ...]
    policies: tuple[str, ...]
    types: tuple[str, ...]
    accounts: tuple[str, ...]
    objects: tuple[str, ...]
    repo: str | None
    waivers_dir: str | None
    no_waivers: bool
    waived: str
    ratings_dir: str | None
    order: str | None
    fail_on: str | None
    unrated_passes: bool
    since: datetime | None
    limit: int
    form_asked: FormatOptions

    def wanted(self, repository: Repository) -> FindingFilter:
        """Return which findings are asked for."""
        from perpend.findings.history.queries.findings import FindingFilter

        named = configuration_of(click.get_current_context()).accounts
        by_name = {account.name.casefold(): number for number, account in named.items() if account.name}
        lives = () if "all" in self.lives else self.lives or tuple(life.value for life in OPEN_LIVES)
        since = self.since.isoformat() if self.since else None
        types = tuple(type_named(name, repository).name for name in self.types)
        return FindingFilter(
            lives, self.policies, types, tuple(by_name.get(one.casefold(), one) for one in self.accounts), self.objects, since
        )


@click.command("findings", cls=Configured, epilog=EPILOG)
@store_option
@click.option(
    "--life",
    "lives",
    multiple=True,
    type=click.Choice([*(life.value for life in State if life is not State.PASSING), "all"]),
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
@form_option("findings")
@listing_options
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Findings shown in the table.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(**given: Any) -> int:
    """List findings of a store's history: those that are open, unless told otherwise.

    Findings that are waived say by what, and until when; which are is asked of the newest run's day, and a waiver that has
    ended by today covers none. Where policies are rated, findings have a severity, a place in the order of what matters most,
    and the reason for it.
    """
    asked = ListRequest(form_asked=FormatOptions.taken_from(given), **given)
    asked.form_asked.refuse_contradictions()
    if asked.fail_on is not None:
        tell_deciding(click.get_current_context())
    place, repository = place_of(asked.directory), repository_here(asked.repo)
    waiving = ActiveWaivers.here(repository, asked.waivers_dir, none=asked.no_waivers)
    rating = ActiveSeverities.here(repository, asked.ratings_dir, fail_on=asked.fail_on, unrated_passes=asked.unrated_passes)
    return _write(asked, place, repository, waiving, rating)


def _write(
    asked: ListRequest, place: HistoryStorage, repository: Repository, waiving: ActiveWaivers, rating: ActiveSeverities
) -> int:
    from perpend.findings.history.queries.views import asking
    from perpend.findings.severity.priority import at_least, keep_ratings, with_priority
    from perpend.findings.waivers.match_history import with_waivers
    from perpend.reports.terminal.history.finding import HistoryAnnotations, words_of_waivers

    order = asked.order or ("priority" if rating.in_force.by_policy else "age")
    written, head = ListingRequest(asked.form_asked, asked.limit, order), place.head()
    wanted = asked.wanted(repository)
    with asking(place, *written.views, accounts=wanted.accounts, objects=wanted.objects) as connection:
        covering = waiving.covered_findings(connection, head)
        lines = asked.form_asked.form == "sarif"
        said = HistoryAnnotations(repository, words_of_waivers(covering), rating.in_force, lines=lines)
        query = with_waivers(wanted.query(head, written.columns), asked.waived)
        if order == "age" and not rating.in_force.by_policy:
            written.write(connection, query, place, said)
            return 0
        keep_ratings(connection, rating.in_force)
        written.write(connection, with_priority(query, time_of(head), ordered=order == "priority"), place, said)
        if rating.least is None:
            return 0
        severe = at_least(connection, query, rating.least, unrated=not rating.unrated_passes)
        return rating.exit_code(severe.incompliant, severe.undetermined)
