"""The steps to a verdict, and the values with their places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.explain.fields_read import FieldValue, ReadPlace
from perpend.evaluation.explain.steps import Explanation, Leaf, ListedObject, Step, deciding_steps, explain_verdict, grounds
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
from tests.repositories import logic, program_of
from tests.unit.evaluation.explain.explanations import FLAG, MFA, TIME, explained
from tests.unit.evaluation.verdicts.evaluate_objects import analyzer, thing

SET = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is not set."}}}
SAFE, BAD, UNSET = {"Id": "safe", "flag": "false"}, {"Id": "bad", "flag": "true"}, {"Id": "unset", "flag": ""}


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
    reason = "flag holds the number 7, not Text"
    step = found.steps[1]
    assert (0, "stopped", None, reason) == (step.index, step.result, step.check, step.reason)
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
    assert ["Parts__r[0].flag", "Parts__r[1].flag"] == [one.place.field for one in found.steps[1].fields]
    stopped = ("Parts__r[1].flag", "stopped (flag.isEmpty())")
    assert [("Parts__r[0].flag", '"true"'), stopped, ("Parts__r.has(INCOMPLIANT)", "true")] == leaves


def test_a_contradiction_is_not_settled_by_changing_one_value(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", flag="false", variants=(thing("a", "b.json", 2, flag="true"),)), FLAG)
    assert (0, "UNDETERMINED", None) == (found.finding.condition_index, found.finding.status, found.change)


def test_what_keeps_all_conditions_from_being_tried_stands_at_the_first_step(tmp_path: Path) -> None:
    found = explained(tmp_path, thing("a", CA10__disappearanceTime__c="2026-02-01T00:00:00Z"), FLAG)
    step = found.steps[0]
    assert (0, "stopped", None) == (step.index, step.result, step.check)
    assert "CA10__disappearanceTime__c holds the text '2026-02-01T00:00:00Z', a time after the snapshot" == step.reason
    assert (FieldValue(ReadPlace("a.json", 1, "CA10__disappearanceTime__c"), '"2026-02-01T00:00:00Z"'),) == step.fields


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
    explain_lists = thing("a", flag="true")
    assert (
        "/ce/policy"
        == explain_verdict(found, program_of(found), explain_lists, day=EvaluationTime(TIME, given=True)).policy.full_name
    )


def test_the_deciding_steps_are_those_that_stopped_or_decided(tmp_path: Path) -> None:
    program = program_of(analyzer(tmp_path, {"BOOLEAN": False}, FLAG))
    (step,) = deciding_steps(program, thing("a"), 0, 201, complete=True)
    assert (201, "stopped", "flag.isEmpty()") == (step.index, step.result, step.check)
    assert isinstance(step, Step)
    assert [300] == [one.index for one in deciding_steps(program, thing("b", flag="x"), 0, 300, complete=True)]


def related(name: str, *checks: Any, **more: Any) -> dict[str, Any]:
    block = {**logic(*checks, **more), "relationshipName": name}
    del block["inputType"]
    return block


def has(status: str, name: str = "Parts__r", operation: str = "RELATED_LIST_HAS") -> dict[str, Any]:
    return {operation: {"status": status, "relationshipName": name}}


def explain_lists(root: Path, parts: list[dict[str, Any]], *checks: Any, **more: Any) -> Explanation:
    return explained(root, thing("a", Parts__r=parts), *checks, relatedLists=[related("Parts__r", SET)], **more)


def details(listed: tuple[ListedObject, ...]) -> list[tuple[str, str, str, str]]:
    return [(one.path, one.name, one.status.value, one.message) for one in listed]


def values(listed: ListedObject) -> list[tuple[str, str]]:
    return [(one.place.field, one.value) for one in listed.fields]


def test_of_a_list_those_count_that_have_the_status_asked_for(tmp_path: Path) -> None:
    _, listed = grounds(explain_lists(tmp_path, [SAFE, UNSET, BAD], has("UNDETERMINED")).steps)
    assert [("Parts__r[1]", "unset", "UNDETERMINED", "The flag is not set.")] == details(listed)
    assert [("flag", '""')] == values(listed[0])


def test_where_none_has_it_all_count(tmp_path: Path) -> None:
    found = explain_lists(tmp_path, [BAD, UNSET], has("COMPLIANT"), otherwise="INCOMPLIANT")
    assert [
        ("Parts__r[0]", "bad", "INCOMPLIANT", "condition 1"),
        ("Parts__r[1]", "unset", "UNDETERMINED", "The flag is not set."),
    ] == details(grounds(found.steps)[1])


def test_what_is_compliant_is_no_ground_of_a_finding_that_no_condition_decided(tmp_path: Path) -> None:
    found = explain_lists(tmp_path, [SAFE, BAD], has("COMPLIANT", operation="RELATED_LIST_HAS_NO"), otherwise="INCOMPLIANT")
    assert ["safe"] == [one.name for one in found.steps[1].listed]
    assert () == grounds(found.steps)[1]


def test_conditions_that_did_not_decide_name_objects_without_what_theirs_come_from(tmp_path: Path) -> None:
    found = explain_lists(tmp_path, [BAD], has("COMPLIANT"), has("INCOMPLIANT"))
    assert [[("bad", [])], [("bad", [("flag", '"true"')])]] == [
        [(one.name, values(one)) for one in step.listed] for step in found.steps[1:3]
    ]


def test_a_list_that_a_condition_did_not_come_to_is_not_told(tmp_path: Path) -> None:
    either = {"OR": {"args": [{"BOOLEAN": True}, has("INCOMPLIANT")]}}
    assert () == explain_lists(tmp_path, [BAD], either).steps[1].listed


def test_objects_of_lists_have_lists_of_their_own(tmp_path: Path) -> None:
    parts = related("Box__r.Parts__r", has("INCOMPLIANT", "Bolts__r"), relatedLists=[related("Bolts__r", SET)])
    held = {"Box__r": {"Id": "box", "Parts__r": [{"Id": "part", "Bolts__r": [SAFE, BAD]}]}}
    found = explained(tmp_path, thing("a", **held), has("INCOMPLIANT", "Box__r.Parts__r"), relatedLists=[parts])
    _, (part,) = grounds(found.steps)
    assert ("Box__r.Parts__r[0]", "part", []) == (part.path, part.name, values(part))
    assert [("Bolts__r[1]", "bad", "INCOMPLIANT", "condition 1")] == details(part.listed)
    assert [("flag", '"true"')] == values(part.listed[0])


def test_an_object_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    _, listed = grounds(explain_lists(tmp_path, [{"Id": "odd", "flag": 7}], has("COMPLIANT")).steps)
    assert [("Parts__r[0]", "odd", "UNDETERMINED", "flag holds the number 7, not Text")] == details(listed)


def test_a_list_that_is_not_known_has_no_objects(tmp_path: Path) -> None:
    assert () == grounds(explained(tmp_path, thing("a"), has("COMPLIANT"), relatedLists=[related("Parts__r", SET)]).steps)[1]
