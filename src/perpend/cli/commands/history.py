"""``perpend history``: show, verify, rebuild and prune the history of a store."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.accounts import accounts_of_history
from perpend.cli.options.format import format_option
from perpend.cli.options.history.record import store_option
from perpend.cli.options.history_output import write_rows_as
from perpend.cli.options.repository import open_repository_here
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.findings.history.open_history import open_history
from perpend.reports.streams import output_stream, terminal

EPILOG = """\b
Examples:
  perpend history arn:aws:iam::111122223333:user/alma.brekke --store inventory
  perpend history user-has-more-than-one-active-access-key --store inventory
  perpend history b5e7a792c013c141847f73767865183e --store inventory --format json
  perpend history verify --store inventory
  perpend history prune --keep 3 --store inventory"""


class _History(click.Group):
    """A group that passes a word which is not a command to ``show``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("history", cls=_History, epilog=EPILOG, subcommand_metavar="OBJECT|POLICY|FINDING|COMMAND [ARGS]...")
def command() -> None:
    """Show, verify, rebuild and prune the history of a store. `perpend history NAME` is short for `history show NAME`."""


@command.command("show", cls=Configured)
@click.argument("name", metavar="OBJECT|POLICY|FINDING")
@store_option
@format_option("history")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def show(context: click.Context, /, name: str, directory: str, form: str, out: str | None) -> int:
    """Show all events of an object (by Id, external id or name), a policy, or a finding (by its id)."""
    from perpend.findings.history.past_values import with_values_of_run
    from perpend.findings.history.queries.findings import about, rows_in
    from perpend.findings.history.queries.views import asking, history_of_object
    from perpend.reports.terminal.history.finding import HistoryAnnotations
    from perpend.reports.terminal.history.findings import print_story

    place = open_history(directory)
    what, query = about(place.head(), name)
    with history_of_object(place, name) if what == "object" else asking(place, "event") as connection:
        answer = connection.execute(*query)
        columns = [str(column[0]) for column in answer.description or ()]
        rows = list(rows_in(columns, [answer.fetchall()]))
    if not rows:
        click.echo(
            f"perpend: the history has no event of {what} {visible(name)}; perpend findings --life all lists what it has",
            err=True,
        )
        return USAGE_ERROR
    if form == "text":
        with terminal(out) as console:
            repository, head = open_repository_here(None), place.head()

            def notes_of(run: int) -> HistoryAnnotations:
                return HistoryAnnotations(with_values_of_run(repository, head, run))

            print_story(what, name, rows, console, accounts_of_history(context, place, repository), notes_of)
    else:
        with output_stream(out) as stream:
            write_rows_as(form, columns, rows, stream)
    return 0


@command.command("verify", cls=Configured)
@store_option
def verify(directory: str) -> int:
    """Verify the hash of every file of the history, and the consistency of its tables."""
    from perpend.findings.history.maintenance import problems_of

    place = open_history(directory)
    problems = list(problems_of(place))
    for problem in problems:
        click.echo(f"perpend: {visible(problem)}", err=True)
    head = place.head()
    click.echo(f"{counted(len(head.runs), 'run')}, {counted(len(head.files), 'file')}: {_found(problems)}")
    return USAGE_ERROR if problems else 0


def _found(problems: list[Any]) -> str:
    return counted(len(problems), "problem") if problems else "whole"


@command.command("rebuild", cls=Configured)
@store_option
def make_anew(directory: str) -> int:
    """Rebuild damaged tables that follow from other files of the history."""
    from perpend.findings.history.maintenance import rebuild

    made = rebuild(open_history(directory))
    for table in made:
        click.echo(f"rebuilt: {visible(table)}")
    click.echo(f"{counted(len(made), 'table')} rebuilt")
    return 0


@command.command("prune", cls=Configured)
@store_option
@click.option("--keep", type=click.IntRange(min=0), required=True, metavar="N", help="Keep this many of the newest keyframes.")
@click.option(
    "--unused-for",
    type=click.IntRange(min=0),
    default=86_400,
    show_default=True,
    metavar="SECONDS",
    help="Remove unused files that are older than this.",
)
def clear(directory: str, keep: int, unused_for: int) -> int:
    """Remove old keyframes and unused files. Changes are never removed."""
    from perpend.findings.history.maintenance import prune

    cleared = prune(open_history(directory), keep=keep, unused_for=unused_for)
    click.echo(f"{counted(cleared.keyframes, 'keyframe')} dropped, {counted(cleared.files, 'file')} removed")
    return 0
