"""Which objects of related lists a verdict comes from, and what theirs come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.explain.steps import Explanation, Listed, grounds
from tests.repositories import logic
from tests.unit.explain.explanations import explained
from tests.unit.judge.estates import thing

SET = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is not set."}}}
SAFE, BAD, UNSET = {"Id": "safe", "flag": "false"}, {"Id": "bad", "flag": "true"}, {"Id": "unset", "flag": ""}


def related(name: str, *checks: Any, **more: Any) -> dict[str, Any]:
    block = {**logic(*checks, **more), "relationshipName": name}
    del block["inputType"]
    return block


def has(status: str, name: str = "Parts__r", operation: str = "RELATED_LIST_HAS") -> dict[str, Any]:
    return {operation: {"status": status, "relationshipName": name}}


def judged(root: Path, parts: list[dict[str, Any]], *checks: Any, **more: Any) -> Explanation:
    return explained(root, thing("a", Parts__r=parts), *checks, relatedLists=[related("Parts__r", SET)], **more)


def told(listed: tuple[Listed, ...]) -> list[tuple[str, str, str, str]]:
    return [(one.path, one.name, one.status.value, one.message) for one in listed]


def values(listed: Listed) -> list[tuple[str, str]]:
    return [(one.place.field, one.value) for one in listed.fields]


def test_of_a_list_those_count_that_have_the_status_asked_for(tmp_path: Path) -> None:
    _, listed = grounds(judged(tmp_path, [SAFE, UNSET, BAD], has("UNDETERMINED")).steps)
    assert [("Parts__r[1]", "unset", "UNDETERMINED", "The flag is not set.")] == told(listed)
    assert [("flag", '""')] == values(listed[0])


def test_where_none_has_it_all_count(tmp_path: Path) -> None:
    found = judged(tmp_path, [BAD, UNSET], has("COMPLIANT"), otherwise="INCOMPLIANT")
    assert [
        ("Parts__r[0]", "bad", "INCOMPLIANT", "condition 1"),
        ("Parts__r[1]", "unset", "UNDETERMINED", "The flag is not set."),
    ] == told(grounds(found.steps)[1])


def test_what_is_compliant_is_no_ground_of_a_finding_that_no_condition_decided(tmp_path: Path) -> None:
    found = judged(tmp_path, [SAFE, BAD], has("COMPLIANT", operation="RELATED_LIST_HAS_NO"), otherwise="INCOMPLIANT")
    assert ["safe"] == [one.name for one in found.steps[1].listed]
    assert () == grounds(found.steps)[1]


def test_conditions_that_did_not_decide_name_objects_without_what_theirs_come_from(tmp_path: Path) -> None:
    found = judged(tmp_path, [BAD], has("COMPLIANT"), has("INCOMPLIANT"))
    assert [[("bad", [])], [("bad", [("flag", '"true"')])]] == [
        [(one.name, values(one)) for one in step.listed] for step in found.steps[1:3]
    ]


def test_a_list_that_a_condition_did_not_come_to_is_not_told(tmp_path: Path) -> None:
    either = {"OR": {"args": [{"BOOLEAN": True}, has("INCOMPLIANT")]}}
    assert () == judged(tmp_path, [BAD], either).steps[1].listed


def test_objects_of_lists_have_lists_of_their_own(tmp_path: Path) -> None:
    parts = related("Box__r.Parts__r", has("INCOMPLIANT", "Bolts__r"), relatedLists=[related("Bolts__r", SET)])
    held = {"Box__r": {"Id": "box", "Parts__r": [{"Id": "part", "Bolts__r": [SAFE, BAD]}]}}
    found = explained(tmp_path, thing("a", **held), has("INCOMPLIANT", "Box__r.Parts__r"), relatedLists=[parts])
    _, (part,) = grounds(found.steps)
    assert ("Box__r.Parts__r[0]", "part", []) == (part.path, part.name, values(part))
    assert [("Bolts__r[1]", "bad", "INCOMPLIANT", "condition 1")] == told(part.listed)
    assert [("flag", '"true"')] == values(part.listed[0])


def test_an_object_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    _, listed = grounds(judged(tmp_path, [{"Id": "odd", "flag": 7}], has("COMPLIANT")).steps)
    assert [("Parts__r[0]", "odd", "UNDETERMINED", "flag holds the number 7, not Text")] == told(listed)


def test_a_list_that_is_not_known_has_no_objects(tmp_path: Path) -> None:
    assert () == grounds(explained(tmp_path, thing("a"), has("COMPLIANT"), relatedLists=[related("Parts__r", SET)]).steps)[1]
