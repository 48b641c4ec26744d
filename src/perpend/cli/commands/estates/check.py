"""``perpend check``: inputs judged by policies."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.analyze.programs import Analyzer
from perpend.cli.app import USAGE_ERROR
from perpend.cli.completions import complete_files, complete_frameworks, complete_policies, complete_runs, complete_types
from perpend.cli.configured import Configured, is_from_file
from perpend.cli.engines import engine_named
from perpend.cli.faults import tell_tree_faults
from perpend.cli.options import TYPE_HELP, moment, repository_option, scopes, settings
from perpend.cli.output import progress, refuse_input_as_output
from perpend.cli.programs import tell_refused
from perpend.cli.reporting import Reporting, exit_code, report_options, write
from perpend.cli.repositories import repository_here, type_here
from perpend.collect import UnusableInput, collect_files
from perpend.collect.files import are_large
from perpend.diagnostics.escape import visible
from perpend.judge.estates import judge_estate
from perpend.judge.selection import select_policies

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.engines.duckdb.kept import Cost
    from perpend.ir.coverage import Scope
    from perpend.ir.estate import Estate
    from perpend.judge.selection import Selection
    from perpend.store.snapshot import Snapshot


LARGE: Final = 5_000
"""From how many objects on DuckDB judges an input unless told otherwise."""

EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check account-a.csv account-b.json.gz --framework cis-aws
  aws iam get-credential-report | perpend check - --format json
  perpend check users.json --type "AWS IAM User" --repo ~/policies
  perpend check report.csv --framework cis-aws --require-coverage --summary
  perpend check --store inventory --account production --status INCOMPLIANT
  perpend check --store inventory --format parquet --out verdicts.parquet

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, 3 nothing incompliant but something undetermined
(or, with --require-coverage, a requirement that was not asked). --fail-on changes 1 and 3."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the command line, by the names of its options."""

    inputs: tuple[str, ...]
    store: str | None
    run: str | None
    engine: str
    spark_master: str
    spark_conf: tuple[str, ...]
    explain_cost: bool
    policies: tuple[str, ...]
    repo: str | None
    frameworks: tuple[str, ...]
    inherited: bool
    exclude: tuple[str, ...]
    type_name: str | None
    complete: tuple[Scope, ...]
    snapshot_time: datetime | None
    keep_going: bool
    report: Reporting

    def refuse_contradictions(self) -> None:
        """Raise where options do not go together."""
        if bool(self.inputs) is (self.store is not None):
            raise click.UsageError("name either INPUTs or a --store to judge")
        if self.store is not None and self.engine == "interpreter":
            raise click.UsageError("a store is judged by duckdb or spark; the interpreter judges inputs")
        self.report.refuse_contradictions(self.frameworks)


@click.command(
    "check",
    cls=Configured,
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
@click.option("--spark-master", metavar="URL", default="local[*]", show_default=True, help="The master of --engine spark.")
@click.option("--spark-conf", metavar="KEY=VALUE", multiple=True, help="A setting of --engine spark; may be repeated.")
@click.option("--explain-cost", is_flag=True, help="Say what was reused of earlier runs over the snapshot, and what computed.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="Judge by these policies only; may be repeated.",
)
@repository_option
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="Judge by the policies mapped to this framework or section; without a version the newest; may be repeated.",
)
@click.option(
    "--inherited", is_flag=True, help="With --framework: also by those that reach it through rules or similar sections."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="Do not ask these policies, which reports tell; may be repeated.",
)
@click.option("--type", "type_name", metavar="TYPE", shell_complete=complete_types, help=TYPE_HELP)
@click.option(
    "--complete",
    metavar="SCOPE",
    callback=scopes,
    help="Of what the inputs together hold every object of their type: all, ACCOUNT or ACCOUNT/REGION, with commas.",
)
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the estate looked like this; else what the inputs say, else today.",
)
@report_options
@click.option("--keep-going", is_flag=True, help="Judge the usable inputs even if others are not; still exits 2.")
def command(**given: Any) -> int:
    """Judge what INPUTs hold: IAM credential reports (CSV, the AWS CLI's JSON, gzip of either), or objects as JSON.

    Or judge a store, with --store. One unusable input and nothing is judged, unless --keep-going is given; then, and for a
    snapshot that lacks an input, the exit code is 2.
    """
    asked = Asked(report=Reporting.taken_from(given), **given)
    asked.refuse_contradictions()
    if asked.inherited and not asked.frameworks and not is_from_file(click.get_current_context(), "inherited"):
        raise click.UsageError("--inherited goes with --framework")
    refuse_input_as_output(asked.report.out, asked.inputs)
    refuse_input_as_output(asked.report.requirements, asked.inputs)
    repository = repository_here(asked.repo)
    tell_tree_faults(repository)
    if asked.type_name is not None:
        asked = replace(asked, type_name=type_here(repository, asked.type_name))
    if asked.store is not None:
        return _check_store(Analyzer(repository), asked, asked.store)
    return _check_inputs(Analyzer(repository), asked)


