"""``perpend scorecard``: how frameworks stand by what a store's history knows, requirement by requirement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from perpend.cli.completions import complete_frameworks
from perpend.cli.configured import Configured
from perpend.cli.histories.kept import place_of, store_option
from perpend.cli.histories.waiving import Waiving, waiver_options
from perpend.cli.options import repository_option
from perpend.cli.output import output_stream, terminal
from perpend.cli.repositories import repository_here

if TYPE_CHECKING:
    from perpend.judge.requirements import Scorecard

EPILOG = """\b
Examples:
  perpend scorecard --store inventory
  perpend scorecard --store inventory --framework cis-aws --account 111122223333
  perpend scorecard --store inventory --framework cis-aws --format json"""


@click.command("scorecard", cls=Configured, epilog=EPILOG)
@store_option
@repository_option
@waiver_options
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="This framework or section; without a version the newest; may be repeated. Without it, all frameworks.",
)
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Count this account only; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The form.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    directory: str,
    repo: str | None,
    waivers_dir: str | None,
    no_waivers: bool,
    frameworks: tuple[str, ...],
    accounts: tuple[str, ...],
    form: str,
    out: str | None,
) -> int:
    """Show how frameworks stand: each requirement in one class, and how many are met of all, and of those judged.

    A requirement of which all that is incompliant is waived is in a class of its own, as is one that is attested: neither is
    met.
    """
    from perpend.cli.histories.scorecards import scorecards_here
    from perpend.recount.scorecards import card_document, print_card

    repository = repository_here(repo)
    waiving = Waiving.here(repository, waivers_dir, none=no_waivers)
    cards: list[Scorecard] = scorecards_here(place_of(directory), repository, frameworks, accounts, waiving)
    if form == "json":
        with output_stream(out) as stream:
            json.dump([card_document(card) for card in cards], stream, ensure_ascii=False, indent=1)
            stream.write("\n")
    else:
        with terminal(out) as console:
            for card in cards:
                print_card(card, console, whole=bool(frameworks))
    return 0
