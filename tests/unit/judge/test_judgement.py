"""Every object ends in exactly one status; contradictions are no pass; time and order follow rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from perpend.ir.object_types import Field, Lookup, ObjectType
from perpend.ir.program import Read
from perpend.ir.status import Status
from perpend.judge.estates import judge_estate
from perpend.judge.judgement import ledger_of
from perpend.judge.reads import values_read
from perpend.judge.selection import Selection
from perpend.judge.verdicts import HeldVerdicts
from tests.repositories import logic, program_of, write
from tests.unit.judge.estates import THING, analyzer, estate, findings, judgement, thing

ON = {"FIELD": {"path": "on"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
CHECKED = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is unset."}}}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_ledger_counts_every_verdict_once(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, CHECKED))
    gone = {"CA10__disappearanceTime__c": "2026-01-01"}
    objects = [
        thing("a", flag="true"),
        thing("b", flag="x"),
        thing("c", flag="x"),
        thing("d"),
        thing("e", **gone),
        thing("f", flag=1),
    ]
    ledger = judgement(estate(*objects), program).ledger
    assert (6, 6, 3) == (ledger.objects, ledger.verdicts, ledger.known)
    expected = {"COMPLIANT": 2, "INCOMPLIANT": 1, "INAPPLICABLE": 0, "UNDETERMINED": 2, "DISAPPEARED": 1}
    assert expected == {status.value: number for status, number in ledger.counts.items()}


def test_every_policy_judges_every_object_of_its_type_only(tmp_path: Path) -> None:
    write(tmp_path, {"ce/b/prod.logic.yaml": logic(), "ce/c/prod.logic.yaml": logic(input_type="CA10__CaOther__c")})
    found = analyzer(tmp_path, ON)
    programs = [program_of(found, logic_id) for logic_id in found.repository.logic_ids]
    made = judgement(estate(thing("a", on=True), thing("b", on=False)), programs)
    assert (2, 4) == (made.ledger.objects, made.ledger.verdicts)
    rows = [(one.policy_id, one.object.id) for one in made.findings()]
    assert [("/ce/b", "a"), ("/ce/b", "b"), ("/ce/policy", "a"), ("/ce/policy", "b")] == rows
    assert {Status.COMPLIANT: 1, Status.INCOMPLIANT: 1} == {key: n for key, n in made.counts(programs[2]).items() if n}


def test_the_order_of_programs_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"ce/b/prod.logic.yaml": logic(CHECKED)})
    found = analyzer(tmp_path, ON)
    programs = [program_of(found, logic_id) for logic_id in found.repository.logic_ids]
    estate_ = estate(thing("a", on=True), thing("b", flag="true"))
    one, other = (list(judgement(estate_, order).findings()) for order in (programs, programs[::-1]))
    assert one == other


def test_an_empty_estate_has_an_empty_ledger(tmp_path: Path) -> None:
    made = judgement(estate(), program_of(analyzer(tmp_path, ON)))
    assert (0, 0) == (made.ledger.objects, made.ledger.verdicts)
    assert [] == list(made.findings())


def test_a_ledger_that_does_not_add_up_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the ledger does not add up: 0 verdicts, 1 expected"):
        ledger_of(estate(thing("a")), [HeldVerdicts(program_of(analyzer(tmp_path, ON)))])


def test_progress_is_told_now_and_then(tmp_path: Path) -> None:
    told: list[int] = []
    objects = [thing(str(number), on=True) for number in range(2_500)]
    judgement(estate(*objects), program_of(analyzer(tmp_path, ON)), progress=told.append)
    assert [1_000, 2_000] == told


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
    found = findings(estate(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert status == found.status
    if status == "UNDETERMINED":
        assert (0, "isUnreadable()") == (found.condition_index, found.condition_text)
        assert found.current_state_message.startswith("sources contradict each other about ")
        assert found.runtime_error == found.current_state_message


def test_a_contradiction_names_the_keys_that_differ_and_the_places(tmp_path: Path) -> None:
    rival = thing("a", "b.csv", 7, doc='{"x": 1, "y": 2, "z": 3}', on=False)
    judged = thing("a", "a.csv", 3, doc='{"x": 1, "y": 5}', on=False, variants=(rival,))
    found = findings(estate(judged), program_of(analyzer(tmp_path, ON)))["a"]
    assert "sources contradict each other about y, z (a.csv:3, b.csv:7)" == found.current_state_message


def test_a_contradiction_about_many_fields_names_some(tmp_path: Path) -> None:
    rivals = tuple(thing("a", f"{n}.csv", n, **{f"f{m}": n for m in range(9)}) for n in range(1, 9))
    judged = thing("a", "0.csv", 9, on=False, **{f"f{m}": "[" for m in range(9)}, variants=rivals)
    message = findings(estate(judged), program_of(analyzer(tmp_path, ON)))["a"].current_state_message
    assert "about f0, f1, f2, f3, f4, f5 and 4 more (0.csv:9, 1.csv:1, 2.csv:2, 3.csv:3, 4.csv:4, 5.csv:5)" in message


NOON, LATER = at("2026-01-10T12:00:00+00:00"), at("2026-01-12T12:00:00+00:00")


@pytest.mark.parametrize("order", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_every_object_is_judged_at_the_newest_day_of_the_run(tmp_path: Path, order: tuple[str, str]) -> None:
    objects = [thing(name, name, seen="2026-01-10T01:00:00Z") for name in order]
    program, times = program_of(analyzer(tmp_path, OLD)), {"a.csv": NOON, "b.csv": LATER}
    found = findings(estate(*objects, times=times), program)
    assert {"a.csv": "INCOMPLIANT", "b.csv": "INCOMPLIANT"} == {name: one.status for name, one in found.items()}
    found = findings(estate(*objects, times=times), program, snapshot_time=NOON)
    assert {"COMPLIANT"} == {one.status for one in found.values()}


@pytest.mark.parametrize("first", ["a.csv", "b.csv"])
def test_the_readings_of_a_contradiction_are_judged_at_the_same_day(tmp_path: Path, first: str) -> None:
    seen, second = {"seen": "2026-01-10T01:00:00Z"}, {"a.csv": "b.csv", "b.csv": "a.csv"}[first]
    judged = thing("a", first, 1, **seen, variants=(thing("a", second, 1, **seen, x=1),))
    program = program_of(analyzer(tmp_path, OLD))
    assert "INCOMPLIANT" == findings(estate(judged, times={"a.csv": LATER, "b.csv": NOON}), program)["a"].status


def test_the_time_of_the_run(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, ON))
    today = at("2026-03-01T17:00:00+00:00")
    midnight = at("2026-03-01T00:00:00+00:00")

    def snapshot(times: dict[str, datetime | None], **more: Any) -> tuple[datetime, bool]:
        day = judgement(estate(times=times), program, today=today, **more).day
        return day.time, day.assumed

    assert (LATER, False) == snapshot({"a.json": LATER, "b.csv": NOON})
    assert (midnight, True) == snapshot({"a.json": None})
    assert (midnight, True) == snapshot({"a.json": None, "b.csv": NOON})
    assert (NOON, False) == snapshot({"a.json": None, "b.csv": LATER}, snapshot_time=NOON)
    assert (today, False) == snapshot({"a.json": None, "b.csv": today}), "nothing is assumed where a source is newer than today"


def test_a_source_without_a_time_is_judged_as_of_today(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, OLD))
    judged = estate(thing("a", seen="2026-02-28T23:00:00Z"), thing("b", seen="2026-03-01T00:00:00Z"))
    found = findings(judged, program, today=datetime(2026, 3, 1, 23, tzinfo=UTC))
    assert {"a": "INCOMPLIANT", "b": "COMPLIANT"} == {name: one.status for name, one in found.items()}


def test_a_snapshot_time_of_any_zone_is_judged_in_utc(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, OLD))
    moment = datetime(2026, 1, 11, 1, tzinfo=timezone(timedelta(hours=2)))
    judged = estate(thing("a", seen="2026-01-10T00:00:00Z"), thing("b", seen="2026-01-09T23:00:00Z"))
    found = findings(judged, program, snapshot_time=moment)
    assert {"a": "COMPLIANT", "b": "INCOMPLIANT"} == {name: one.status for name, one in found.items()}


def test_a_finding_tells_everything_about_a_verdict(tmp_path: Path) -> None:
    document = {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
    query = {"JSON_QUERY_BOOLEAN": {"arg": document, "expression": "on"}}
    query["JSON_QUERY_BOOLEAN"]["undeterminedIf"] = {"evaluationError": "failed", "resultTypeMismatch": "odd"}
    program = program_of(analyzer(tmp_path, {"AND": {"args": [query, {"FIELD": {"path": "owner__r.on"}}]}}))
    found = findings(estate(thing("a", doc='{"on": true}', owner__r={"on": True}), thing("b", doc="{x")), program)
    one, other = found["a"], found["b"]
    assert (199, "condition 1", None) == (one.condition_index, one.current_state_message, one.runtime_error)
    assert "See the policy's remediation: perpend show /ce/policy" == one.remediation_message
    assert [("doc", True), ("owner__r.on", True)] == [(read.field, read.value) for read in one.references]
    assert (101, "Not JSON.", None) == (other.condition_index, other.current_state_message, other.remediation_message)
    assert other.runtime_error is not None
    assert [None, None] == [read.value for read in other.references]


def test_labels_come_from_the_types_and_keys(tmp_path: Path) -> None:
    field = {"label": Field("label", "text", "Nice label"), "bare": Field("bare", "text")}
    owner = ObjectType("Owner", "Owner", {"x": Field("x", "text", "Owner's x")})
    types = {THING: ObjectType(THING, "Thing", field, {"owner__r": Lookup("owner__r", "Owner")}), "Owner": owner}
    made = judge_estate(estate(), Selection((program_of(analyzer(tmp_path, ON)),), types=types))
    paths = ["label", "bare", "none", "owner__r.x", "lost__r.x"]
    assert ["Nice label", "bare", "none", "Owner's x", "x"] == [made.label_of(THING, Read(path)) for path in paths]
    assert "user" == made.label_of(THING, Read("label", "user"))
    assert ["Thing", "Other"] == [made.type_label(name) for name in (THING, "Other")]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Read("a"), 1),
        (Read("o__r.x"), "y"),
        (Read("a.x"), None),
        (Read("none__r.x"), None),
        (Read("doc", "k"), [1]),
        (Read("doc", "none"), None),
        (Read("a", "k"), None),
        (Read("text", "k"), None),
    ],
)
def test_the_value_of_a_read(read: Read, value: Any) -> None:
    fields = {"a": 1, "o__r": {"x": "y"}, "doc": '{"k": [1]}', "text": "{x"}
    assert [value] == values_read(fields, [read])


@pytest.mark.parametrize(("size", "lengths"), [(2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_findings_come_in_batches(tmp_path: Path, size: int, lengths: list[int]) -> None:
    made = judgement(estate(*(thing(str(number), on=True) for number in range(5))), program_of(analyzer(tmp_path, ON)))
    batches = list(made.batches(size))
    assert lengths == [len(batch) for batch in batches]
    assert list(made.findings()) == [one for batch in batches for one in batch]
