"""``perpend compliance``: show the status of each requirement of a framework, from a store's history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.accounts import numbers_in_history
from perpend.cli.options.completion import complete_frameworks
from perpend.cli.options.format import format_option
from perpend.cli.options.history.record import store_option
from perpend.cli.options.policy_selection import warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import counted_accounts_option, repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.findings.history.open_history import open_history
from perpend.findings.waivers.active import ActiveWaivers
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from perpend.evaluation.verdicts.framework_mapping import CarryOver
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.findings.history.storage import HistoryStorage
    from perpend.language.syntax.repository import Repository

EPILOG = """\b
Examples:
  perpend compliance --store inventory
  perpend compliance --store inventory --framework cis-aws --account production
  perpend compliance --store inventory --framework cis-aws --format json
  perpend compliance --store inventory --framework soc-2 --inherited
  perpend compliance --store inventory --framework cis-aws-v7.0.0 --from cis-aws-v6.0.0
  perpend compliance --store inventory --framework cis-aws --format oscal-ar --out results.json"""


@click.command("compliance", cls=Configured, epilog=EPILOG)
@store_option
@repository_option
@waiver_options
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="Show this framework or section only; may be repeated. Default version: the newest.",
)
@click.option(
    "--inherited", is_flag=True, help="Also count policies that reach a requirement through rules or similar sections."
)
@counted_accounts_option
@click.option(
    "--from",
    "before",
    metavar="ID",
    shell_complete=complete_frameworks,
    help="With one --framework: also show the policies carried over from this older version.",
)
@format_option("compliance")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(
    context: click.Context,
    directory: str,
    repo: str | None,
    waivers_dir: str | None,
    no_waivers: bool,
    frameworks: tuple[str, ...],
    inherited: bool,
    accounts: tuple[str, ...],
    before: str | None,
    form: str,
    out: str | None,
) -> int:
    """Show the status of each requirement of frameworks, and how many requirements are met.

    A requirement is `waived` if all its incompliant findings are waived, and `attested` if an attestation covers it. Neither
    counts as met. Passes count if the newest run asked the policy; failures of an earlier run count until they end.
    """
    from perpend.findings.history.compliance import framework_carry_over, scorecards_from_history

    if before is not None and (len(frameworks) != 1 or form not in ("text", "json")):
        raise click.UsageError("--from goes with one --framework, and with --format text or json")
    repository, place = open_repository_here(repo), open_history(directory)
    accounts = numbers_in_history(context, place, repository, accounts)
    waiving = ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    cards: list[Scorecard] = scorecards_from_history(
        place, repository, frameworks, accounts, waiving.answered_in_history, inherited=inherited
    )
    warn_selecting_settings()
    carried = framework_carry_over(repository, before, frameworks[0]) if before is not None else None
    if form == "text":
        from perpend.reports.terminal.history.compliance import print_card, print_carry_over

        with terminal(out) as console:
            if not cards:
                console.print("none: the repository has no framework")
            for card in cards:
                print_card(card, console, whole=bool(frameworks))
            if carried is not None:
                print_carry_over(carried, console)
        return 0
    with output_stream(out) as stream:
        if form == "oscal-ar":
            _write_results(place, repository, accounts, cards, stream)
        else:
            _write(cards, form, stream, carried)
    return 0


def _write(cards: Sequence[Scorecard], form: str, stream: TextIO, carried: CarryOver | None) -> None:
    from perpend.reports.formats.junit import write_cards_junit
    from perpend.reports.formats.requirements import write_requirements
    from perpend.reports.terminal.history.compliance import card_document, carry_over_document

    if form == "json":
        more = {"carriedOver": carry_over_document(carried)} if carried is not None else {}
        json.dump([card_document(card) | more for card in cards], stream, indent=1)
        stream.write("\n")
    elif form == "junit":
        write_cards_junit(cards, stream)
    else:
        write_requirements(cards, f".{form}", stream)


def _write_results(
    place: HistoryStorage, repository: Repository, accounts: Sequence[str], cards: Sequence[Scorecard], stream: TextIO
) -> None:
    from perpend.findings.history.compliance import newest_counts_of, stale_reasons
    from perpend.reports.formats.oscal import write_results_of
    from perpend.reports.terminal.history.finding import HistoryAnnotations, history_run

    head = place.head()
    stale = stale_reasons(head)
    counts = {policy: numbers for policy, numbers in newest_counts_of(place, accounts).items() if policy not in stale}
    run = history_run(head, head.time, counts, HistoryAnnotations(repository), cards)
    write_results_of(run, {}, stream)
