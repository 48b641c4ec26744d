"""Stored objects and verdicts read like those in memory, however they are divided into pieces."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perpend.core.objects.inventory import Origin
from perpend.core.objects.object_types import Lookup, ObjectType
from perpend.core.schema.shred import RequiredFields
from perpend.core.values.partial_object import MISSING
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores import stored_objects as stored
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects, StoredOrigins, required_values
from perpend.evaluation.verdicts.verdicts import PlacedVerdict, Verdicts
from perpend.inventory.snapshots.read_objects import ObjectReader
from tests.reference import ends_of, evaluate_objects
from tests.repositories import analyzer_of, logic, policy_files
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, program_of
from tests.unit.evaluation.verdicts.stored import DAY, ON, OTHER, Case
from tests.unit.inventory.snapshots.stored import inventory, write_store

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

IDS = ["a", "b", "c", "d", "e", "f", "g"]
PART, PARTS = "CA10__CaPart__c", "CA10__Parts__r"
UNCOLLECTED = f"{PARTS} was not collected: import `{PART}` as well, with --complete for what was read in full"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module", params=[8_192, 4, 3, 1])
def judged(request: pytest.FixtureRequest, case: Case) -> Iterator[Evaluation]:
    """Yield a judgement of a store that is read some objects at a time."""
    with pytest.MonkeyPatch.context() as patch, evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found:
        patch.setattr(stored, "_AT_ONCE", request.param)
        yield found


def things_of(evaluation: Evaluation) -> StoredObjects:
    found = evaluation.objects_of(THING)
    assert isinstance(found, StoredObjects)
    return found


def verdicts_of(evaluation: Evaluation, policy: str) -> Verdicts:
    [found] = [one for one in evaluation.verdicts if one.program.policy_id == policy]
    return found


def test_objects_are_found_by_place_in_any_order_and_read_in_theirs(judged: Evaluation) -> None:
    objects = things_of(judged)
    assert (7, IDS) == (len(objects), [one.id for one in objects])
    assert ("c", Origin("b.json")) == (objects[2].id, objects[2].origin)
    assert ["g", "a", "d", "a"] == [one.id for one in objects.with_rows([6, 0, 3, 0])]
    assert [] == objects.with_rows([])
    assert [(1, "b"), (5, "f")] == [(place, one.id) for place, one in objects.at([5, 1, 5]).items()]


def test_chunks_hold_every_object_once_with_how_each_column_ended_on_it(judged: Evaluation, case: Case) -> None:
    columns = [verdicts_of(judged, "/ce/c"), verdicts_of(judged, "/ce/a")]
    chunks = list(things_of(judged).chunks(columns))
    size = stored._AT_ONCE
    assert [min(size, 7 - start) for start in range(0, 7, size)] == [len(objects) for objects, _ in chunks]
    assert IDS == [one.id for objects, _ in chunks for one in objects]
    expected = {one.program.policy_id: list(ends_of(one)) for one in in_memory(case).verdicts}
    assert [expected["/ce/c"], expected["/ce/a"]] == [[end for _, ends in chunks for end in ends[number]] for number in (0, 1)]
    assert expected == {one.program.policy_id: list(ends_of(one)) for one in judged.verdicts}


def test_objects_are_read_some_at_once(judged: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = ObjectReader.objects

    def counted(self: ObjectReader, table: str, rows: Sequence[int], wanted: RequiredFields) -> Any:
        read.append(len(rows))
        return real(self, table, rows, wanted)

    monkeypatch.setattr(ObjectReader, "objects", counted)
    at_once = stored._AT_ONCE
    list(things_of(judged).chunks([verdicts_of(judged, "/ce/c")]))
    assert [min(at_once, 7 - start) for start in range(0, 7, at_once)] == read


def in_memory(case: Case) -> Evaluation:
    return evaluate_objects(case.inventory, case.selection, snapshot_time=DAY)


def test_verdicts_are_counted_and_found_by_the_index_that_they_mean(judged: Evaluation, case: Case) -> None:
    groups: list[list[int]] = [[0], [199, 0], [], [99, 299, 99], [7]]
    for one, other in zip(in_memory(case).verdicts, judged.verdicts, strict=True):
        assert one.counted() == other.counted()
        for limit in (0, 1, 2, 9):
            expected = [[found.place for found in group] for group in one.firsts(groups, limit)]
            assert expected == [[found.place for found in group] for group in other.firsts(groups, limit)]
            assert [one.first(group, limit) for group in groups] == [other.first(group, limit) for group in groups]


def test_an_end_that_its_code_tells_needs_no_object(judged: Evaluation) -> None:
    column = verdicts_of(judged, "/ce/a")
    objects = {3: things_of(judged)[3]}
    assert [(199, None), (0, "CA10__on__c holds the text 'odd', not Boolean")] == column.verdicts_at(
        [PlacedVerdict(0, 199), PlacedVerdict(3, -1)], objects
    )


def test_reasons_that_codes_or_marks_tell_are_counted_without_asking_an_object(judged: Evaluation, case: Case) -> None:
    disputed = {"sources contradict each other about CA10__on__c": 1}
    assert [disputed, {}, disputed] == [column.unreadable() for column in judged.verdicts]
    assert [disputed, {}, disputed] == [column.unreadable() for column in judged.verdicts], "asked once more"
    odd = ["CA10__on__c holds the text 'odd', not Boolean", "CA10__at__c holds the text 'odd', not DateTime"]
    of_all = [{odd[0]: 1, **disputed}, {}, {odd[1]: 1, **disputed}]
    assert of_all == [column.unreadable() for column in in_memory(case).verdicts]


def test_more_of_an_object_is_read_where_somebody_names_it(judged: Evaluation) -> None:
    things = things_of(judged)
    more = things.reading(["CA10__owner__r.Name", "CA10__doc__c", "CA10__at__c"])
    plain, named = things[5].fields, more[5].fields
    assert {**plain, "CA10__owner__r": {"Id": "o", "Name": "Own"}} == named
    assert "CA10__owner__r" not in things[5].fields, "what is wanted of the others stays"
    assert IDS == [one.id for one in more]


def test_a_reason_that_many_share_is_told_once_by_its_code(tmp_path: Path) -> None:
    asked = {"RELATED_LIST_HAS": {"relationshipName": PARTS, "status": "INCOMPLIANT"}}
    block = {"relationshipName": PARTS, "conditions": [], "otherwise": {"status": "COMPLIANT", "currentStateMessage": "x"}}
    kind: dict[str, Any] = {
        "label": "Thing",
        "fields": {"Id": {"type": "id", "label": "Id"}, "CA10__on__c": {"type": "checkbox", "label": "On"}},
        "children": [{"name": PARTS, "type": PART, "key": "CA10__thing__c"}],
    }
    files = policy_files(logic(ON, asked, relatedLists=[block]), **{f"types/{THING}/type.yaml": kind})
    analyzer = analyzer_of(tmp_path / "repository", files)
    things = [{"Id": name, "CA10__on__c": on} for name, on in (("a", False), ("b", True), ("c", "odd"), ("d", False))]
    things += [{"Id": "e"}, {"Id": "f"}]
    snapshot = write_store(tmp_path / "store", inventory({THING: things}), declared=analyzer.object_type)
    with evaluate_snapshot(snapshot, select_policies(analyzer), snapshot_time=DAY) as found:
        column = verdicts_of(found, "/ce/policy")
        [shared] = [-1 - number for number, reason in enumerate(column.reasons) if reason is not None]
        odd, missing = "CA10__on__c holds the text 'odd', not Boolean", f"CA10__on__c {MISSING}"
        assert {shared: UNCOLLECTED} == column.said()
        assert [(0, UNCOLLECTED), (199, None), (0, odd), (0, UNCOLLECTED), (0, missing), (0, missing)] == list(ends_of(column))
        assert {UNCOLLECTED: 2} == column.unreadable()
        assert [[0, 2, 3, 4, 5]] == [[place for place, _ in group] for group in column.firsts([[0]], 9)]
        assert [(0, UNCOLLECTED)] == column.verdicts_at([PlacedVerdict(0, shared)], {}), "no object is asked for what all share"


def test_verdicts_that_are_fewer_than_the_objects_are_an_error(case: Case) -> None:
    with evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found:
        objects = things_of(found)
        files = replace(objects._files, rows=8)
        short = StoredObjects(objects._reader, case.snapshot, files, ObjectType(THING), RequiredFields())
        with pytest.raises(AssertionError, match=r"^7 objects have verdicts, 8 were expected$"):
            list(short)


def test_the_collector_is_as_it_was_when_objects_are_made(judged: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    real = stored.object_from_fields

    def watched(*arguments: Any) -> Any:
        seen.append(gc.isenabled())
        return real(*arguments)

    monkeypatch.setattr(stored, "object_from_fields", watched)
    assert "a" == things_of(judged)[0].id
    assert gc.isenabled()
    gc.disable()
    try:
        assert "a" == things_of(judged)[0].id
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert [False, False] == seen


@pytest.mark.parametrize(
    ("object_type", "values", "lookups"),
    [
        (ObjectType(THING), {"Id", "Name"}, {}),
        (ObjectType(THING, name_field="called", external_id_field="arn"), {"Id", "Name", "called", "arn"}, {}),
        (ObjectType(THING, lookups={"o__r": Lookup("o__r", OTHER, "o")}), {"Id", "Name"}, {}),
        (ObjectType(THING, master="o__r"), {"Id", "Name"}, {}),
        (
            ObjectType(THING, lookups={"o__r": Lookup("o__r", OTHER, "o")}, master="o__r"),
            {"Id", "Name"},
            {"o__r": {"Id", "Name"}},
        ),
    ],
)
def test_what_names_an_object_and_its_owner_is_wanted_beside_what_is_read(
    tmp_path: Path, object_type: ObjectType, values: set[str], lookups: dict[str, set[str]]
) -> None:
    program = program_of(analyzer(tmp_path, {"FIELD": {"path": "on"}}))
    found = required_values([program], object_type)
    assert {"on", "CA10__disappearanceTime__c", *values} == found.values
    assert lookups == {name: below.values for name, below in found.lookups.items()}


def test_what_is_read_of_an_owner_is_wanted_beside_what_names_it(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, {"FIELD": {"path": "o__r.on"}}))
    found = required_values([program], ObjectType(THING, lookups={"o__r": Lookup("o__r", OTHER, "o")}, master="o__r"))
    assert {"on", "Id", "Name"} <= found.lookups["o__r"].values


@pytest.mark.parametrize(
    ("kinds", "numbers", "rows", "places"),
    [
        (["csv"], [3], 3, {(0, 0): 1, (2, 0): 3, (3, 0): None}),
        (["csv"], [3], 2, {(1, 0): 2}),
        (["csv"], [3], None, {(1, 0): 2}),
        (["csv", "parquet"], [2, 3], 5, {(1, 0): 2, (2, 1): 1, (4, 1): 3, (1, 1): None, (2, 0): None, (5, 1): None}),
        (["csv", "csv"], [2, 3], 4, {(1, 0): None, (2, 1): None}),
        (["csv", "csv"], [2, 3], None, {(1, 0): None}),
        (["csv", "aws"], [2, 3], 5, {(1, 0): None, (2, 1): None}),
        (["aws"], [3], 3, {(1, 0): None}),
    ],
)
def test_rows_say_where_they_stood_where_all_of_tables_are_in_one(
    kinds: list[str], numbers: list[int], rows: int | None, places: dict[tuple[int, int], int | None]
) -> None:
    sources = [SimpleNamespace(name=str(one), kind=kind, objects=numbers[one], lines=None) for one, kind in enumerate(kinds)]
    by_name = {} if rows is None else {THING: SimpleNamespace(rows=rows)}
    held: Any = SimpleNamespace(sources=sources, tables=SimpleNamespace(by_name=by_name))
    origins = StoredOrigins(held, THING)
    expected = {at: Origin(str(at[1])) if row is None else Origin(str(at[1]), row, "row") for at, row in places.items()}
    assert expected == {at: origins.of(*at) for at in places}


def test_rows_of_reports_say_their_lines() -> None:
    sources = [
        SimpleNamespace(name=str(one), kind="r", objects=2, lines=lines) for one, lines in enumerate([(0, 3, 2), (3, 2, 2)])
    ]
    held: Any = SimpleNamespace(sources=sources, tables=SimpleNamespace(by_name={THING: SimpleNamespace(rows=9)}))
    origins = StoredOrigins(held, THING)
    places = {(0, 0): 2, (2, 0): 4, (3, 1): 2, (4, 1): 3, (5, 1): None, (3, 0): None}
    assert places == {at: origins.of(*at).row for at in places}
