"""An older snapshot is judged again by programs as they are now, or tells nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.evaluation.verdicts.evaluate_objects import evaluate_objects
from perpend.evaluation.verdicts.stores.re_evaluate import re_evaluate
from perpend.inventory.snapshots.store import Store
from tests.repositories import program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer
from tests.unit.evaluation.verdicts.stored import DAY, Case
from tests.unit.inventory.snapshots.stored import plain_duckdb, write_store

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def test_codes_are_those_of_a_judgement_by_id(case: Case, tmp_path: Path) -> None:
    programs = [one for one in case.selection.programs if one.input_type == THING]
    assert re_evaluate(Store(case.snapshot.directory), case.snapshot.id, programs, DAY, tmp_path / "out.parquet")
    relation = plain_duckdb().cursor().execute("SELECT * FROM read_parquet(?) ORDER BY id", [str(tmp_path / "out.parquet")])
    assert ["id", "v0", "v1"] == [column[0] for column in relation.description]
    judged = evaluate_objects(case.inventory, case.selection, snapshot_time=DAY)
    ends = [[index for index, _ in column.ends()] for column in judged.verdicts if column.program in programs]
    expected = [(one.id, *indexes) for one, *indexes in zip(judged.objects_of(THING), *ends, strict=True)]
    assert expected == [(name, *(max(code, 0) for code in codes)) for name, *codes in relation.fetchall()]


def test_a_snapshot_that_is_not_there_or_holds_nothing_to_judge_tells_nothing(case: Case, tmp_path: Path) -> None:
    store, run, out = Store(case.snapshot.directory), case.snapshot.id, tmp_path / "out.parquet"
    programs = [one for one in case.selection.programs if one.input_type == THING]
    other = program_of(analyzer(tmp_path / "repository", {"FIELD": {"path": "on"}}, input_type="CA10__CaAbsent__c"))
    assert [False, False] == [
        re_evaluate(store, *asked, DAY, out) for asked in (("20200101T000000Z-0", programs), (run, [other]))
    ]
    assert not out.exists()


def test_a_relation_that_is_declared_otherwise_since_is_not_known(tmp_path: Path) -> None:
    """Whether a policy or the estate changed is asked of what the policy's types say now."""
    asked, programs, out = {"NOT": {"arg": {"IS_EMPTY_LOOKUP": "owner__r"}}}, [], tmp_path / "out.parquet"
    kind: dict[str, Any] = {"label": "Thing", "fields": [{"name": name, "type": "lookup"} for name in ("owner__c", "buyer__c")]}
    for key in ("owner__c", "buyer__c"):
        owner = {"name": "owner__r", "target": "CA10__CaOwner__c", "key": key}
        declared = {f"types/{THING}/type.yaml": {**kind, "lookups": [owner]}}
        now = analyzer(tmp_path / key, asked, files=declared)
        programs.append(now.analyzed(now.repository.logic_ids[0]).program)
        if key == "owner__c":
            row = {"Id": "a", "owner__c": "o", "owner__r": {"Id": "o"}, "buyer__c": None}
            things = [object_from_fields(row, now.object_type(THING), Origin("a.json", 0))]
            snapshot = write_store(
                tmp_path / "store",
                Inventory([Source("a.json", "test-data", DAY, 1)], {THING: things}),
                declared=now.object_type,
            )
    codes = []
    for program in programs:
        assert program and re_evaluate(Store(snapshot.directory), snapshot.id, [program], DAY, out)
        codes += plain_duckdb().cursor().execute("SELECT v0 FROM read_parquet(?)", [str(out)]).fetchall()
    assert [True, False] == [code > 0 for (code,) in codes]
