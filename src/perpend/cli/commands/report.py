"""``perpend report html``: check a store and write a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_runs
from perpend.cli.options.next_commands import explain_options, run_commands
from perpend.cli.options.policy_selection import choice_options
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import run_request, verdict_filters
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import max_age_option, moment
from perpend.cli.options.waivers import waiver_options
from perpend.reports.formats.write import FormatOptions
from perpend.runs.evaluate import run_on_store
from perpend.runs.request import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.reports.terminal.verdicts.next_command import RunCommands

EPILOG = """\b
Examples:
  perpend report html --store inventory --out report.html
  perpend report html --store inventory --framework cis-aws --out report.html
  perpend report html --store inventory --ratings ratings --out report.html
  perpend report html --store inventory --account production --status INCOMPLIANT --out production.html

\b
Exit codes: 0 the report was written, 2 usage, input or repository error, or the snapshot lacks an input."""


@click.group("report", epilog=EPILOG)
def command() -> None:
    """Check a store and write a report."""


@command.command(
    "html",
    cls=Configured,
    yields={"policies": ("frameworks",), "frameworks": ("policies",), "inherited": ("policies", "frameworks")},
    epilog=EPILOG,
)
@click.option("--store", cls=StoreOption, is_needed=True, help="The store to report on.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Report on this snapshot. Default: the current one.")
@click.option("--title", metavar="TEXT", help="The title of the report.  [default: Compliance report]")
@click.option("--out", metavar="FILE", required=True, type=click.Path(), help="Write to this file. Only its owner can read it.")
@choice_options
@waiver_options
@verdict_filters
@ratings_options
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the inventory was collected. Default: the time of the snapshot.",
)
@max_age_option
@click.pass_context
def html(context: click.Context, /, store: str, out: str, title: str | None, **given: Any) -> int:
    """Check a store and write one HTML file that opens without a network, and prints well.

    The page begins with the summary that `perpend check` prints: score, severities, services, the policies to fix first, and
    the calls that were denied. The list of all findings follows.

    If the store has a history, the page shows since when findings are open, which are waived, and a trend. The command does
    what `perpend check --store DIR --format html --out FILE` does, but it does not fail because of findings, and does not
    record the run in the history.
    """
    repository = open_repository_here(given["repo"])
    page = FormatOptions("html", out, title=title)

    def commands(_: Sequence[str]) -> RunCommands:
        from perpend.reports.terminal.verdicts.next_command import ExplainCommand

        explain = ExplainCommand((), explain_options(context, store), repository.policy_ids, given["snapshot_time"])
        return run_commands(context, explain, store=store, has_history=False)

    request = run_request(context, given, repository, format=page, fail_on="never", decided=(), commands=commands)
    return UNUSABLE if run_on_store(request, store, record=False).exit_code == UNUSABLE else 0
