"""Test objects are proposed for what no test reaches, from nothing as well as beside what is there."""

from __future__ import annotations

import json

import pytest

from perpend.authoring.mutation.evaluate import Specimen
from perpend.authoring.mutation.objects import seeds_of
from perpend.authoring.mutation.objects import test_object as object_text
from perpend.authoring.mutation.proposals import propose_tests
from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository
from tests.repositories import LOGIC
from tests.unit.authoring.mutation.programs import analyzer, entry, equal, field, greater

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


@pytest.mark.parametrize(
    "policy",
    [
        "acm/certificate-expires-in-7-days",
        "ec2/security-group-allows-unrestricted-cifs-traffic",
        "iam/role-trusts-foreign-account-without-external-id",
        "secretsmanager/secret-not-rotated-for-90-days",
    ],
)
def test_what_is_proposed_for_the_library_ends_as_it_says(policy):
    found, logic_id = Analyzer(open_repository()), f"/ce/ca/aws/{policy}/prod.logic.yaml"
    made = found.analyzed(logic_id).program
    seeds = seeds_of(made)
    proposals = propose_tests(found, logic_id, time=TIME).proposed
    assert seeds or proposals
    for text in [object_text(made, Specimen(one, TIME), "again") for one in seeds] + [one.text for one in proposals]:
        one = json.loads(text)
        expected, context = one.pop("expectedResult"), one.pop("context")
        ((index, _),) = Interpreter([made]).evaluate(one, date_time_from_text(context["snapshotTime"]))
        assert str(index) == expected["conditionIndex"]
