"""The tests that library policies bring end in a store as they do in files: their objects come apart into tables that fit."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perpend.analyze.programs import Analyzer
from perpend.ir.ids import production_of
from perpend.judge.selection import Selection
from perpend.judge.stores.snapshots import judge_snapshot
from perpend.load.repository import LIBRARY, Repository
from perpend.meaning.values import date_time_from_text
from perpend.policy_tests.run import TestObject
from perpend.policy_tests.run import tests_of as objects_of
from tests.differential.stores import estate_of, stored_estate
from tests.library_gaps import OTHER_IN_STORES, policies_with

ANALYZER = Analyzer(Repository(LIBRARY))
LOGICS = set(ANALYZER.repository.logic_ids)
DISPUTED = {"role-named-but-not-found"}
"""Objects whose key names one that their lookup says is not there: in a store that is not known."""


@pytest.mark.parametrize(
    "policy", policies_with(OTHER_IN_STORES, [one for one in ANALYZER.repository.policy_ids if production_of(one) in LOGICS])
)
def test_a_store_says_what_a_policy_expects(tmp_path: Path, policy: str) -> None:
    logic = production_of(policy)
    program = ANALYZER.analyzed(logic).program
    assert program is not None
    by_time: dict[int, list[TestObject]] = defaultdict(list)
    for one in objects_of(ANALYZER.repository, ANALYZER, logic)[0]:
        by_time[date_time_from_text(one.snapshot_time or "") or 0].append(one)
    assert by_time
    for time, tests in by_time.items():
        directory = tmp_path / str(time)
        objects = {program.input_type: [dict(one.fields) for one in tests]}
        snapshot = stored_estate(directory, ANALYZER, estate_of(ANALYZER, objects))
        selection = Selection((program,), types={program.input_type: ANALYZER.object_type(program.input_type)})
        with judge_snapshot(snapshot, selection, snapshot_time=datetime.fromtimestamp(time / 1000, UTC)) as judgement:
            found = {one.object.id: str(one.condition_index) for one in judgement.findings()}
        expected = {one.id: "0" if one.id in DISPUTED else one.expected.index for one in tests}
        assert expected == found
