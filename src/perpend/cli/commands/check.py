"""``perpend check``: inputs judged by policies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import configuration_of, is_from_file, is_off, named_by
from perpend.cli.config.configuration import is_address
from perpend.cli.options.completion import complete_files, complete_runs
from perpend.cli.options.engine import LOCAL, engine_named
from perpend.cli.options.history.html import history_of
from perpend.cli.options.history.record import NOT_AWAY, keep_history, kept_behind
from perpend.cli.options.inputs import InputsCommand, input_options, inputs_here, inputs_or_store, report_problems, words_of
from perpend.cli.options.policy_selection import choice_options
from perpend.cli.options.programs import choose_policies, chosen_policies, tell_refused
from perpend.cli.options.reporting import Annotations, ReportOptions, exit_code, report_options, write
from perpend.cli.options.repository import repository_here, store_named
from perpend.cli.options.severity import ActiveSeverities
from perpend.cli.options.streams import progress, refuse_input_as_output
from perpend.cli.options.tree_faults import tell_tree_faults
from perpend.cli.options.values import max_age_option, moment, settings
from perpend.cli.options.waivers import ActiveWaivers, waiver_options
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.values.age import written_age
from perpend.evaluation.verdicts.evaluate_objects import evaluate_objects
from perpend.inventory.importers.input import need_a_store, needs_joining
from perpend.inventory.readers import UnusableInput, collect_files
from perpend.inventory.readers.files import are_large
from perpend.language.compiler.analyzer import Analyzer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.inputs import Imported
    from perpend.inventory.importers.tables.table_bytes import UnreadableTable
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.html.history import ReportHistory
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

LARGE: Final = 5_000
"""From how many objects on DuckDB judges an input unless told otherwise."""

EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check account-a.csv account-b.json.gz --framework cis-aws
  aws iam get-credential-report | perpend check - --format json
  perpend check users.json --type "AWS IAM User" --repo ~/policies
  perpend check users.parquet --type "AWS IAM User" accounts.csv --type "AWS Account" --mapping accounts.yaml
  perpend check report.csv --framework cis-aws --require-coverage --summary
  perpend check --store inventory --max-age 24h
  perpend check --store inventory --account production --status INCOMPLIANT
  perpend check --store inventory --ratings ratings --fail-on high
  perpend check --store inventory --format parquet --out verdicts.parquet
  perpend check --store inventory --format ocsf --out findings.ndjson
  perpend check --store inventory --format ndjson --compact --out verdicts.ndjson

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, 3 nothing incompliant but something undetermined
(or, with --require-coverage, a requirement that was not asked). --fail-on changes 1 and 3.
What is incompliant and waived does not count; what is undetermined does."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What was asked on the command line, by the names of its options."""

    inputs: tuple[str, ...]
    store: str | None
    run: str | None
    engine: str
    spark_master: str
    spark_conf: tuple[str, ...]
    no_history: bool
    explain_cost: bool
    policies: tuple[str, ...]
    repo: str | None
    frameworks: tuple[str, ...]
    inherited: bool
    exclude: tuple[str, ...]
    snapshot_time: datetime | None
    max_age: timedelta | None
    keep_going: bool
    waivers_dir: str | None
    no_waivers: bool
    report: ReportOptions
    waiving: ActiveWaivers = field(default_factory=ActiveWaivers)
    rating: ActiveSeverities = field(default_factory=ActiveSeverities)

    def refuse_contradictions(self) -> None:
        """Raise where options do not go together."""
        inputs_or_store(self.inputs, self.store, "judge")
        if self.store is not None and self.engine == "interpreter":
            raise click.UsageError("a store is judged by duckdb or spark; the interpreter judges inputs")
        if self.engine != "spark" and (self.spark_conf or self.spark_master != LOCAL):
            raise click.UsageError("--spark-master and --spark-conf go with --engine spark")
        self.report.refuse_contradictions(self.frameworks)


