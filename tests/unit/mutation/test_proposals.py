"""Test objects are proposed for what no test reaches, from nothing as well as beside what is there."""

from __future__ import annotations

import json

from perpend.meaning.values import date_time_from_text
from perpend.mutation.proposals import propose_tests
from tests.repositories import LOGIC
from tests.unit.mutation.programs import analyzer, entry, equal, field, greater

TIME = date_time_from_text("2026-01-10T18:00:00Z") or 0
KEPT = {"FIELD": {"path": "c__c", "undeterminedIf": {"isEmpty": "m"}}}
CHECKED = {"IS_EQUAL": {"left": KEPT, "right": {"TEXT": "x"}}}


def proposed(root, *checks, tests=None, **more):
    found = propose_tests(analyzer(root, *checks, tests=tests, **more), LOGIC, time=TIME)
    return found, [json.loads(proposal.text) for proposal in found.proposed]


def indexes(objects):
    return [one["expectedResult"]["conditionIndex"] for one in objects]


def test_from_nothing_each_condition_check_and_boundary_gets_an_object(tmp_path):
    found, objects = proposed(tmp_path, CHECKED, greater("a__c", 3))
    assert () == found.missed
    assert {"101", "199", "299", "300"} == set(indexes(objects))
    assert {3, 4} <= {one["a__c"] for one in objects}
    assert "reaches 101 `c__c.isEmpty()`" in [proposal.why for proposal in found.proposed]
    again, _ = proposed(tmp_path / "again", CHECKED, greater("a__c", 3), tests=objects)
    assert ((), ()) == (again.proposed, again.missed)


def test_what_tests_reach_already_is_not_proposed(tmp_path):
    tests = [
        entry("x", "INCOMPLIANT", 199, "a__c == 'x'", a__c="x"),
        entry("y", "COMPLIANT", 200, "otherwise", a__c="y"),
    ]
    assert [] == proposed(tmp_path, equal("a__c", "x"), tests=tests)[1]


def test_lists_are_filled_and_what_is_not_found_is_named(tmp_path):
    related = [
        {
            "relationshipName": "Disks__r",
            "conditions": [
                {"status": "INCOMPLIANT", "currentStateMessage": "m", "remediationMessage": "r", "check": equal("d__c", "off")}
            ],
            "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"},
        }
    ]
    has = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "Disks__r"}}
    never = {"AND": {"args": [{"IS_EMPTY": {"arg": field("e__c")}}, {"NOT_EMPTY": {"arg": field("e__c")}}]}}
    found, objects = proposed(tmp_path, has, never, relatedLists=related)
    assert {"199", "300"} == set(indexes(objects))
    assert [299] == [branch.index for branch in found.missed]
