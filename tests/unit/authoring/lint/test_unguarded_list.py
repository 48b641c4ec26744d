"""Lists whose unknown objects pass."""

from __future__ import annotations

import pytest

from tests.repositories import logic
from tests.unit.authoring.lint.linted import equal, field, found

EMPTY = {"IS_EMPTY": {"arg": field("b__c")}}


def asks(status, operation="RELATED_LIST_HAS"):
    return {operation: {"status": status, "relationshipName": "Disks__r"}}


def flags(tmp_path, *checks, statuses=("INCOMPLIANT",), otherwise="COMPLIANT", child="UNDETERMINED"):
    related = {
        "relationshipName": "Disks__r",
        "conditions": [{"status": child, "currentStateMessage": "m", "check": EMPTY}],
        "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "m"},
    }
    document = logic(*checks, statuses=list(statuses), otherwise=otherwise, relatedLists=[related])
    return [each.message for each in found(tmp_path, "A315", document)]


def test_a_fault_that_is_asked_for_without_what_is_not_known_is_flagged(tmp_path):
    expected = ["objects of `Disks__r` can be UNDETERMINED, but no condition checks for that: they pass"]
    assert expected == flags(tmp_path, asks("INCOMPLIANT"))


@pytest.mark.parametrize(
    ("checks", "more"),
    [
        ([asks("INCOMPLIANT"), asks("UNDETERMINED")], {"statuses": ["INCOMPLIANT", "UNDETERMINED"]}),
        ([asks("INCOMPLIANT")], {"otherwise": "UNDETERMINED"}),
        ([asks("COMPLIANT"), asks("UNDETERMINED")], {"statuses": ["COMPLIANT", "UNDETERMINED"], "otherwise": "INCOMPLIANT"}),
        (
            [asks("INCOMPLIANT"), {"NOT": {"arg": asks("COMPLIANT")}}],
            {"statuses": ["INCOMPLIANT", "UNDETERMINED"]},
        ),
    ],
)
def test_where_unknown_objects_do_not_pass_nothing_is_said(tmp_path, checks, more):
    assert [] == flags(tmp_path, *checks, **more)


def test_an_unknown_object_beside_a_good_one_passes_too(tmp_path):
    related = {
        "relationshipName": "Disks__r",
        "conditions": [
            {"status": "UNDETERMINED", "currentStateMessage": "m", "check": EMPTY},
            {"status": "COMPLIANT", "currentStateMessage": "m", "check": equal(field("b__c"), "x")},
        ],
        "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "m"},
    }
    checks = asks("INCOMPLIANT"), {"NOT": {"arg": asks("COMPLIANT")}}
    document = logic(*checks, statuses=["INCOMPLIANT", "UNDETERMINED"], otherwise="COMPLIANT", relatedLists=[related])
    expected = ["objects of `Disks__r` can be UNDETERMINED, but no condition checks for that: they pass"]
    assert expected == [each.message for each in found(tmp_path, "A315", document)]


def test_where_good_objects_are_asked_for_unknown_ones_count_as_faults(tmp_path):
    expected = ["objects of `Disks__r` can be UNDETERMINED, but no condition checks for that: they count as faults"]
    assert expected == flags(tmp_path, asks("COMPLIANT"), statuses=("COMPLIANT",), otherwise="INCOMPLIANT")


def test_the_absence_of_faults_passes_too(tmp_path):
    check = {"AND": {"args": [asks("INCOMPLIANT", "RELATED_LIST_HAS_NO"), {"NOT": {"arg": asks("COMPLIANT")}}]}}
    assert 1 == len(flags(tmp_path, check, statuses=["COMPLIANT"], otherwise="INAPPLICABLE"))
    other = {"OR": {"args": [asks("INCOMPLIANT"), equal(field("a__c"), "x")]}}
    assert 1 == len(flags(tmp_path / "or", other))
