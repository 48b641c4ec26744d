"""``perpend check``: inputs judged by policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.analyze.programs import Analyzer
from perpend.cli.app import USAGE_ERROR
from perpend.cli.engines import row_engine
from perpend.cli.faults import tell_tree_faults
from perpend.cli.options import moment, scopes, settings
from perpend.cli.output import output_stream, progress, refuse_input_as_output, terminal
from perpend.cli.programs import (
    Chosen,
    chosen_policies,
    declared_types,
    named_policies,
    programs_over,
    refuse_unknown_type,
    views_of,
)
from perpend.cli.repositories import open_repository
from perpend.collect import UnusableInput, collect_files
from perpend.diagnostics.escape import visible
from perpend.ir.status import Status
from perpend.judge.belonging import with_children
from perpend.judge.judgement import Judgement
from perpend.store.files import shown

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.cli.stores import StoreAsked
    from perpend.ir.coverage import Scope
    from perpend.store.snapshot import Snapshot


LARGE: Final = 5_000
"""From how many objects on DuckDB judges an input unless told otherwise."""

EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check account-a.csv account-b.json.gz --framework cis-aws-v6.0.0
  aws iam get-credential-report | perpend check - --format json
  perpend check users.json --type CA10__CaAwsUser__c --repo ~/policies
  perpend check --store inventory --format parquet --out verdicts.parquet

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, 3 nothing incompliant but something undetermined."""


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
    framework: str | None
    inherited: bool
    type_name: str | None
    complete: tuple[Scope, ...]
    snapshot_time: datetime | None
    form: str
    out: str | None
    limit: int
    keep_going: bool

    def refuse_contradictions(self) -> None:
        """Raise where options do not go together."""
        if bool(self.inputs) is (self.store is not None):
            raise click.UsageError("name either INPUTs or a --store to judge")
        if self.form == "parquet" and (self.store is None or self.out in (None, "-")):
            raise click.UsageError("--format parquet goes with --store and --out FILE")
        if self.store is not None and self.engine == "interpreter":
            raise click.UsageError("a store is judged by duckdb or spark; the interpreter judges inputs")


@click.command("check", epilog=EPILOG)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--store", metavar="DIR", type=click.Path(), help="Judge the snapshot in force of this store instead of inputs.")
@click.option("--run", metavar="ID", help="Judge this snapshot of the store.")
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
@click.option("--policy", "policies", multiple=True, metavar="ID|GLOB", help="Judge by these policies only; may be repeated.")
@click.option("--repo", metavar="DIR", type=click.Path(), help="Take policies from this repository instead of the library.")
@click.option("--framework", metavar="ID", help="Judge by the policies mapped to this framework or section.")
@click.option(
    "--inherited", is_flag=True, help="With --framework: also by those that reach it through rules or similar sections."
)
@click.option("--type", "type_name", metavar="TYPE", help="The object type that a JSON array holds.")
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
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "ndjson", "csv", "parquet"]),
    default="table",
    show_default=True,
    help="The output's form.",
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Objects shown per message in the table."
)
@click.option("--keep-going", is_flag=True, help="Judge the usable inputs even if others are not; still exits 2.")
def command(**given: Any) -> int:
    """Judge what INPUTs hold: IAM credential reports (CSV, the AWS CLI's JSON, gzip of either), or objects as JSON.

    Or judge a store, with --store. One unusable input and nothing is judged, unless --keep-going is given; then, and for a
    snapshot that lacks an input, the exit code is 2.
    """
    asked = Asked(**given)
    asked.refuse_contradictions()
    refuse_input_as_output(asked.out, asked.inputs)
    repository = open_repository(asked.repo)
    tell_tree_faults(repository)
    analyzer = Analyzer(repository)
    chosen = chosen_policies(repository, asked.policies, asked.framework, inherited=asked.inherited)
    named = named_policies(repository, asked.policies)
    if asked.type_name is not None:
        refuse_unknown_type(repository, asked.type_name)
    if asked.store is not None:
        return _check_store(analyzer, asked, chosen, named)
    return _check_inputs(analyzer, asked, chosen, named)


