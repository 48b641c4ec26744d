"""``perpend import``: import inputs and tables into a store."""

from __future__ import annotations

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.collect_summary import print_tables
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_files
from perpend.cli.options.inputs import input_options, inputs_here
from perpend.cli.options.names import labels_of
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import object_types_option
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.snapshots.open_store import open_store
from perpend.reports.streams import progress
from perpend.runs.warnings import warn_failures

EPILOG = """\b
Examples:
  perpend import report.csv --store inventory
  perpend import users.parquet --type "AWS IAM User" --store inventory
  perpend import a.csv --type CA10__CaAwsUser__c --mapping a.yaml \\
                 b.ndjson --type CA10__CaAwsAccount__c --store inventory
  perpend import users.csv --type CA10__CaAwsUser__c --complete 111122223333,444455556666 --store inventory
  perpend import recorders.csv --type CA10__CaAwsConfigRecorder__c --complete 111122223333/eu-west-1 --store inventory

\b
Exit codes: 0 the snapshot is the current one, 2 an input cannot be used."""


@click.command("import", cls=Configured, epilog=EPILOG)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", shell_complete=complete_files)
@click.option("--store", "directory", required=True, metavar="DIR", type=click.Path(), help="The store's directory.")
@input_options
@object_types_option
@click.option("--keep-going", is_flag=True, help="Import the usable inputs even if others are not; the exit code is still 2.")
@click.pass_context
def command(context: click.Context, /, inputs: tuple[str, ...], directory: str, repo: str | None, keep_going: bool) -> int:
    """Import INPUTs into a store as one snapshot. INPUT is any file that `perpend check` reads.

    --type, --mapping, --observed-at and --complete apply to the inputs before them, back to the previous such option; in
    front of all inputs, they apply to all.
    """
    repository = open_repository_here(repo)
    read = inputs_here(context, inputs, repository)
    with progress("reading") as done:
        imported = import_inputs(
            open_store(directory), read, declared=repository.declared_type, keep_going=keep_going, progress=done
        )
    warn_failures(imported.failures)
    if imported.snapshot is None:
        return USAGE_ERROR
    warn_diagnostics(imported.problems)
    click.echo(f"snapshot {imported.snapshot.id}")
    print_tables(imported.snapshot, labels_of(repository))
    return USAGE_ERROR if imported.failures else 0