@click.command(
    "check",
    cls=InputsCommand,
    # What the command line names stands for itself: neither a default store nor default policies come on top of it.
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
@click.option("--store", metavar="DIR", type=click.Path(), help="Judge the snapshot in force of this store instead of inputs.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Judge this snapshot of the store.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "interpreter", "duckdb", "spark"]),
    default="auto",
    show_default=True,
    help="What judges: DuckDB for stores and large inputs, else the interpreter.",
)
@click.option("--spark-master", metavar="URL", default=LOCAL, show_default=True, help="The master of --engine spark.")
@click.option("--spark-conf", metavar="KEY=VALUE", multiple=True, help="A setting of --engine spark; may be repeated.")
@click.option("--no-history", is_flag=True, help="With --store: do not keep what was found in the store's history.")
@click.option("--explain-cost", is_flag=True, help="Say what was reused of earlier runs over the snapshot, and what computed.")
@choice_options
@input_options
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the estate looked like this; else what the inputs say, else today.",
)
@max_age_option
@report_options
@waiver_options
@click.option("--keep-going", is_flag=True, help="Judge the usable inputs even if others are not; still exits 2.")
def command(**given: Any) -> int:
    """Judge what INPUTs hold: IAM credential reports (CSV, the AWS CLI's JSON), objects as JSON, tables, gzip of any.

    --type, --mapping, --observed-at and --complete hold for the inputs before them, back to other inputs' options; in front
    of all, for all. Or judge a store, with --store. One unusable input and nothing is judged, unless --keep-going is given;
    then, and for a snapshot that lacks an input, the exit code is 2.
    """
    asked = CheckOptions(report=ReportOptions.taken_from(given), **given)
    asked.refuse_contradictions()
    if asked.inherited and not asked.frameworks and not is_from_file(click.get_current_context(), "inherited"):
        raise click.UsageError("--inherited goes with --framework")
    refuse_input_as_output(asked.report.out, asked.inputs)
    refuse_input_as_output(asked.report.requirements, asked.inputs)
    repository = repository_here(asked.repo)
    tell_tree_faults(repository)
    waiving = ActiveWaivers.here(repository, asked.waivers_dir, none=asked.no_waivers)
    asked = replace(asked, waiving=waiving, rating=asked.report.rating(repository))
    if asked.store is not None:
        return _check_store(Analyzer(repository), asked, asked.store)
    return _check_inputs(Analyzer(repository), asked, inputs_here(click.get_current_context(), asked.inputs, repository))


def _check_inputs(analyzer: Analyzer, asked: CheckOptions, inputs: Sequence[Input]) -> int:
    if need_a_store(inputs):
        from perpend.evaluation.verdicts.stores.temporary_snapshot import imported

        declared = analyzer.repository.declared_type
        with (
            progress("reading") as done,
            imported(inputs, declared=declared, keep_going=asked.keep_going, progress=done) as store,
        ):
            return _check_imported(analyzer, asked, store)
    may_be_large = asked.engine in ("auto", "duckdb") and inputs[0].type_name is None and asked.report.form != "parquet"
    code = _check_large(analyzer, asked, inputs) if may_be_large and are_large(asked.inputs) else None
    return _check_estate(analyzer, asked, inputs) if code is None else code


def _check_imported(analyzer: Analyzer, asked: CheckOptions, imported: Imported) -> int:
    """Judge the snapshot that inputs have become, as that of a store."""
    if asked.engine == "interpreter":
        raise click.UsageError("tables and inputs that name each other are judged by duckdb or spark, not by the interpreter")
    _report_failures(imported.failures)
    report_problems(imported.problems, judged=True)
    if imported.snapshot is None:
        return USAGE_ERROR
    selection = chosen_policies(analyzer, asked, imported.snapshot)
    explained = _explained(analyzer.repository, asked, [failure.source for failure in imported.snapshot.failures])
    code = _check_snapshot(asked, imported.snapshot, selection, explained)
    _report_failures(imported.failures, "not judged: ")
    return USAGE_ERROR if imported.snapshot.failures or selection.refused else code


def _check_large(analyzer: Analyzer, asked: CheckOptions, inputs: Sequence[Input]) -> int | None:
    """Judge large credential reports without holding them; return None where that is not possible."""
    from perpend.evaluation.verdicts.stores.large_reports import evaluate_reports

    with (
        progress("reading") as done,
        evaluate_reports(
            inputs,
            partial(choose_policies, analyzer, asked),
            declared=analyzer.repository.declared_type,
            snapshot_time=asked.snapshot_time,
            max_age=asked.max_age,
            streamed=asked.report.form != "table",
            progress=done,
        ) as evaluation,
    ):
        if evaluation is None:
            return None
        tell_refused(analyzer.repository, evaluation.selection)
        code = _reported(evaluation, asked, _explained(analyzer.repository, asked))
        return USAGE_ERROR if evaluation.selection.refused else code


def _check_estate(analyzer: Analyzer, asked: CheckOptions, inputs: Sequence[Input]) -> int:
    type_name = inputs[0].type_name
    declared = analyzer.object_type(type_name) if type_name else None
    with progress("reading") as done:
        collected = collect_files(
            asked.inputs,
            type_name=type_name,
            object_type=declared,
            complete={input_.path: input_.complete for input_ in inputs},
            keep_going=asked.keep_going,
            progress=done,
        )
    inventory = collected.inventory
    if needs_joining(inventory):
        from perpend.evaluation.verdicts.stores.temporary_snapshot import joined

        with joined(collected, declared=analyzer.repository.declared_type) as store:
            return _check_imported(analyzer, asked, store)
    _report_failures(collected.failures)
    if collected.failures and not inventory.sources:
        return USAGE_ERROR
    selection = chosen_policies(analyzer, asked, inventory)
    total = sum(map(len, inventory.objects.values()))
    engine = engine_named(_engine_for(asked.engine, total), asked.spark_master, settings(asked.spark_conf))
    with progress("judging", total=total) as done, engine as by:
        evaluation = evaluate_objects(
            inventory, selection, snapshot_time=asked.snapshot_time, engine=by, max_age=asked.max_age, progress=done
        )
    explained = _explained(analyzer.repository, asked, [failure.source for failure in collected.failures])
    code = _reported(evaluation, asked, explained)
    _report_failures(collected.failures, "not judged: ")
    return USAGE_ERROR if collected.failures or selection.refused else code


