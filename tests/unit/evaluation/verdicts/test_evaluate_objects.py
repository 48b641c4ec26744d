"""Engines agree with the interpreter, contradictions cannot pass, and all objects share the day of the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.core.objects.object_types import TypesDiffer
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.selection import Selection, select_policies
from tests.reference import evaluate_objects
from tests.repositories import NAMES, analyzer_of, logic, policy_files, program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, evaluation, findings, inventory, thing

OTHER = "CA10__CaOther__c"
ON = {"FIELD": {"path": "on"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
FILES: dict[str, Any] = {
    "ce/a/prod.logic.yaml": logic(
        ON,
        {
            "JSON_QUERY_BOOLEAN": {
                "arg": DOCUMENT,
                "expression": "on",
                "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"},
            }
        },
    ),
    "ce/b/prod.logic.yaml": logic(ON, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic(OLD),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
DAY = datetime(2026, 1, 10, 18, tzinfo=UTC)
RIVAL = thing("g", on=False, seen="2026-01-01T00:00:00Z", n=2)
THINGS = [
    thing("a", on=True, seen="2026-01-10T01:00:00Z"),
    thing("b", on=False, doc='{"on": true}', seen="2026-01-09T23:00:00Z"),
    thing("c", on=False, doc="{x", seen="odd"),
    thing("d", on="odd", seen=None),
    thing("e", on=False, doc='{"on": 5}'),
    thing("f", on=False, doc='{"on": false}', CA10__disappearanceTime__c="2026-01-01T00:00:00Z"),
    thing("g", on=True, seen="2026-01-01T00:00:00Z", n=1, variants=(RIVAL,)),
]


def both(things: list[CloudObject]) -> Inventory:
    found = inventory(*things)
    others = [CloudObject(OTHER, "x", "x", "x", {"Id": "x", "on": True}, Origin("o.json", 1))]
    return Inventory((*found.sources, Source("o.json", "test-data", None, 1)), {**found.objects, OTHER: others})


def test_all_ways_to_end(tmp_path: Path) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES))
    found = evaluate_objects(both(THINGS), selection, snapshot_time=DAY)
    said = {(one.policy_id, one.object.id): (one.status, one.current_state_message) for one in found.findings()}
    assert ("INCOMPLIANT", "condition 1") == said["/ce/a", "a"]
    assert ("UNDETERMINED", "Not JSON.") == said["/ce/a", "c"]
    assert ("UNDETERMINED", "sources contradict each other about n, on (a.json:1, a.json:1)") == said["/ce/a", "g"]
    assert ("INCOMPLIANT", "condition 1") == said["/ce/c", "g"]
    assert {"DISAPPEARED"} == {said["/ce/a", "f"][0], said["/ce/c", "f"][0]}
    errors = [one.runtime_error for one in found.findings() if one.runtime_error is not None]
    assert len(errors) >= 4


def test_a_type_of_which_there_are_no_objects_has_no_verdicts(tmp_path: Path) -> None:
    selection = select_policies(analyzer_of(tmp_path / "repository", FILES))
    found = evaluate_objects(inventory(THINGS[0]), selection, snapshot_time=DAY)
    assert (1, 2, 0) == (found.ledger.objects, found.ledger.verdicts, sum(found.counts(found.programs[1]).values()))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("readings", "status"),
    [
        ([True, True], "INCOMPLIANT"),
        ([True, False], "UNDETERMINED"),
        ([False, True], "UNDETERMINED"),
        ([False, False], "UNDETERMINED"),
        ([True, True, False], "UNDETERMINED"),
        ([True, True, True], "INCOMPLIANT"),
        ([True, "odd"], "UNDETERMINED"),
        ([True, None], "UNDETERMINED"),
    ],
)
def test_contradicting_readings_are_incompliant_only_where_all_are(tmp_path: Path, readings: list[Any], status: str) -> None:
    rivals = [thing("a", f"{number}.csv", number, on=on, number=number) for number, on in enumerate(readings)]
    judged = thing("a", "0.csv", 0, on=readings[0], number=0, variants=tuple(rivals[1:]))
    found = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert status == found.status
    if status == "UNDETERMINED":
        assert (0, "isUnreadable()") == (found.condition_index, found.condition_text)
        assert found.current_state_message.startswith("sources contradict each other about ")
        assert found.runtime_error == found.current_state_message


def test_a_contradiction_names_the_keys_that_differ_and_the_places(tmp_path: Path) -> None:
    rival = thing("a", "b.csv", 7, doc='{"x": 1, "y": 2, "z": 3}', on=False)
    judged = thing("a", "a.csv", 3, doc='{"x": 1, "y": 5}', on=False, variants=(rival,))
    found = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert "sources contradict each other about y, z (a.csv:3, b.csv:7)" == found.current_state_message


def test_a_contradiction_about_many_fields_names_some(tmp_path: Path) -> None:
    rivals = tuple(thing("a", f"{n}.csv", n, **{f"f{m}": n for m in range(9)}) for n in range(1, 9))
    judged = thing("a", "0.csv", 9, on=False, **{f"f{m}": "[" for m in range(9)}, variants=rivals)
    message = findings(inventory(judged), program_of(analyzer(tmp_path, ON)))["a"].current_state_message
    assert "about f0, f1, f2, f3, f4, f5 and 4 more (0.csv:9, 1.csv:1, 2.csv:2, 3.csv:3, 4.csv:4, 5.csv:5)" in message


NOON, LATER = at("2026-01-10T12:00:00+00:00"), at("2026-01-12T12:00:00+00:00")


@pytest.mark.parametrize("order", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_every_object_is_judged_at_the_newest_day_of_the_run(tmp_path: Path, order: tuple[str, str]) -> None:
    objects = [thing(name, name, seen="2026-01-10T01:00:00Z") for name in order]
    program, times = program_of(analyzer(tmp_path, OLD)), {"a.csv": NOON, "b.csv": LATER}
    found = findings(inventory(*objects, times=times), program)
    assert {"a.csv": "INCOMPLIANT", "b.csv": "INCOMPLIANT"} == {name: one.status for name, one in found.items()}
    found = findings(inventory(*objects, times=times), program, snapshot_time=NOON)
    assert {"COMPLIANT"} == {one.status for one in found.values()}


@pytest.mark.parametrize("first", ["a.csv", "b.csv"])
def test_the_readings_of_a_contradiction_are_judged_at_the_same_day(tmp_path: Path, first: str) -> None:
    seen, second = {"seen": "2026-01-10T01:00:00Z"}, {"a.csv": "b.csv", "b.csv": "a.csv"}[first]
    judged = thing("a", first, 1, **seen, variants=(thing("a", second, 1, **seen, x=1),))
    program = program_of(analyzer(tmp_path, OLD))
    assert "INCOMPLIANT" == findings(inventory(judged, times={"a.csv": LATER, "b.csv": NOON}), program)["a"].status


def test_the_time_of_the_run(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, ON))
    today = at("2026-03-01T17:00:00+00:00")
    midnight = at("2026-03-01T00:00:00+00:00")

    def snapshot(times: dict[str, datetime | None], **more: Any) -> tuple[datetime, bool]:
        day = evaluation(inventory(times=times), program, today=today, **more).day
        return day.time, day.assumed

    assert (LATER, False) == snapshot({"a.json": LATER, "b.csv": NOON})
    assert (midnight, True) == snapshot({"a.json": None})
    assert (midnight, True) == snapshot({"a.json": None, "b.csv": NOON})
    assert (NOON, False) == snapshot({"a.json": None, "b.csv": LATER}, snapshot_time=NOON)
    assert (today, False) == snapshot({"a.json": None, "b.csv": today}), "nothing is assumed where a source is newer than today"


def test_a_source_without_a_time_is_judged_as_of_today(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, OLD))
    judged = inventory(thing("a", seen="2026-02-28T23:00:00Z"), thing("b", seen="2026-03-01T00:00:00Z"))
    found = findings(judged, program, today=datetime(2026, 3, 1, 23, tzinfo=UTC))
    assert {"a": "INCOMPLIANT", "b": "COMPLIANT"} == {name: one.status for name, one in found.items()}


def test_a_snapshot_time_of_any_zone_is_judged_in_utc(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, OLD))
    moment = datetime(2026, 1, 11, 1, tzinfo=timezone(timedelta(hours=2)))
    judged = inventory(thing("a", seen="2026-01-10T00:00:00Z"), thing("b", seen="2026-01-09T23:00:00Z"))
    found = findings(judged, program, snapshot_time=moment)
    assert {"a": "COMPLIANT", "b": "INCOMPLIANT"} == {name: one.status for name, one in found.items()}


@pytest.mark.parametrize(("day", "status"), [(datetime(2026, 1, 12, tzinfo=UTC), "INCOMPLIANT"), (None, "UNDETERMINED")])
def test_facts_are_as_old_as_they_were_on_the_day_of_the_run(tmp_path: Path, day: datetime | None, status: str) -> None:
    program = program_of(analyzer(tmp_path, ON))
    seen = inventory(thing("a", on=True), times={"a.json": datetime(2026, 1, 10, tzinfo=UTC)})
    more = {"snapshot_time": day, "today": datetime(2026, 11, 1, tzinfo=UTC), "max_age": timedelta(days=7)}
    assert status == findings(seen, program, **more)["a"].status


@pytest.mark.parametrize("field", [{}, {"on": None}])
def test_a_field_that_was_not_collected_leaves_open_what_it_holds_in_every_reading(
    tmp_path: Path, field: dict[str, Any]
) -> None:
    program = program_of(analyzer(tmp_path, {"NOT": {"arg": ON}}, {"IS_EMPTY": {"arg": {"FIELD": {"path": "on"}}}}))
    empty = thing("a", **field)
    judged = thing("b", on=False, n=1, variants=(thing("b", **field),))
    found = findings(inventory(empty, judged), program)
    missing = "on is missing from the data: it was not collected"
    expected = (Status.INCOMPLIANT, None) if field else (Status.UNDETERMINED, missing)
    assert expected == (found["a"].status, found["a"].runtime_error)
    assert (Status.INCOMPLIANT if field else Status.UNDETERMINED) is found["b"].status


def test_child_lists_are_found_by_the_types_that_are_declared(tmp_path: Path) -> None:
    part, parts = "CA10__CaPart__c", "CA10__Parts__r"
    asked = {"RELATED_LIST_HAS": {"relationshipName": parts, "status": "INCOMPLIANT"}}
    block = {
        "relationshipName": parts,
        "conditions": [{"status": "INCOMPLIANT", "currentStateMessage": "on", "check": ON}],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": "off"},
    }
    kind = {"label": "T", "fields": {}, "children": [{"name": parts, "type": part, "key": "thing__c"}]}
    key = {"thing__c": {"type": "lookup", "label": "T", "to": THING, "relationship": "thing__r"}}
    types = {f"types/{THING}/type.yaml": kind, f"types/{part}/type.yaml": {"label": "P", "fields": key}}
    selection = select_policies(analyzer_of(tmp_path, policy_files(logic(asked, relatedLists=[block]), **types)))
    objects = {
        THING: [thing("a"), thing("b")],
        part: [CloudObject(part, "p", "p", "p", {"Id": "p", "on": True, "thing__c": "a"}, Origin("a.json", 1))],
    }
    found = evaluate_objects(Inventory((Source("a.json", "test-data", None, 3, coverage=(Claim(part),)),), objects), selection)
    assert ["INCOMPLIANT", "COMPLIANT"] == [one.status for one in found.findings()]


def mixed(root: Path, *types: dict[str, Any]) -> Selection:
    """Return one policy of each of several repositories that differ in what they declare."""
    files = policy_files(logic({"IS_EQUAL": {"left": {"FIELD": {"path": "o__r.name"}}, "right": {"TEXT": "x"}}}))
    analyzers = [analyzer_of(root / str(number), {**files, **declared}) for number, declared in enumerate(types)]
    return Selection(tuple(program_of(analyzer) for analyzer in analyzers))


def test_policies_are_not_judged_by_what_another_repository_declares(tmp_path: Path) -> None:
    """A missing deletion field of a lookup's target says nothing of a type that is declared, or of one that is not."""
    way = {"label": "Thing", "lookups": [{"name": "o__r", "target": OTHER, "key": "o__c"}]}
    declared = {f"types/{THING}/type.yaml": way, f"types/{OTHER}/type.yaml": {"label": "Other", "deletionField": "none"}}
    undeclared = {f"types/{THING}/type.yaml": way}
    gone = thing("a", o__c="1", o__r={"Id": "1", "name": "x", "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"})
    for one, status in ((declared, "INCOMPLIANT"), (undeclared, "COMPLIANT")):
        agreed = evaluate_objects(inventory(gone), mixed(tmp_path / status, one, one), snapshot_time=DAY)
        assert [status] * 2 == [finding.status.value for finding in agreed.findings()]
    with pytest.raises(TypesDiffer, match=f"declare {OTHER} differently"):
        evaluate_objects(inventory(gone), mixed(tmp_path, declared, undeclared), snapshot_time=DAY)
