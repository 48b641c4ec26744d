"""An older snapshot is judged again by programs as they are now, or tells nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.judge.estates import judge_estate
from perpend.judge.stores.again import judge_again
from perpend.store.store import Store
from tests.repositories import program_of
from tests.unit.judge.estates import THING, analyzer
from tests.unit.judge.stored import DAY, Case
from tests.unit.store.stored import plain_duckdb


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def test_codes_are_those_of_a_judgement_by_id(case: Case, tmp_path: Path) -> None:
    programs = [one for one in case.selection.programs if one.input_type == THING]
    assert judge_again(Store(case.snapshot.directory), case.snapshot.id, programs, DAY, tmp_path / "out.parquet")
    relation = plain_duckdb().cursor().execute("SELECT * FROM read_parquet(?) ORDER BY id", [str(tmp_path / "out.parquet")])
    assert ["id", "v0", "v1"] == [column[0] for column in relation.description]
    judged = judge_estate(case.estate, case.selection, snapshot_time=DAY)
    ends = [[index for index, _ in column.ends()] for column in judged.verdicts if column.program in programs]
    expected = [(one.id, *indexes) for one, *indexes in zip(judged.objects_of(THING), *ends, strict=True)]
    assert expected == [(name, *(max(code, 0) for code in codes)) for name, *codes in relation.fetchall()]


def test_a_snapshot_that_is_not_there_or_holds_nothing_to_judge_tells_nothing(case: Case, tmp_path: Path) -> None:
    store, run, out = Store(case.snapshot.directory), case.snapshot.id, tmp_path / "out.parquet"
    programs = [one for one in case.selection.programs if one.input_type == THING]
    other = program_of(analyzer(tmp_path / "repository", {"FIELD": {"path": "on"}}, input_type="CA10__CaAbsent__c"))
    assert [False, False] == [
        judge_again(store, *asked, DAY, out) for asked in (("20200101T000000Z-0", programs), (run, [other]))
    ]
    assert not out.exists()
