"""``perpend inventory``: list, show, query and prune the snapshots of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.completion import complete_runs
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import object_types_option
from perpend.core.diagnostics.text import line_of
from perpend.core.objects.account import with_collected_names
from perpend.inventory.snapshots.column_cache import damaged_below
from perpend.inventory.snapshots.open_store import open_store
from perpend.inventory.snapshots.queries.account_names import account_names
from perpend.inventory.snapshots.queries.labels import view_names
from perpend.inventory.snapshots.store import KEPT
from perpend.inventory.snapshots.unfinished_collections import unfinished
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.queries.views import QueryResult

_store = click.option("--store", "directory", cls=StoreOption, is_needed=True, help="The store's directory.")
_repo = object_types_option


@click.group(
    "inventory",
    epilog="""\\b
Examples:
  perpend inventory ls --store inventory
  perpend inventory show --store inventory
  perpend inventory sql 'SELECT count(*) FROM aws_iam_user' --store inventory
  perpend inventory prune --keep 7 --store inventory""".replace("\\b", "\b"),
)
def command() -> None:
    """List, show, query and prune the snapshots of a store."""


@command.command("ls", cls=Configured)
@_store
def list_snapshots(directory: str) -> int:
    """List all snapshots, the oldest first, with a mark at the current one."""
    from perpend.reports.terminal.inventory import print_snapshots

    store = open_store(directory)
    in_force = store.snapshot().id if not store.runs() else store.current_run()
    with terminal(None) as console:
        print_snapshots(store.snapshots(), in_force, console)
    return 0


@command.command("show", cls=Configured)
@click.argument("run", required=False, shell_complete=complete_runs)
@_store
@_repo
@click.option("--verify", is_flag=True, help="Verify the hash of every file, cached columns included.")
def show_snapshot(run: str | None, directory: str, repo: str | None, verify: bool) -> int:
    """Show the sources, tables, columns and gaps of a snapshot. Default: the current one."""
    from perpend.reports.terminal.inventory import print_snapshot

    store = open_store(directory)
    declared = _declared(repo)
    with store.reading(run) as snapshot, terminal(None) as console:
        for table in snapshot.files if verify else ():
            snapshot.files[table]
        configured = configuration_of(click.get_current_context()).accounts
        accounts = with_collected_names(configured, account_names(snapshot, declared))
        print_snapshot(snapshot, view_names(snapshot.tables.by_name, declared), console, accounts=accounts)
        damaged = list(damaged_below(store.directory / KEPT / snapshot.content_hash)) if verify else []
    for file in damaged:
        click.echo(f"perpend: {KEPT}/{snapshot.content_hash}/{file}; the next check rebuilds it", err=True)
    return USAGE_ERROR if damaged else 0


@command.command("sql", cls=Configured)
@click.argument("question", metavar="SELECT")
@_store
@_repo
@click.option("--run", metavar="RUN", shell_complete=complete_runs, help="The snapshot to query. Default: the current one.")
@format_option("inventory sql")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows shown in the table.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Stop the query after this time."
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def ask(
    question: str,
    directory: str,
    repo: str | None,
    run: str | None,
    form: str,
    limit: int,
    timeout: float | None,
    out: str | None,
) -> int:
    """Query a snapshot in DuckDB's SQL. Views have the names of object types, by label (aws_iam_user) and API name.

    The views of the store's history are finding, policy_output, episode, event, ledger, run, scorecard, waiver and waived.
    """
    from perpend.cli.options.history.record import history_views_for
    from perpend.inventory.snapshots.queries.apart import query_in_process
    from perpend.inventory.snapshots.queries.views import SqlFailed

    views = history_views_for(directory, question, repo)
    try:
        with (
            open_store(directory).reading(run) as snapshot,
            query_in_process(snapshot, question, declared=_declared(repo), timeout=timeout, more=views) as answer,
        ):
            _write(answer, form, out, limit)
    except SqlFailed as error:
        click.echo(f"perpend: {line_of(error.diagnostic, 'SELECT')}", err=True)
        return USAGE_ERROR
    return 0


@command.command("prune", cls=Configured)
@_store
@click.option("--keep", type=click.IntRange(min=1), required=True, metavar="N", help="Keep this many of the newest snapshots.")
def prune(directory: str, keep: int) -> int:
    """Remove old snapshots, and the remains of interrupted imports and collections. The current snapshot stays."""
    store = open_store(directory)
    if not unfinished(store.directory):
        store.snapshot()
    pruned = store.prune(keep=keep)
    for run in pruned.removed:
        click.echo(f"removed {run}")
    for run in pruned.in_use:
        click.echo(f"kept {run}: it is being read")
    click.echo(f"{len(pruned.removed)} removed, {len(store.runs())} kept")
    return 0


def _write(answer: QueryResult, form: str, out: str | None, limit: int) -> None:
    from perpend.reports.terminal.inventory import print_answer, write_answer_csv, write_answer_json

    if form == "table":
        with terminal(out) as console:
            print_answer(answer.columns, answer.batches, console, limit=limit)
        return
    with output_stream(out) as stream:
        {"csv": write_answer_csv, "json": write_answer_json}[form](answer.columns, answer.batches, stream)


def _declared(repo: str | None) -> Callable[[str], ObjectType | None]:
    return open_repository_here(repo).declared_type
