"""Many small questions to Spark put in few jobs: whoever asks runs twice, first to be heard, then to be answered."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from perpend.authoring.testing.run import TestReport, run_policy_tests
from perpend.core.schema.tables import Tables
from perpend.evaluation.engines.protocol import Engine
from perpend.evaluation.planner.build import Plan
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import Repository
from tests.sampled import STEP, sampled

if TYPE_CHECKING:
    from perpend.evaluation.engines.spark.engine import Spark

Ends = list[tuple[int, ...]]
Given = TypeVar("Given")

BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
"""A JVM that lives for a minute is not worth optimising: compiling its own code once costs half as much as doing it twice.

Nor is proving anew that Spark's own classes are well formed, a fifth of its start.
"""

UNCOMPILED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
"""Settings that have expressions interpreted: compiling them takes longer than judging a few objects by each."""

SMALL = {
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": BRIEF,
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
}
"""Settings for many small tables. Without the rule, constant tables are judged by the optimiser and not by compiled code."""

SMALL_OPTIONS = (
    *("--spark-master", "local[1]"),
    *("--spark-conf=spark.sql.shuffle.partitions=1", f"--spark-conf=spark.driver.extraJavaOptions={BRIEF}"),
    *(f"--spark-conf={name}={value}" for name, value in UNCOMPILED.items()),
)
"""Options of a `check` that judges little."""


def why_not() -> str | None:
    """Return why Spark cannot run here, None where it can."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: `pip install 'perpend[spark]'`"
    return None if shutil.which("java") else "there is no Java here"


class _Heard:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def codes_of_rows(self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Ends:
        self.asked.append((plan, tables, rows))
        return [(0,) * len(plan.stage.outputs) for _ in rows[plan.stage.table.name]]


class _Answered:
    def __init__(self, ends: Iterator[Ends]) -> None:
        self.ends = ends

    def codes_of_rows(self, plan: Plan, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Ends:
        return next(self.ends)


def answered(spark: Spark, ask: Callable[[Engine], Given]) -> Given:
    """Return what comes of asking an engine, all questions being put to Spark at once."""
    heard = _Heard()
    ask(heard)
    return ask(_Answered(iter(spark.codes_of_many(heard.asked))))


def report_of(spark: Spark, root: Path) -> TestReport:
    """Return what the tests of a policy repository come to on Spark: of a third of those that costly tests ask, or of all."""
    repository = Repository(root)
    analyzer = Analyzer(repository)
    asked = sampled(repository.logic_ids)[:: 1 if STEP == 1 else 3]
    return answered(spark, lambda engine: run_policy_tests(analyzer, asked, engine=engine))