def _check_inputs(analyzer: Analyzer, asked: Asked) -> int:
    may_be_large = asked.engine in ("auto", "duckdb") and asked.type_name is None and asked.report.form != "parquet"
    code = _check_large(analyzer, asked) if may_be_large and are_large(asked.inputs) else None
    return _check_estate(analyzer, asked) if code is None else code


def _check_large(analyzer: Analyzer, asked: Asked) -> int | None:
    """Judge large credential reports without holding them; return None where that is not possible."""
    from perpend.intake.inputs import Input
    from perpend.judge.large import judge_reports

    inputs = [Input(path, complete=asked.complete) for path in asked.inputs]
    with (
        progress("reading") as done,
        judge_reports(
            inputs,
            partial(_selection, analyzer, asked),
            declared=analyzer.repository.declared_type,
            snapshot_time=asked.snapshot_time,
            progress=done,
        ) as judgement,
    ):
        if judgement is None:
            return None
        tell_refused(analyzer.repository, judgement.selection)
        write(judgement, asked.report, "perpend explain POLICY OBJECT INPUT")
        return USAGE_ERROR if judgement.selection.refused else exit_code(judgement, asked.report)


def _check_estate(analyzer: Analyzer, asked: Asked) -> int:
    declared = analyzer.object_type(asked.type_name) if asked.type_name else None
    with progress("reading") as done:
        collected = collect_files(
            asked.inputs,
            type_name=asked.type_name,
            object_type=declared,
            complete=dict.fromkeys(asked.inputs, asked.complete),
            keep_going=asked.keep_going,
            progress=done,
        )
    _report_failures(collected.failures)
    estate = collected.estate
    if collected.failures and not estate.sources:
        return USAGE_ERROR
    selection = _selected(analyzer, asked, estate)
    total = sum(map(len, estate.objects.values()))
    engine = engine_named(_engine_for(asked.engine, total), asked.spark_master, settings(asked.spark_conf))
    with progress("judging", total=total) as done, engine as by:
        judgement = judge_estate(estate, selection, snapshot_time=asked.snapshot_time, engine=by, progress=done)
    write(judgement, asked.report, "perpend explain POLICY OBJECT INPUT")
    _report_failures(collected.failures, "not judged: ")
    return USAGE_ERROR if collected.failures or selection.refused else exit_code(judgement, asked.report)


def _check_store(analyzer: Analyzer, asked: Asked, directory: str) -> int:
    from perpend.store.store import Store

    with Store(directory).reading(asked.run) as snapshot:
        selection = _selected(analyzer, asked, snapshot)
        code = _check_snapshot(asked, directory, snapshot, selection)
    for failure in snapshot.failures:
        click.echo(f"perpend: not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}", err=True)
    return USAGE_ERROR if snapshot.failures or selection.refused else code


def _check_snapshot(asked: Asked, directory: str, snapshot: Snapshot, selection: Selection) -> int:
    from perpend.judge.snapshots import judge_snapshot

    total = sum(table.rows for table in snapshot.tables.by_name.values() if table.type_name)
    costs: list[Cost] = []
    # DuckDB judges a store unless told otherwise, by way of what it keeps there.
    named = "" if asked.engine == "duckdb" else asked.engine
    with (
        progress("judging", total=total) as done,
        engine_named(named, asked.spark_master, settings(asked.spark_conf)) as engine,
        judge_snapshot(
            snapshot, selection, snapshot_time=asked.snapshot_time, engine=engine, progress=done, costs=costs.extend
        ) as judgement,
    ):
        run = f" --run {shlex.quote(asked.run)}" if asked.run else ""
        write(judgement, asked.report, f"perpend explain POLICY OBJECT --store {shlex.quote(directory)}{run}")
        for cost in costs if asked.explain_cost else ():
            click.echo(f"{cost.table}: {cost.what}: {cost.reused} columns reused, {cost.computed} computed", err=True)
        return exit_code(judgement, asked.report)


def _selected(analyzer: Analyzer, asked: Asked, over: Estate | Snapshot) -> Selection:
    """Return the policies that judge, having told which cannot."""
    selection = _selection(analyzer, asked, over)
    tell_refused(analyzer.repository, selection)
    return selection


def _selection(analyzer: Analyzer, asked: Asked, over: Estate | Snapshot) -> Selection:
    return select_policies(
        analyzer,
        asked.policies,
        framework=asked.frameworks,
        inherited=asked.inherited,
        exclude=asked.exclude,
        standing=is_from_file(click.get_current_context(), "policies"),
        over=over,
    )


def _engine_for(engine: str, objects: int) -> str:
    """Return the engine for an input: an engine's start is worth it from some thousands of objects on."""
    return ("duckdb" if objects >= LARGE else "interpreter") if engine == "auto" else engine


def _report_failures(failures: tuple[UnusableInput, ...], prefix: str = "") -> None:
    for failure in failures:
        click.echo(f"perpend: {prefix}{failure}", err=True)