def _check_store(analyzer: Analyzer, asked: CheckOptions, directory: str) -> int:
    with store_named(directory).reading(asked.run) as snapshot:
        selection = chosen_policies(analyzer, asked, snapshot)
        keeps = None if asked.no_history or is_address(directory) else analyzer.repository
        code = _check_snapshot(asked, snapshot, selection, _explained(analyzer.repository, asked), keeps=keeps)
    if is_address(directory) and not asked.no_history:
        click.echo(f"perpend: {NOT_AWAY}", err=True)
    for failure in snapshot.failures:
        click.echo(f"perpend: not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}", err=True)
    return USAGE_ERROR if snapshot.failures or selection.refused else code


def _check_snapshot(
    asked: CheckOptions,
    snapshot: Snapshot,
    selection: Selection,
    explained: ExplainCommand,
    *,
    keeps: Repository | None = None,
) -> int:
    """Judge a snapshot and report; with ``keeps``, what was found by this repository's policies goes into the history."""
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot

    total = sum(table.rows for table in snapshot.tables.by_name.values() if table.type_name)
    costs: list[Cost] = []
    # DuckDB judges a store unless told otherwise, by way of what it keeps there.
    named = "" if asked.engine == "duckdb" else asked.engine
    with (
        progress("judging", total=total) as done,
        engine_named(named, asked.spark_master, settings(asked.spark_conf)) as engine,
        evaluate_snapshot(
            snapshot,
            selection,
            snapshot_time=asked.snapshot_time,
            engine=engine,
            max_age=asked.max_age,
            progress=done,
            costs=costs.extend,
        ) as evaluation,
    ):
        is_page = asked.report.form == "html"
        # A page shows what the history knows of this very run; what can fail while it is written fails behind it elsewhere.
        if keeps is not None and is_page:
            keep_history(snapshot, evaluation, keeps, asked.rating.said)
        history = history_of(snapshot, evaluation, asked.waiving) if is_page and asked.store is not None else None
        with kept_behind(snapshot, evaluation, None if is_page else keeps, asked.rating.said):
            code = _reported(evaluation, asked, explained, history)
        for cost in costs if asked.explain_cost else ():
            click.echo(
                f"{cost.table}: {cost.what}: {counted(cost.reused, 'column')} reused, {cost.computed} computed", err=True
            )
        return code


def _reported(
    evaluation: Evaluation, asked: CheckOptions, explained: ExplainCommand, history: ReportHistory | None = None
) -> int:
    """Write what was judged, with what waivers cover of it and how severe it is beside, and return the exit code."""
    covering = asked.waiving.covered(evaluation)
    said = Annotations(covering, asked.rating.weighed(evaluation, covering) if asked.report.weighs else None, history)
    write(replace(evaluation, answered=asked.waiving.answered(evaluation, covering)), asked.report, explained, said)
    return exit_code(evaluation, asked.report, said, asked.rating)


def _engine_for(engine: str, objects: int) -> str:
    """Return the engine for an input: an engine's start is worth it from some thousands of objects on."""
    return ("duckdb" if objects >= LARGE else "interpreter") if engine == "auto" else engine


def _explained(repository: Repository, asked: CheckOptions, unusable: Sequence[str] = ()) -> ExplainCommand:
    """Return what another command needs to explain verdicts of this run: what this one was told."""
    from perpend.inventory.snapshots.temporary_store import is_scratch
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

    context = click.get_current_context()
    file = configuration_of(context).file
    given = {
        "--store": asked.store,
        "--run": asked.run,
        "--max-age": None if asked.max_age is None or is_from_file(context, "max_age") else written_age(asked.max_age),
        "--repo": None if is_from_file(context, "repo") else asked.repo,
        "--config": str(file.path) if file and named_by(context) == "--config" else None,
    }
    options = [word for option, value in given.items() if value is not None for word in (option, value)]
    options += ["--no-config"] if is_off(context) else []
    usable = [name for name in asked.inputs if name not in unusable]
    inputs, own = words_of(context, usable)
    in_order = len(inputs) > len(usable)
    is_kept = asked.store is None or not is_scratch(asked.store)
    return ExplainCommand(tuple(inputs), (*own, *options), repository.policy_ids, asked.snapshot_time, in_order, is_kept)


def _report_failures(failures: Sequence[UnusableInput | UnreadableTable], prefix: str = "") -> None:
    for failure in failures:
        click.echo(f"perpend: {prefix}{failure}", err=True)
