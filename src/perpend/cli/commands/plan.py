"""``perpend plan``: show the plan of an engine for policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_policies
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import moment, repository_option
from perpend.evaluation.planner.describe import plan_lines, plan_mermaid
from perpend.evaluation.planner.sql import query_of
from perpend.evaluation.verdicts.plans import plans_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.streams import output_stream
from perpend.runs.warnings import warn_unusable_policies

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.core.schema.tables import Tables
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.sql import Dialect

EPILOG = """\b
Examples:
  perpend plan user-has-more-than-one-active-access-key
  perpend plan /ce/ca/aws/iam --format sql
  perpend plan root-user-mfa --engine spark --format sql
  perpend plan root-user-mfa --format mermaid --store inventory"""


@click.command("plan", cls=Configured, epilog=EPILOG)
@click.argument("names", nargs=-1, required=True, metavar="ID|GLOB...", shell_complete=complete_policies)
@repository_option
@click.option(
    "--store",
    metavar="DIR",
    type=click.Path(),
    help="Plan for the tables of this store. Default: for the declared object types.",
)
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark", "bigquery", "postgres", "snowflake", "trino"]),
    default="duckdb",
    show_default=True,
    help="The engine or SQL dialect. Only duckdb and spark can run the SQL; no test checks the text for others.",
)
@format_option("plan")
@click.option("--snapshot-time", metavar="TIME", callback=moment, help="The day to compare dates with. Default: today.")
def command(
    names: tuple[str, ...], repo: str | None, store: str | None, engine: str, form: str, snapshot_time: datetime | None
) -> int:
    """Show the plan of an engine for policies: scans, joins, counts and shared columns, one plan per object type."""
    analyzer = Analyzer(open_repository_here(repo))
    selection = select_policies(analyzer, names)
    warn_unusable_policies(analyzer.repository, selection)
    if not selection.programs:
        return USAGE_ERROR
    plans = plans_of(analyzer, selection, tables=_tables(store) if store else None, snapshot_time=snapshot_time)
    with output_stream(None) as stream:
        stream.write("\n\n".join("\n".join(_shown(plan, form, engine)) for plan in plans) + "\n")
    return 0


def _tables(store: str) -> Tables:
    return open_store(store).snapshot().tables


def _shown(plan: Plan, form: str, engine: str) -> list[str]:
    if form == "tree":
        return plan_lines(plan)
    if form == "mermaid":
        return plan_mermaid(plan)
    dialect = _dialect(engine)
    return [query_of(plan, dialect, dialect.identifier).text + ";"]


def _dialect(engine: str) -> Dialect:
    if engine == "spark":
        from perpend.evaluation.engines.spark.sql import SparkSql

        return SparkSql()
    if engine == "duckdb":
        from perpend.evaluation.engines.duckdb.sql import DuckDbSql

        return DuckDbSql()
    from perpend.evaluation.engines.other_sql import OtherSql

    return OtherSql(engine)
