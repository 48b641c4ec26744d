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
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import Types, TypesDiffer
from perpend.core.values.values import json_from_text
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.engines.protocol import Engine
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.importers.input import Input
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from perpend.language.syntax.repository import open_repository
from perpend.reports.formats.json import write_ndjson
from tests import incomplete_lists
from tests.differential.mixing import TIME
from tests.differential.on_spark import SMALL, UNCOMPILED, answered, report_of, why_not
from tests.regressions import FILES as FILES_OF_BEFORE
from tests.regressions import Counterexample, check_agreement, read, reference
from tests.repositories import logic, policy_files, program_of, temporary_analyzer
from tests.vectors import FILES, analyzed, snapshot, vectors

if TYPE_CHECKING:
    from perpend.evaluation.engines.spark.engine import Spark

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


def test_every_counterexample_of_before_ends_on_spark_as_in_the_interpreter(spark: Spark) -> None:
    cases = []
    for file in FILES_OF_BEFORE:
        asked = read(file)
        with temporary_analyzer(asked.files) as analyzer:
            cases.append(Judged(program_of(analyzer), asked))
    assert cases
    check_all(spark, cases)


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
