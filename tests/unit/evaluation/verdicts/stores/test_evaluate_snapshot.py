"""A stored snapshot gives the same verdicts as files of the same objects; an older one is evaluated again."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.core.errors import PerpendError
from perpend.core.objects.inventory import Inventory, Origin, Source, object_from_fields
from perpend.core.objects.status import Status
from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot, re_evaluate
from perpend.evaluation.verdicts.verdict import Verdict
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.names import UnknownName
from tests.reference import ends_of, evaluate_objects
from tests.repositories import analyzer_of, logic, program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer
from tests.unit.evaluation.verdicts.stored import DAY, OTHER, Case
from tests.unit.inventory.snapshots.stored import plain_duckdb, write_store

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def details(found: Verdict) -> tuple[Any, ...]:
    """Return all that a finding says, but the rows that an object was read from: in a store they are its own."""
    object_of_verdict = found.object
    owner = object_of_verdict.master and (
        object_of_verdict.master.type_name,
        object_of_verdict.master.id,
        object_of_verdict.master.name,
    )
    object_ = (
        object_of_verdict.type_name,
        object_of_verdict.id,
        object_of_verdict.name,
        object_of_verdict.external_id,
        object_of_verdict.origin.source,
        owner,
    )
    return (
        found.policy_id,
        found.status,
        found.condition_index,
        found.condition_text,
        found.current_state_message,
        found.remediation_message,
        found.runtime_error,
        found.references,
        object_,
    )


def test_the_day_is_that_of_the_sources_or_today(case: Case) -> None:
    today = datetime(2026, 1, 10, 7, tzinfo=UTC)
    with evaluate_snapshot(case.snapshot, case.selection, today=today) as found:
        assert EvaluationTime(datetime(2026, 1, 10, tzinfo=UTC), assumed=True) == found.day
        old = [one.status for one in found.findings() if one.policy_id == "/ce/c"]
    assert [Status.INCOMPLIANT, Status.COMPLIANT] == old[:2]


def test_progress_and_costs_are_told(tmp_path: Path) -> None:
    case = Case(tmp_path)
    progress: list[int] = []
    runs: list[list[tuple[str, str, int, int]]] = []
    for _ in range(2):
        costs: list[Any] = []
        with evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY, progress=progress.append, costs=costs.extend):
            runs.append([(one.table, one.what, one.reused, one.computed) for one in costs])
    assert [7, 8] * 2 == progress
    assert {(THING, "verdicts", 0, 2), (OTHER, "verdicts", 0, 1)} <= set(runs[0])
    assert {(THING, "verdicts", 2, 0), (OTHER, "verdicts", 1, 0)} <= set(runs[1])


def test_another_engine_writes_the_verdicts_to_files_that_are_gone_afterwards(case: Case) -> None:
    written: list[Path] = []
    with duck_db(directories=[Path(tempfile.gettempdir())], paths=case.snapshot.files.paths) as engine:

        class Watched:
            def evaluate_to_parquet(self, plan: Any, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
                written.append(out)
                return engine.evaluate_to_parquet(plan, files, out)

        watched: Any = Watched()
        with evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY, engine=watched) as found:
            assert [True, True] == [path.is_file() for path in written]
            assert 0o700 == stat.S_IMODE(written[0].parent.stat().st_mode)
            findings = list(map(details, found.findings()))
    assert list(map(details, evaluate_objects(case.inventory, case.selection, snapshot_time=DAY).findings())) == findings
    assert [False, False] == [path.parent.exists() for path in written]
    assert ["0.parquet", "1.parquet"] == [path.name for path in written]


def test_policies_of_types_that_are_not_held_are_named(case: Case, tmp_path: Path) -> None:
    files = {
        f"ce/{number}/prod.logic.yaml": logic({"FIELD": {"path": "Id"}}, input_type=f"CA10__No{number}__c")
        for number in range(4)
    }
    analyzer = analyzer_of(tmp_path, files)
    elsewhere = [program_of(analyzer, logic_id) for logic_id in analyzer.repository.logic_ids]
    with (
        pytest.raises(
            UnknownName, match=r"holds no CA10__No0__c, CA10__No1__c, CA10__No2__c …: select policies over the snapshot$"
        ),
        evaluate_snapshot(case.snapshot, Selection((*case.selection.programs, *elsewhere)), snapshot_time=DAY),
    ):
        pass


def test_a_judgement_that_is_over_says_so(case: Case) -> None:
    with evaluate_snapshot(case.snapshot, case.selection) as stored:
        begun = stored.findings()
        next(begun)
    for findings in (begun, stored.findings()):
        with pytest.raises(PerpendError, match=r"after its `with` block|cannot be read: the database is closed"):
            list(findings)


def test_codes_are_those_of_a_judgement_by_id(case: Case, tmp_path: Path) -> None:
    programs = [one for one in case.selection.programs if one.input_type == THING]
    assert re_evaluate(Store(case.snapshot.directory), case.snapshot.id, programs, DAY, tmp_path / "out.parquet")
    relation = plain_duckdb().cursor().execute("SELECT * FROM read_parquet(?) ORDER BY id", [str(tmp_path / "out.parquet")])
    assert ["id", "v0", "v1"] == [column[0] for column in relation.description]
    object_of_verdict = evaluate_objects(case.inventory, case.selection, snapshot_time=DAY)
    ends = [[index for index, _ in ends_of(column)] for column in object_of_verdict.verdicts if column.program in programs]
    expected = [(one.id, *indexes) for one, *indexes in zip(object_of_verdict.objects_of(THING), *ends, strict=True)]
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
