"""What other tools were found to judge wrongly is judged rightly here, on the interpreter and DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perpend.core.objects.ids import production_of
from perpend.core.values.values import date_time_from_text
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.engines.nested import indexes_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository
from tests.conformance.defects import DEFECTS, THERE, Defect

ANALYZER = Analyzer(open_repository())


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDb]:
    """One DuckDB for all defects."""
    with duck_db() as found:
        yield found


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.thread} {defect.name}")
def test_it_is_judged_rightly_here(defect: Defect, engine: DuckDb) -> None:
    program = ANALYZER.analyzed(production_of(defect.policy)).program
    assert program is not None
    time = date_time_from_text(defect.time) or 0
    denied = {"Id": "denied", **THERE}
    judged = [
        Interpreter([program]).evaluate(one, time, complete=False)[0][0] for one in ({"Id": "it", **defect.fields}, denied)
    ]
    assert [defect.expected, "UNDETERMINED"] == [program.verdicts[index].status.name for index in judged]
    objects = [{"Id": "it", **defect.fields}, denied]
    assert [judged] == indexes_of(engine, [program], objects, time, complete=False)
