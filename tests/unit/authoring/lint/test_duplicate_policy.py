"""Policies that are one policy: by their logic, or by what they answer to their test objects."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import both, either, equal, field, found, no


def test_a_policy_that_judges_like_another_one_is_flagged(tmp_path):
    other = {"ce/second/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "description": "d"}}
    same, different = logic(equal(field("a__c"), "x")), logic(equal(field("a__c"), "y"))
    same["conditions"][0]["currentStateMessage"] = "in other words"
    (flag,) = found(tmp_path / "same", "A319", logic(equal(field("a__c"), "x")), {**other, "ce/second/prod.logic.yaml": same})
    assert ("ce/second/prod.logic.yaml", "this logic is the same as that of `/ce/policy`") == (
        flag.span.path,
        flag.message,
    )
    files = {**other, "ce/second/prod.logic.yaml": different, "ce/policy/wip.logic.yaml": same}
    assert [] == found(tmp_path / "different", "A319", logic(equal(field("a__c"), "x")), files)


def expecting(status, **fields):
    return {"expectedResult": {"status": status, "conditionIndex": "99", "conditionText": "", "runtimeError": None}, **fields}


A_OBJECTS = [expecting("INCOMPLIANT", Id="x", a__c="x", b__c="y"), expecting("COMPLIANT", Id="z", a__c="z", b__c="y")]
BOTH = both(equal(field("a__c"), "x"), equal(field("b__c"), "y"))


@pytest.mark.parametrize(
    ("check", "more", "flagged"),
    [
        (both(equal(field("b__c"), "y"), equal(field("a__c"), "x")), [], True),
        (no(either(no(equal(field("a__c"), "X")), no(equal(field("b__c"), "y")))), [], True),
        (equal(field("a__c"), "x"), [], True),
        (equal(field("a__c"), "x"), [expecting("INCOMPLIANT", Id="w", a__c="x", b__c="w")], False),
        (equal(field("b__c"), "y"), [], False),
    ],
)
def test_policies_that_answer_all_test_objects_alike_are_flagged(tmp_path, check, more, flagged):
    with_tests = {"statuses": ["INCOMPLIANT"], "otherwise": "COMPLIANT", "testData": [{"file": "test-data.json"}]}
    files = {
        "ce/policy/test-data.json": A_OBJECTS,
        "ce/second/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "description": "d"},
        "ce/second/prod.logic.yaml": logic(check, **with_tests),
        "ce/second/test-data.json": [*A_OBJECTS, *more],
    }
    expected = ["this logic gives all 4 test objects of both the same status as that of `/ce/policy`"] if flagged else []
    assert expected == [each.message for each in found(tmp_path, "A319", logic(BOTH, **with_tests), files)]


def test_test_objects_that_tell_nothing_apart_decide_nothing(tmp_path):
    with_tests = {"statuses": ["INCOMPLIANT"], "otherwise": "COMPLIANT", "testData": [{"file": "test-data.json"}]}
    files = {
        "ce/policy/test-data.json": A_OBJECTS[:1],
        "ce/second/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "description": "d"},
        "ce/second/prod.logic.yaml": logic(equal(field("a__c"), "x"), **with_tests),
        "ce/second/test-data.json": A_OBJECTS[:1],
    }
    assert [] == found(tmp_path, "A319", logic(BOTH, **with_tests), files)
