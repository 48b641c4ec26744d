"""The findings of a run have the columns and the values of those of the history that records it, and keys of their own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.history.queries.views import asking
from perpend.findings.history.record import record_run
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.waivers.match_history import history_findings
from perpend.findings.waivers.matches import CANDIDATES, fill_candidates
from perpend.findings.waivers.run_findings import FINDING_STATUSES, run_database, run_findings
from perpend.inventory.snapshots.database import Connection, rows_of
from tests.unit.evaluation.verdicts.stored import DAY, Case

POLICIES = ("/ce/a", "/ce/c")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def candidates(connection: Connection, findings: str) -> list[tuple[Any, ...]]:
    fill_candidates(connection, findings)
    keys = rows_of(connection, f"SELECT count(*), count(DISTINCT key) FROM {CANDIDATES}")[0]
    assert keys[0] == keys[1], "no two findings have one key"
    return rows_of(connection, f"SELECT * EXCLUDE (key) FROM {CANDIDATES} ORDER BY ALL")


def of_run(evaluation: Evaluation, statuses: Collection[Status] = FINDING_STATUSES) -> list[tuple[Any, ...]]:
    with run_database(evaluation) as connection:
        return candidates(connection, run_findings(evaluation, POLICIES, statuses))


def test_the_findings_of_a_run_are_those_of_its_history(case: Case) -> None:
    with evaluate_snapshot(case.snapshot, case.selection, today=DAY) as stored:
        found = of_run(stored)
        verdicts = of_run(stored, tuple(Status))
        record_run(case.snapshot, stored, case.analyzer.repository)
    with asking(HistoryStorage(case.snapshot.directory), "finding") as connection:
        assert found == candidates(connection, history_findings(POLICIES))
        assert [] == candidates(connection, history_findings(()))
        everything = candidates(connection, history_findings())
    assert found == [row for row in everything if row[0] in POLICIES] != everything
    assert {"INCOMPLIANT", "UNDETERMINED"} == {row[-1] for row in found}
    assert 2 * 7 == len(verdicts) and set(found) < set(verdicts)


def test_a_run_without_the_policies_has_no_findings(case: Case) -> None:
    with evaluate_snapshot(case.snapshot, case.selection, today=DAY) as stored, run_database(stored) as connection:
        assert [] == candidates(connection, run_findings(stored, ["/ce/other"]))
    with evaluate_snapshot(case.snapshot, Selection(), today=DAY) as empty, run_database(empty) as connection:
        assert [] == candidates(connection, run_findings(empty, POLICIES))
