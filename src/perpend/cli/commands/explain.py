"""``perpend explain``: explain one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_files, complete_objects, complete_policies, complete_runs
from perpend.cli.options.format import format_option
from perpend.cli.options.inputs import input_options, inputs_here, inputs_or_store
from perpend.cli.options.names import labels_of, names_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import max_age_option, moment, repository_option
from perpend.evaluation.explain.steps import explain_verdict
from perpend.evaluation.verdicts.evaluation_time import evaluation_time
from perpend.evaluation.verdicts.objects import stored_object_named
from perpend.evaluation.verdicts.selection import program_named
from perpend.evaluation.verdicts.staleness import freshness_of, mark_stale_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.snapshots.open_store import is_address, open_store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.streams import output_stream, refuse_input_as_output, terminal
from perpend.reports.terminal.explanation import print_explanation, write_explanation_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.staleness import Freshness
    from perpend.inventory.importers.input import Input
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

EPILOG = """\b
Examples:
  perpend explain user-has-more-than-one-active-access-key alice report.csv
  perpend explain root-user-mfa arn:aws:iam::111122223333:root report.csv --format json
  perpend explain root-user-mfa arn:aws:iam::111122223333:root --store inventory"""


@click.command("explain", cls=Configured, yields={"store": ("inputs",)}, epilog=EPILOG)
@click.argument("policy", shell_complete=complete_policies)
@click.argument("object_name", metavar="OBJECT", shell_complete=complete_objects)
@click.argument("inputs", nargs=-1, metavar="INPUT...", shell_complete=complete_files)
@click.option("--store", cls=StoreOption, help="Use the current snapshot of this store instead of inputs.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Use this snapshot of the store.")
@repository_option
@input_options
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the inventory was collected. Default: the time in the inputs, else today.",
)
@max_age_option
@click.option("--all", "everything", is_flag=True, help="Show each condition in order, with all values that it read.")
@names_option
@format_option("explain")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    policy: str,
    object_name: str,
    inputs: tuple[str, ...],
    store: str | None,
    run: str | None,
    repo: str | None,
    snapshot_time: datetime | None,
    max_age: timedelta | None,
    everything: bool,
    names: str,
    form: str,
    out: str | None,
) -> int:
    """Explain the verdict of POLICY on OBJECT (an ARN, an id or a name) in INPUTs or a store.

    The explanation shows the fields that decided, the smallest change of one field that would change the status, and the
    remediation. With --all, it shows each condition in order, with the values it reads and the check that was triggered.
    With --run, the parameters of policies have the values that the history has for that snapshot.
    """
    inputs_or_store(inputs, store, "explain")
    refuse_input_as_output(out, inputs)
    repository = open_repository_here(repo)
    if store is not None and run is not None:
        repository = _with_past_values(repository, store, run)
    analyzer = Analyzer(repository)
    program = program_named(analyzer, policy)
    fresh = freshness_of(max_age, snapshot_time, None)
    if store is not None:
        object_, times = _stored(analyzer, program, object_name, store, run, fresh)
    else:
        object_, times = _read(
            analyzer, program, object_name, inputs_here(click.get_current_context(), inputs, analyzer.repository), fresh
        )
    explanation = explain_verdict(analyzer, program, object_, day=evaluation_time(times, snapshot_time=snapshot_time))
    if form == "json":
        with output_stream(out) as stream:
            write_explanation_json(explanation, stream)
    else:
        with terminal(out) as console:
            print_explanation(explanation, console, everything=everything, labels=labels_of(analyzer.repository, names))
    return 0


def _with_past_values(repository: Repository, directory: str, snapshot: str) -> Repository:
    """Return a repository with the values of parameters in the newest run that evaluated a snapshot."""
    from perpend.findings.history.past_values import with_values_of_run
    from perpend.findings.history.storage import HistoryStorage

    head = None if is_address(directory) else HistoryStorage(directory).head()
    recorded = head.run_of(snapshot) if head else None
    return with_values_of_run(repository, head, recorded.number) if head and recorded else repository


def _read(
    analyzer: Analyzer, program: Program, name: str, inputs: Sequence[Input], fresh: Freshness | None
) -> tuple[CloudObject, list[datetime | None]]:
    with temporary_snapshot(inputs, declared=analyzer.repository.declared_type) as read:
        assert read.snapshot is not None  # an unusable input has raised
        return _object_of(analyzer, program, name, read.snapshot, fresh, "among the inputs")


def _stored(
    analyzer: Analyzer, program: Program, name: str, directory: str, run: str | None, fresh: Freshness | None
) -> tuple[CloudObject, list[datetime | None]]:
    with open_store(directory).reading(run) as snapshot:
        return _object_of(analyzer, program, name, snapshot, fresh)


def _object_of(
    analyzer: Analyzer, program: Program, name: str, snapshot: Snapshot, fresh: Freshness | None, where: str = ""
) -> tuple[CloudObject, list[datetime | None]]:
    with scratch() as directory:
        aged = mark_stale_snapshot(snapshot, fresh, analyzer.repository.declared_type, directory)
        object_ = stored_object_named(
            aged, program, analyzer.object_type(program.input_type), name, where, type_of=analyzer.object_type
        )
    return object_, [source.observed_at for source in snapshot.sources]