def _check_inputs(analyzer: Analyzer, asked: Asked, chosen: list[str], named: frozenset[str]) -> int:
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
    if collected.failures and not collected.estate.sources:
        return USAGE_ERROR
    kinds = {source.kind for source in collected.estate.sources}
    found = programs_over(analyzer, chosen, collected.estate.objects, named, kinds)
    unread = [shown(failure.source) for failure in collected.failures]
    estate = with_children(collected.estate, found.programs, analyzer.object_type, unread=unread)
    total = sum(map(len, estate.objects.values()))
    engine = row_engine(_engine_for(asked.engine, total), asked.spark_master, settings(asked.spark_conf))
    with progress("judging", total=total) as done, engine as by:
        about = _about(analyzer, found, asked)
        judgement = Judgement(estate, found.programs, engine=by, progress=done, **about)
    write(judgement, asked.form, asked.out, asked.limit)
    _report_failures(collected.failures, "not judged: ")
    return USAGE_ERROR if collected.failures or found.refused else exit_code(judgement)


def _check_store(analyzer: Analyzer, asked: Asked, chosen: list[str], named: frozenset[str]) -> int:
    from perpend.cli.stores import StoreAsked

    store = StoreAsked(asked.store or "", asked.run, asked.engine, asked.spark_master, settings(asked.spark_conf))
    with store.reading() as snapshot:
        return _check_snapshot(analyzer, asked, chosen, named, store, snapshot)


def _check_snapshot(
    analyzer: Analyzer, asked: Asked, chosen: list[str], named: frozenset[str], store: StoreAsked, snapshot: Snapshot
) -> int:
    from perpend.cli.stores import judged, write_parquet

    held = {table.type_name: table.rows for table in snapshot.tables.by_name.values() if table.type_name}
    found = programs_over(analyzer, chosen, held, named, {source.kind for source in snapshot.sources})
    about = _about(analyzer, found, asked)
    with (
        progress("judging", total=sum(held.values())) as done,
        judged(store, snapshot, found.programs, progress=done, **about) as judgement,
    ):
        if asked.form == "parquet":
            write_parquet(judgement, asked.out or "")
        else:
            write(judgement, asked.form, asked.out, asked.limit)
        for cost in store.costs if asked.explain_cost else ():
            click.echo(f"{cost.table}: {cost.what}: {cost.reused} columns reused, {cost.computed} computed", err=True)
        for failure in snapshot.failures:
            click.echo(f"perpend: not in the snapshot: {visible(failure.source)}: {visible(failure.reason)}", err=True)
        return USAGE_ERROR if snapshot.failures or found.refused else exit_code(judgement)


def _about(analyzer: Analyzer, found: Chosen, asked: Asked) -> dict[str, Any]:
    return {
        "policies": views_of(analyzer.repository, found.programs),
        "types": declared_types(analyzer),
        "snapshot_time": asked.snapshot_time,
        "set_aside": found.set_aside,
    }


def _engine_for(engine: str, objects: int) -> str:
    """Return the engine for an input: an engine's start is worth it from some thousands of objects on."""
    return ("duckdb" if objects >= LARGE else "interpreter") if engine == "auto" else engine


def write(judgement: Judgement, form: str, out: str | None, limit: int) -> None:
    """Write a judgement in one of the forms."""
    from perpend.report.verdicts.as_csv import write_csv
    from perpend.report.verdicts.as_json import write_json, write_ndjson
    from perpend.report.verdicts.terminal import print_judgement

    if form == "table":
        with terminal(out) as console:
            print_judgement(judgement, console, limit=limit)
        return
    with output_stream(out) as stream:
        {"json": write_json, "ndjson": write_ndjson, "csv": write_csv}[form](judgement, stream)


def exit_code(judgement: Judgement) -> int:
    """Return 1 where something is incompliant, 3 where something is undetermined, else 0."""
    counts = judgement.ledger.counts
    if counts[Status.INCOMPLIANT]:
        return 1
    return 3 if counts[Status.UNDETERMINED] else 0


def _report_failures(failures: tuple[UnusableInput, ...], prefix: str = "") -> None:
    for failure in failures:
        click.echo(f"perpend: {prefix}{failure}", err=True)
