"""``perpend check``: evaluate policies over inputs or a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.completion import complete_files, complete_runs
from perpend.cli.options.inputs import input_options, inputs_here, inputs_or_store, words_of
from perpend.cli.options.next_commands import explain_options, run_commands, words_given
from perpend.cli.options.policy_selection import choice_options
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import report_options, run_request
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import max_age_option, moment, settings
from perpend.cli.options.waivers import waiver_options
from perpend.evaluation.engines.by_name import LOCAL
from perpend.inventory.snapshots.open_store import is_address
from perpend.reports.streams import refuse_input_as_output
from perpend.runs.evaluate import evaluate_and_report, run_on_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.language.syntax.repository import Repository
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand, RunCommands

EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check account-a.csv account-b.json.gz --framework cis-aws
  aws iam get-credential-report | perpend check - --format json
  perpend check users.json --type "AWS IAM User" --repo ~/policies
  perpend check users.parquet --type "AWS IAM User" accounts.csv --type "AWS Account" --mapping accounts.yaml
  perpend check report.csv --framework cis-aws --require-coverage --details
  perpend check --store inventory --max-age 24h
  perpend check --store inventory --account production --status INCOMPLIANT
  perpend check --store inventory --ratings ratings --fail-on high
  perpend check --store inventory --format parquet --out verdicts.parquet
  perpend check --store inventory --format ocsf --out findings.ndjson
  perpend check --store inventory --format ndjson --out verdicts.ndjson

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, or the run was not recorded,
3 nothing incompliant but something undetermined
(or, with --require-coverage, a requirement that was not evaluated in full). --fail-on changes 1 and 3.
Waived incompliant verdicts do not count. Waived undetermined verdicts do."""


@click.command(
    "check",
    cls=Configured,
    # An option on the command line replaces the defaults of the file that mean the same.
    yields={
        "store": ("inputs",),
        "policies": ("frameworks",),
        "frameworks": ("policies",),
        "inherited": ("policies", "frameworks"),
        "require_coverage": ("policies",),
    },
    epilog=EPILOG,
)
@click.argument("inputs", nargs=-1, metavar="INPUT...", shell_complete=complete_files)
@click.option("--store", cls=StoreOption, help="Check the current snapshot of this store instead of inputs.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Check this snapshot of the store.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "interpreter", "duckdb", "spark"]),
    default="auto",
    show_default=True,
    help="The engine: auto is DuckDB; interpreter evaluates object by object, to compare.",
)
@click.option("--spark-master", metavar="URL", default=LOCAL, show_default=True, help="The master for --engine spark.")
@click.option("--spark-conf", metavar="KEY=VALUE", multiple=True, help="A setting for --engine spark; may be repeated.")
@click.option("--no-history", is_flag=True, help="With --store: do not record the findings in the store's history.")
@click.option("--explain-cost", is_flag=True, help="Print how many columns were computed, and how many reused.")
@choice_options
@input_options
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the inventory was collected. Default: the time in the inputs, else today.",
)
@max_age_option
@report_options
@waiver_options
@click.option("--keep-going", is_flag=True, help="Check the usable inputs even if others are not; the exit code is still 2.")
@click.pass_context
def command(context: click.Context, /, inputs: tuple[str, ...], store: str | None, no_history: bool, **given: Any) -> int:
    """Check credential reports and other inventory against policies.

    INPUT is an IAM credential report (CSV or the AWS CLI's JSON), a JSON file of objects, or a table; also with gzip. To
    check a store instead, use --store.

    --type, --mapping, --observed-at and --complete apply to the inputs before them, back to the previous such option; in
    front of all inputs, they apply to all. If an input cannot be used, nothing is checked, unless --keep-going is given. The
    exit code is then 2, as for a snapshot without all of its inputs.
    """
    inputs_or_store(inputs, store, "check")
    if given["inherited"] and not given["frameworks"] and not is_from_file(context, "inherited"):
        raise click.UsageError("--inherited goes with --framework")
    for out in (given["out"], given["requirements"]):
        refuse_input_as_output(out, inputs)
    repository = open_repository_here(given["repo"])

    is_recorded = store is not None and not no_history and not is_address(store)

    def commands(unread: Sequence[str]) -> RunCommands:
        explain = _explain_command(context, repository, inputs, unread, {"store": store, **given})
        words = () if "-" in inputs else words_given(context)
        return run_commands(context, explain, store=store, has_history=is_recorded, words=words)

    request = run_request(context, given, repository, spark_settings=settings(given["spark_conf"]), commands=commands)
    if store is not None:
        return run_on_store(request, store, record=not no_history).exit_code
    return evaluate_and_report(request.with_inputs(inputs_here(context, inputs, repository))).exit_code


def _explain_command(
    context: click.Context, repository: Repository, inputs: Sequence[str], unread: Sequence[str], given: Mapping[str, Any]
) -> ExplainCommand:
    """Return the command that explains a verdict of this run: the same inputs or store, and the same options."""
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

    usable = [name for name in inputs if name not in unread]
    options = explain_options(context, given["store"])
    words, own = words_of(context, inputs, usable)
    in_order = len(words) > len(usable)
    return ExplainCommand(tuple(words), (*own, *options), repository.policy_ids, given["snapshot_time"], in_order)
