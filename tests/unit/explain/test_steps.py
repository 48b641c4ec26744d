"""The road to a verdict: steps, values with their places, and the smallest change that would turn it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from perpend.explain.steps import Explanation, Leaf, ReadPlace, Step, deciding_steps, explain_verdict
from perpend.ir.estate import EstateObject
from perpend.judge.day import RunDay
from tests.repositories import logic, program_of, write
from tests.unit.judge.estates import THING, analyzer, thing

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
TIME = datetime.fromisoformat("2026-01-10T18:00:00+00:00")
CHECKS = {"evaluationError": "failed", "resultTypeMismatch": "mismatch"}
EXTRACTS = {
    f"types/{THING}/e.extracts.yaml": {
        "extracts": [
            {
                "name": "doc",
                "value": {"JSON_FROM": {"arg": {"FIELD": {"path": "doc"}}, "undeterminedIf": {"isInvalid": "bad"}}},
            },
            {
                "name": "mfa",
                "value": {"JSON_QUERY_TEXT": {"arg": {"EXTRACT": "doc"}, "expression": "mfa_active", "undeterminedIf": CHECKS}},
            },
        ]
    }
}
IMPORTS = {"importExtracts": [{"file": f"/types/{THING}/e.extracts.yaml"}]}
MFA = {"IS_EQUAL": {"left": {"EXTRACT": "mfa"}, "right": {"TEXT": "false"}}}


def explained(root: Path, judged: EstateObject, *checks: Any, **more: Any) -> Explanation:
    found = analyzer(root, *checks, files=EXTRACTS, **{**IMPORTS, **more})
    return explain_verdict(found, program_of(found), judged, day=RunDay(TIME, given=True))


def results(found: Explanation) -> list[tuple[int, str]]:
    return [(step.index, step.result) for step in found.steps]


def test_conditions_are_told_in_order_up_to_the_one_that_decides(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag="false"), FLAG, {"BOOLEAN": True}, FLAG)
    assert [(99, "false"), (199, "false"), (299, "true"), (399, "not reached"), (400, "not reached")] == results(found)


def test_otherwise_is_a_step_too(tmp_path: Path) -> None:
    assert [(99, "false"), (199, "false"), (200, "true")] == results(explained(tmp_path, thing("a", flag="x"), FLAG))


def test_a_disappeared_object_is_asked_one_question(tmp_path: Path) -> None:
    gone = thing("a", CA10__disappearanceTime__c="2026-01-01T00:00:00Z")
    found = explained(tmp_path, gone, FLAG)
    assert [(99, "true"), (199, "not reached"), (200, "not reached")] == results(found)
    assert '"2026-01-01T00:00:00Z"' == found.steps[0].leaves[0].value


def test_a_fired_check_is_named_where_it_fired(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag=None), FLAG, FLAG)
    assert [(99, "false"), (101, "stopped"), (299, "not reached"), (300, "not reached")] == results(found)
    assert ("flag.isEmpty()", "flag.asBoolean()") == (found.steps[1].check, found.steps[1].text)


def test_unreadable_data_are_told_as_such(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag=7), FLAG)
    assert (0, "stopped", "flag holds the number 7, not Text") == (
        found.steps[1].index,
        found.steps[1].result,
        found.steps[1].check,
    )
    assert [("flag", "unreadable: flag holds the number 7, not Text", True)] == [
        (leaf.text, leaf.value, leaf.stopped) for leaf in found.steps[1].leaves
    ]


def test_a_value_tells_the_file_row_column_and_extract_it_came_from(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", "report.csv", 7, doc='{"mfa_active": "false"}'), MFA)
    place = ReadPlace("report.csv", 7, "doc", "mfa_active", "mfa")
    assert Leaf("extract('mfa')", '"false"', False, (place,)) in found.steps[1].leaves


def test_a_check_that_fires_inside_an_extract_is_shown_there(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", doc="{x"), MFA)
    assert (101, "doc.asJson().isInvalid()") == (found.steps[1].index, found.steps[1].check)
    assert any(leaf.stopped for leaf in found.steps[1].leaves)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "null"), ("x" * 200, '"' + "x" * 118 + "…"), ("é", '"é"')],
)
def test_values_are_shown_as_json_and_cut(tmp_path: Path, value: Any, shown: str) -> None:
    found = explained(tmp_path, thing("a", t=value), {"IS_EQUAL": {"left": {"FIELD": {"path": "t"}}, "right": {"TEXT": "zz"}}})
    assert [shown] == [leaf.value for leaf in found.steps[1].leaves]


def test_dates_are_shown_as_dates(tmp_path: Path) -> None:
    found = explained(
        tmp_path, thing("a", t="2026-01-02T01:00:00+01:00"), {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "t"}}}}
    )
    assert ["2026-01-02T00:00:00Z"] == [leaf.value for leaf in found.steps[1].leaves]


def test_children_are_listed_with_what_was_read_of_them(tmp_path: Path) -> None:
    flag = {"FIELD": {"path": "flag", "undeterminedIf": {"isEmpty": "unset"}}}
    check = {"IS_EQUAL": {"left": flag, "right": {"TEXT": "true"}}}
    related = {**logic(check), "relationshipName": "Parts__r"}
    del related["inputType"]
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Parts__r"}}
    found = explained(tmp_path, thing("a", Parts__r=[{"flag": "true"}, {"flag": ""}]), has, relatedLists=[related])
    leaves = [(leaf.text, leaf.value) for leaf in found.steps[1].leaves]
    stopped = ("Parts__r[1].flag", "stopped (flag.isEmpty())")
    assert [("Parts__r[0].flag", '"true"'), stopped, ("Parts__r.has(INCOMPLIANT)", "true")] == leaves


def change(found: Explanation) -> tuple[str, str, str, str] | None:
    one = found.change
    return one and (one.place.column or one.place.field, one.before, one.after, one.status.value)


def test_the_smallest_change_of_a_text(tmp_path: Path) -> None:
    assert ("flag", '"true"', '"false"', "COMPLIANT") == change(explained(tmp_path, thing("a", flag="true"), FLAG))


def test_the_smallest_change_of_a_number_crosses_the_limit(tmp_path: Path) -> None:
    check = {"LESS_THAN": {"left": {"FIELD": {"path": "days"}}, "right": {"NUMBER": 7}}}
    assert ("days", "3", "7", "COMPLIANT") == change(explained(tmp_path, thing("a", days=3), check))
    assert ("days", "9", "6", "INCOMPLIANT") == change(explained(tmp_path, thing("a", days=9), check))


def test_the_smallest_change_of_a_date_crosses_the_day(tmp_path: Path) -> None:
    check = {"IS_BEYOND_LAST_DAYS": {"arg": {"FIELD": {"path": "seen"}}, "offsetDays": 3}}
    found = change(explained(tmp_path, thing("a", seen="2025-01-01T00:00:00Z"), check))
    assert found is not None
    assert ("seen", "COMPLIANT") == (found[0], found[3])
    assert found[2].startswith('"2026-01-0')


def test_the_smallest_change_inside_a_document(tmp_path: Path) -> None:
    found = change(explained(tmp_path, thing("a", doc='{"mfa_active": "false", "x": 1}'), MFA))
    assert found is not None
    assert ("mfa_active", '"false"', "COMPLIANT") == (found[0], found[1], found[3])


def test_a_key_inside_a_document_changes_before_the_whole_document_does(tmp_path: Path) -> None:
    filled = {"NOT_EMPTY": {"arg": {"FIELD": {"path": "doc"}}}}
    found = explained(tmp_path, thing("a", doc='{"mfa_active": "false"}'), {"AND": {"args": [filled, MFA]}})
    assert found.change is not None
    assert "mfa_active" == found.change.place.column


def test_of_an_undetermined_object_the_change_that_makes_it_compliant_comes_first(tmp_path: Path) -> None:
    assert ("flag", "null", '"false"', "COMPLIANT") == change(explained(tmp_path, thing("a"), FLAG))


def test_a_verdict_that_no_field_can_turn_has_no_change(tmp_path: Path) -> None:
    write(tmp_path, {f"types/{THING}/type.yaml": {"label": "T", "deletionField": "none"}})
    assert explained(tmp_path, thing("a"), {"BOOLEAN": True}).change is None


def test_a_contradiction_is_not_settled_by_changing_one_value(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag="false", variants=(thing("a", "b.json", 2, flag="true"),)), FLAG)
    assert (0, "UNDETERMINED", None) == (found.finding.condition_index, found.finding.status, found.change)


def test_an_explanation_carries_the_verdict_the_policy_and_the_time(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag="true"), FLAG)
    assert (199, "INCOMPLIANT", TIME, False) == (
        found.finding.condition_index,
        found.finding.status,
        found.day.time,
        found.day.assumed,
    )
    assert ("/ce/policy", "A policy", "Policy") == (found.policy.id, found.policy.full_name, found.policy.contextual_name)


def test_a_policy_without_a_readable_descriptor_is_named_by_its_id(tmp_path: Path) -> None:
    found = analyzer(tmp_path, FLAG, files={"ce/policy/policy.yaml": "["})
    judged = thing("a", flag="true")
    assert "/ce/policy" == explain_verdict(found, program_of(found), judged, day=RunDay(TIME, given=True)).policy.full_name


def test_the_deciding_steps_are_those_that_stopped_or_decided(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, {"BOOLEAN": False}, FLAG))
    (step,) = deciding_steps(program, thing("a"), 0, 201, complete=True)
    assert (201, "stopped", "flag.isEmpty()") == (step.index, step.result, step.check)
    assert isinstance(step, Step)
    assert [300] == [one.index for one in deciding_steps(program, thing("b", flag="x"), 0, 300, complete=True)]
