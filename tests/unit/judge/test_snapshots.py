"""A stored snapshot is judged as files of the same objects are, whatever of it only the objects themselves can tell."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.collect.contradictions import contradiction
from perpend.engines.duckdb.engine import duck_db
from perpend.ir.estate import Estate, EstateObject, Origin, Source, object_from_fields
from perpend.ir.status import Status
from perpend.judge.day import RunDay
from perpend.judge.estates import judge_estate
from perpend.judge.finding import Finding
from perpend.judge.selection import Selection, selection_of
from perpend.judge.snapshots import judge_snapshot
from perpend.store.snapshot import Snapshot
from tests.repositories import NAMES, analyzer_of, logic
from tests.unit.judge.estates import THING
from tests.unit.store.stored import write_store

OTHER = "CA10__CaOther__c"
FIELDS = {
    "Id": "id",
    "Name": "text",
    "CA10__arn__c": "text",
    "CA10__on__c": "checkbox",
    "CA10__at__c": "datetime",
    "CA10__doc__c": "text",
}
KIND = {
    "label": "Thing",
    "fields": {name: {"type": kind, "label": f"The {name}"} for name, kind in FIELDS.items()}
    | {"CA10__owner__c": {"type": "lookup", "label": "Owner", "to": OTHER, "relationship": "CA10__owner__r"}},
    "master": "CA10__owner__r",
    "externalIdField": "CA10__arn__c",
    "nameField": "CA10__called__c",
}
ON = {"FIELD": {"path": "CA10__on__c"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "CA10__at__c"}}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "CA10__doc__c"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
QUERY = {"arg": DOCUMENT, "expression": "on", "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"}}
FILES: dict[str, Any] = {
    "ce/a/prod.logic.yaml": logic(ON, {"JSON_QUERY_BOOLEAN": QUERY}),
    "ce/b/prod.logic.yaml": logic(ON, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic(OLD),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
SEEN, DAY = datetime(2026, 1, 9, 12, tzinfo=UTC), datetime(2026, 1, 10, 18, tzinfo=UTC)
OWNER = {"Id": "o", "Name": "Own"}
THINGS = [
    {"Id": "a", "CA10__on__c": True, "CA10__at__c": "2026-01-09T23:00:00Z", "CA10__arn__c": "arn:a", "Name": "A"},
    {"Id": "b", "CA10__on__c": False, "CA10__at__c": "2026-01-10T01:00:00Z", "CA10__doc__c": '{"on": true}'},
    {"Id": "c", "CA10__on__c": False, "CA10__at__c": None, "CA10__doc__c": "{x"},
    {"Id": "d", "CA10__on__c": "odd", "CA10__at__c": "odd", "CA10__doc__c": None},
    {"Id": "e", "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"},
    {
        "Id": "f",
        "CA10__on__c": False,
        "CA10__at__c": "2026-01-01T00:00:00Z",
        "CA10__doc__c": '{"on": 5}',
        "CA10__owner__r": OWNER,
    },
]


def rivals(*readings: Mapping[str, Any]) -> EstateObject:
    first, *others = (EstateObject(THING, "g", "g", "g", {"Id": "g", **one}, Origin("b.json", 9)) for one in readings)
    return first._replace(variants=tuple(others))


class Case:
    """The same objects in files and in a store, and who judges them."""

    def __init__(self, root: Path) -> None:
        self.analyzer = analyzer_of(root / "repository", FILES)
        ids = self.analyzer.repository.logic_ids
        self.programs = [self.analyzer.analyzed(one).program for one in ids]
        assert None not in self.programs
        self.selection: Selection = selection_of(self.analyzer, [one for one in self.programs if one])
        kind = self.analyzer.object_type(THING)
        things = [object_from_fields(one, kind, Origin("b.json", row)) for row, one in enumerate(THINGS)]
        things.append(rivals({"CA10__on__c": True}, {"CA10__on__c": False}))
        others = [object_from_fields({"Id": "x", "CA10__on__c": True}, self.analyzer.object_type(OTHER), Origin("a.json", 0))]
        sources = [Source("a.json", "test-data", SEEN, 1), Source("b.json", "test-data", None, len(things), ("1", "2"))]
        self.estate = Estate(sources, {THING: things, OTHER: others})
        self.snapshot: Snapshot = write_store(
            root / "store", self.estate, declared=self.analyzer.object_type, contradiction=contradiction
        )


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def told(found: Finding) -> tuple[Any, ...]:
    """Return all that a finding says, but the rows that an object was read from: in a store they are its own."""
    judged = found.object
    owner = judged.master and (judged.master.type_name, judged.master.id, judged.master.name)
    object_ = (judged.type_name, judged.id, judged.name, judged.external_id, judged.origin.source, owner)
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


def test_a_store_is_judged_as_files_are(case: Case) -> None:
    expected = judge_estate(case.estate, case.selection, snapshot_time=DAY)
    with judge_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found:
        assert list(map(told, expected.findings())) == list(map(told, found.findings()))
        assert expected.ledger == found.ledger
        assert RunDay(DAY, given=True) == found.day
        assert expected.programs == found.programs
        assert [expected.counts(one) for one in found.programs] == [found.counts(one) for one in found.programs]
        assert (len(THINGS) + 1, 1) == (len(found.objects_of(THING)), len(found.objects_of(OTHER)))
        assert [("a.json", SEEN, 1, ()), ("b.json", None, len(THINGS) + 1, ("1", "2"))] == [
            (one.name, one.observed_at, one.objects, one.accounts) for one in found.estate.sources
        ]
        statuses = {status for status, number in found.ledger.counts.items() if number}
    assert {Status.COMPLIANT, Status.INCOMPLIANT, Status.UNDETERMINED, Status.DISAPPEARED} == statuses


def test_objects_are_read_by_their_place_and_in_their_order(case: Case) -> None:
    with judge_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found:
        objects = found.objects_of(THING)
        ids = ["a", "b", "c", "d", "e", "f", "g"]
        assert ids == [objects[place].id for place in range(7)] == [one.id for one in objects]
        assert {"b.json"} == {one.origin.source for one in objects}
        assert [Origin("b.json", 2), Origin("b.json", 5)] == [objects[2].origin, objects[5].origin]


@pytest.mark.parametrize("limit", [0, 1, 2, 9])
def test_the_first_of_an_ending_are_those_of_files(case: Case, limit: int) -> None:
    expected = judge_estate(case.estate, case.selection, snapshot_time=DAY)
    with judge_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found:
        for one, other in zip(expected.verdicts, found.verdicts, strict=True):
            assert one.counted() == other.counted()
            for index in one.counted():
                assert one.first([index], limit) == other.first([index], limit)


def test_the_day_is_that_of_the_sources_or_today(case: Case) -> None:
    today = datetime(2026, 1, 10, 7, tzinfo=UTC)
    with judge_snapshot(case.snapshot, case.selection, today=today) as found:
        assert RunDay(datetime(2026, 1, 10, tzinfo=UTC), assumed=True) == found.day
        old = [one.status for one in found.findings() if one.policy_id == "/ce/c"]
    assert [Status.INCOMPLIANT, Status.COMPLIANT] == old[:2]


def test_progress_and_costs_are_told(tmp_path: Path) -> None:
    case = Case(tmp_path)
    progress: list[int] = []
    runs: list[list[tuple[str, str, int, int]]] = []
    for _ in range(2):
        costs: list[Any] = []
        with judge_snapshot(case.snapshot, case.selection, snapshot_time=DAY, progress=progress.append, costs=costs.extend):
            runs.append([(one.table, one.what, one.reused, one.computed) for one in costs])
    assert [7, 8] * 2 == progress
    assert {(THING, "verdicts", 0, 2), (OTHER, "verdicts", 0, 1)} <= set(runs[0])
    assert {(THING, "verdicts", 2, 0), (OTHER, "verdicts", 1, 0)} <= set(runs[1])


def test_another_engine_writes_the_verdicts_to_files_that_are_gone_afterwards(case: Case) -> None:
    written: list[Path] = []
    with duck_db(directories=[Path(tempfile.gettempdir())], paths=case.snapshot.files.paths) as engine:

        class Watched:
            def judge_to_parquet(self, plan: Any, files: Mapping[str, Sequence[Path]], out: Path) -> Sequence[Path]:
                written.append(out)
                return engine.judge_to_parquet(plan, files, out)

        watched: Any = Watched()
        with judge_snapshot(case.snapshot, case.selection, snapshot_time=DAY, engine=watched) as found:
            assert [True, True] == [path.is_file() for path in written]
            findings = list(map(told, found.findings()))
    assert list(map(told, judge_estate(case.estate, case.selection, snapshot_time=DAY).findings())) == findings
    assert [False, False] == [path.parent.exists() for path in written]
    assert ["0.parquet", "1.parquet"] == [path.name for path in written]


def test_types_may_be_unknown_to_the_selection(case: Case) -> None:
    selection = Selection(case.selection.programs)
    with judge_snapshot(case.snapshot, selection, snapshot_time=DAY) as found:
        assert [(one.id, one.external_id, one.master) for one in found.objects_of(THING)] == [
            (one, one, None) for one in "abcdefg"
        ]
        assert judge_estate(case.estate, selection, snapshot_time=DAY).ledger == found.ledger
