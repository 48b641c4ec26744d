"""Spark agrees with the interpreter on every vector, on the library's own tests, and on whatever programs Hypothesis builds."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files as package_files
from io import StringIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from bench.histories_spark import compare_steps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import Types, TypesDiffer
from perpend.core.schema.shred import shred, tables_of
from perpend.core.values.values import json_from_text
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.engines.protocol import Engine
from perpend.evaluation.planner.build import plan_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.findings.history.model import FindingState
from perpend.findings.history.state_machine import step
from perpend.inventory.importers.input import Input
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.operations import OPERATIONS
from perpend.language.program.numbering import UNREADABLE
from perpend.language.program.program import Program
from perpend.language.program.required_columns import required_fields
from perpend.language.syntax.repository import open_repository
from perpend.reports.formats.json import write_ndjson
from tests import incomplete_lists
from tests.differential.mixing import TIME, batches
from tests.differential.on_spark import SMALL, UNCOMPILED, answered, report_of, why_not
from tests.estates import THING, repositories, repositories_with, repositories_with_logic
from tests.lives import all_lives, said_of, stepped_in_sql
from tests.regressions import FILES as FILES_OF_BEFORE
from tests.regressions import Counterexample, check_agreement, read, reference
from tests.repositories import logic, policy_files, program_of, temporary_analyzer
from tests.vectors import FILES, analyzed, snapshot, vectors

if TYPE_CHECKING:
    from perpend.evaluation.engines.spark.engine import Spark

EXAMPLES = int(os.environ.get("PERPEND_SPARK_EXAMPLES", "8"))
SHARE = int(os.environ.get("PERPEND_SPARK_SHARE", "64"))
"""Of how many vectors one is run; 1 for all, which takes minutes."""

EXAMPLE = Path(__file__).parents[2] / "examples" / "credential-report.csv"
DAY = datetime(2026, 11, 20, tzinfo=UTC)
REASON = why_not()
pytestmark = [pytest.mark.skipif(REASON is not None, reason=str(REASON)), pytest.mark.slow]


class Judged(NamedTuple):
    """A program and the objects that it judges, with how it ends on each."""

    program: Program
    asked: Counterexample


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    from perpend.evaluation.engines.spark import engine

    with engine.spark("local[2]", SMALL) as opened:
        yield opened


def found_by(engine: Engine, cases: Sequence[Judged]) -> list[list[int]]:
    found = []
    for program, asked in cases:
        found += indexes_of(engine, [program], asked.objects, asked.time, complete=asked.complete)
    return found


def check_all(spark: Spark, cases: Sequence[Judged]) -> None:
    found = answered(spark, lambda engine: found_by(engine, cases))
    for case, indexes in zip(cases, found, strict=True):
        check_agreement("spark", case.asked, indexes)


@contextmanager
def uncompiled(spark: Spark) -> Iterator[None]:
    """Have expressions interpreted."""
    for name, value in UNCOMPILED.items():
        spark.session.conf.set(name, value)
    yield
    for name in UNCOMPILED:
        spark.session.conf.unset(name)


class Together(NamedTuple):
    """Vectors over objects of one type on one day. Each of the programs judges each of the objects, in one plan."""

    programs: list[Program]
    objects: list[dict[str, Any]]
    time: int

    def takes(self, program: Program, time: int) -> bool:
        """Whether a program fits in: a plan of many costs Spark less than many plans, until it is too large."""
        first = self.programs[0]
        if (time, program.input_type) != (self.time, first.input_type) or len(self.programs) == AT_ONCE:
            return False
        try:
            Types.together(one.types for one in (*self.programs, program))
        except TypesDiffer:
            return False
        return True


AT_ONCE = 40


def vectors_together() -> list[Together]:
    found: list[Together] = []
    for file in FILES:
        for (result, _), vector in zip(analyzed(file, SHARE), vectors(file)[::SHARE], strict=True):
            if (program := result.program) is not None:
                time = snapshot(vector)
                one = next((one for one in found if one.takes(program, time)), None)
                if one is None:
                    found.append(one := Together([], [], time))
                one.programs.append(program)
                one.objects.append(json_from_text(json.dumps(vector.get("object", {}))))
    return found


def test_a_list_that_may_hold_more_is_known_by_the_children_that_are(spark: Spark) -> None:
    asked = incomplete_lists.cases()
    found = answered(
        spark, lambda engine: [indexes_of(engine, [one.program], one.objects, TIME, complete=False) for one in asked]
    )
    assert [[one.indexes] for one in asked] == found


def test_every_vector_ends_on_spark_as_in_the_interpreter(spark: Spark) -> None:
    """And so does every object of the vectors that are judged with it."""
    asked = vectors_together()
    assert sum(len(one.programs) for one in asked) > 1_000 // SHARE
    with uncompiled(spark):
        found = answered(spark, lambda engine: [indexes_of(engine, one.programs, one.objects, one.time) for one in asked])
    for one, by_program in zip(asked, found, strict=True):
        for program, indexes in zip(one.programs, by_program, strict=True):
            expected = reference(program, one.objects, one.time, complete=True)
            check_agreement("spark", Counterexample({}, one.objects, True, one.time, expected), indexes)


def test_the_librarys_own_tests_pass_on_spark(spark: Spark) -> None:
    with uncompiled(spark):
        report = report_of(spark, Path(str(package_files("perpend") / "library")))
    assert report.executions
    assert ({}, [], report.executions) == (report.refused, report.failures, report.passed)


def test_a_file_comes_to_the_same_findings(spark: Spark) -> None:
    """And `test_spark_check` says so of a store, by way of the command."""
    analyzer, texts = Analyzer(open_repository(None)), []
    with temporary_snapshot([Input(str(EXAMPLE))], declared=analyzer.repository.declared_type) as read:
        assert read.snapshot is not None
        selection = select_policies(analyzer, over=read.snapshot)
        for engine in (None, spark):
            stream = StringIO()
            with evaluate_snapshot(read.snapshot, selection, snapshot_time=DAY, engine=engine, cached=False) as evaluation:
                write_ndjson(evaluation, stream)
            texts.append(stream.getvalue())
    assert texts[0]
    assert texts[0] == texts[1]


def test_a_collected_organization_comes_to_the_same_findings(spark: Spark, tmp_path: Path) -> None:
    """Several accounts, of which one could not be entered: Spark judges their store as it is."""
    pytest.importorskip("botocore", reason="the extra aws is not installed")
    from tests.servers.long import POLICIES, Process
    from tests.servers.stub import Stub

    stub = Stub(4, 8)
    stub.fault = lambda call: "AccessDenied" if call.operation == "AssumeRole" and stub.accounts[2] in call.what else None
    assert 3 == Process(stub, tmp_path).wait().code
    stub.close()
    selection = select_policies(Analyzer(open_repository(None)), POLICIES[::2])
    texts = []
    for engine in (None, spark):
        with (
            uncompiled(spark),
            evaluate_snapshot(Store(tmp_path).snapshot(), selection, snapshot_time=DAY, engine=engine) as evaluation,
        ):
            written = StringIO()
            write_ndjson(evaluation, written)
            texts.append(written.getvalue())
    statuses = {json.loads(line).get("status") for line in texts[0].splitlines()}
    assert {"COMPLIANT", "INCOMPLIANT", "UNDETERMINED"} <= statuses
    assert texts[0] == texts[1]


def drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Judged]:
    """Return programs and objects that Hypothesis draws, judged by the interpreter."""
    found: list[Judged] = []

    @settings(
        max_examples=number, phases=[Phase.generate], deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(files=strategy, objects=batches(), complete=st.booleans())
    def draw(files: dict[str, Any], objects: list[dict[str, Any]], complete: bool) -> None:
        with temporary_analyzer(files) as analyzer:
            program = program_of(analyzer)
        indexes = reference(program, objects, TIME, complete=complete)
        found.append(Judged(program, Counterexample(files, objects, complete, TIME, indexes)))

    draw()
    return found


def test_spark_agrees_on_any_program(spark: Spark) -> None:
    check_all(spark, drawn(repositories() | repositories_with_logic(), EXAMPLES))


@pytest.mark.skipif(
    EXAMPLES < 24, reason="each operation has a vector above; drawn ones are asked with PERPEND_SPARK_EXAMPLES=24"
)
def test_spark_agrees_on_every_operation(spark: Spark) -> None:
    cases = [case for name in OPERATIONS for case in drawn(repositories_with(name), max(1, EXAMPLES // 24))]
    assert len(cases) >= len(OPERATIONS)
    with uncompiled(spark):
        check_all(spark, cases)


def test_every_counterexample_of_before_ends_on_spark_as_in_the_interpreter(spark: Spark) -> None:
    cases = []
    for file in FILES_OF_BEFORE:
        asked = read(file)
        with temporary_analyzer(asked.files) as analyzer:
            cases.append(Judged(program_of(analyzer), asked))
    assert cases
    check_all(spark, cases)


def test_neither_the_order_of_rows_nor_their_partitions_matter(spark: Spark) -> None:
    from perpend.evaluation.engines.spark.engine import frame_of_rows

    program, asked = drawn(repositories(), 3)[-1]
    part = shred(asked.objects, THING, required_fields([program]), complete=asked.complete)
    tables, rows = tables_of(part, complete=asked.complete)
    plan = plan_of([program], tables, TIME)
    for partitions in (1, 3, 8):
        for name, table in tables.by_name.items():
            mixed = Random(partitions).sample(rows[name], len(rows[name]))
            frame_of_rows(spark.session, table, mixed).repartition(partitions).createOrReplaceTempView(f"`{name}`")
        found = sorted(spark.session.sql(spark.query(plan, lambda name: f"`{name}`").text).collect())
        assert asked.indexes == [max(code, UNREADABLE) for _, code in found]


HOSTILE = [
    "'",
    '"',
    "\\",
    "\n",
    "\0",
    "${spark.master}",
    "`",
    "%",
    "\\u0041",
    "\r\n",
    "--",
    "/*",
    ";",
    "?",
    ":a",
    "\u2028",
    "😀",
    "''",
    "\x7f",
]


def test_no_text_breaks_out_of_a_query(spark: Spark) -> None:
    checks = [{"IS_EQUAL": {"left": {"FIELD": {"path": "CA10__a__c"}}, "right": {"BYTES": text}}} for text in HOSTILE]
    with temporary_analyzer(policy_files(logic(*checks, input_type="CA10__CaVector__c"))) as analyzer:
        program = program_of(analyzer)
    objects = [{"Id": str(number), "CA10__a__c": text} for number, text in enumerate(HOSTILE)]
    assert [reference(program, objects, TIME, complete=True)] == indexes_of(spark, [program], objects, TIME)


def test_lives_on_spark_are_as_the_reference_says(spark: Spark) -> None:
    def ask(query: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in spark.session.sql(f"SELECT {', '.join(columns)} FROM ({query}) AS told").collect()]

    known: dict[int, FindingState] = {}
    runs = [(number, vector["runs"]) for number, vector in enumerate(all_lives())]
    for run in range(1, 1 + max(len(of_one) for _, of_one in runs)):
        rows = [(number, known.get(number), said_of(of_one[run - 1])) for number, of_one in runs if len(of_one) >= run]
        ends = {number: step(before, said, run) for number, before, said in rows}
        assert {number: end for number, end in ends.items() if end[0] is not None} == stepped_in_sql(rows, run, ask)
        known |= {number: after for number, (after, _) in ends.items() if after is not None}


def test_a_histories_steps_on_spark_are_those_that_a_commit_made(spark: Spark, tmp_path: Path) -> None:
    with uncompiled(spark):
        found = compare_steps(spark.session, tmp_path, objects=1_000, policies=2, days=2, changed=0.2)
    assert [2_000, 2_002] == [one.pairs for one in found]
    assert all(one.changes for one in found)
    assert [(0, 0)] * 2 == [(one.values_otherwise, one.changes_otherwise) for one in found]


def test_a_second_session_is_refused(spark: Spark) -> None:
    from perpend.evaluation.engines.spark.session import spark_session

    with pytest.raises(PerpendError, match="already has a Spark session"):
        spark_session("local[1]").__enter__()


def test_who_finds_no_worker_leaves_no_thread_behind(spark: Spark) -> None:
    """It would meet a session that has ended, and print a traceback about that."""
    from perpend.evaluation.engines.spark.session import _find_worker

    with pytest.raises(PerpendError, match="gave no worker"):
        _find_worker(spark.session, 0)
    assert "perpend-spark-probe" not in {thread.name for thread in threading.enumerate()}
