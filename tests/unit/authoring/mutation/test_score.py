"""Scores: what tests kill, what survives with an object that would kill it, what is listed, and what that list may say."""

from __future__ import annotations

import json

import pytest

from perpend.authoring.mutation.objects import test_object as object_text
from perpend.authoring.mutation.score import Budget, UnusableList, score_mutants, specimens_of
from perpend.language.program.numbering import UNREADABLE
from tests.repositories import LOGIC, program_of
from tests.unit.authoring.mutation.programs import analyzer, entry, equal, field, greater

LIST = "ce/policy/equivalent-mutants.json"
ABOVE = entry("above", "INCOMPLIANT", 199, "a__c > number(3.0)", a__c=4)
AT = entry("at", "COMPLIANT", 200, "otherwise", a__c=3)
NONE = entry("none", "COMPLIANT", 200, "otherwise", a__c=None)


def score(root, *tests, check=None, files=None, **more):
    (found,) = score_mutants(analyzer(root, check or greater("a__c", 3), tests=list(tests), files=files), [LOGIC], **more)
    return found


def keys(found):
    return {survivor.key for survivor in found.survivors}


def test_each_test_object_kills_what_it_tells_apart(tmp_path):
    assert {
        "operator: `a__c > number(3.0)` became `a__c >= number(3.0)`",
        "number: `number(3.0)` became `number(2.0)`",
        "empty: `a__c > number(3.0)` said yes where `a__c` is empty",
        "status: COMPLIANT became INCOMPLIANT in `otherwise`",
    } == keys(score(tmp_path / "one", ABOVE))
    assert {"empty: `a__c > number(3.0)` said yes where `a__c` is empty"} == keys(score(tmp_path / "two", ABOVE, AT))
    assert set() == keys(score(tmp_path / "three", ABOVE, AT, NONE))


def test_the_object_that_is_proposed_kills_its_mutant(tmp_path):
    found = score(tmp_path / "before", ABOVE)
    killers = [json.loads(text) for text in dict.fromkeys(survivor.killer for survivor in found.survivors)]
    assert [{"a__c": 3}, {"a__c": None}] == [
        {key: value for key, value in killer.items() if key not in ("Id", "expectedResult", "context")} for killer in killers
    ]
    assert set() == keys(score(tmp_path / "after", ABOVE, *killers))


def test_a_mutant_needs_what_stands_in_a_document_a_list_or_behind_a_lookup(tmp_path):
    query = {
        "JSON_QUERY_TEXT": {
            "arg": {"JSON_FROM": {"arg": field("j__c"), "undeterminedIf": {"isInvalid": "m"}}},
            "expression": "state",
            "undeterminedIf": {"evaluationError": "m", "resultTypeMismatch": "m"},
        }
    }
    check = {"AND": {"args": [{"IS_EQUAL": {"left": query, "right": {"TEXT": "on"}}}, equal("owner__r.name__c", "root")]}}
    text = "j__c.asJson().jsonQueryText('state') == 'on' && owner__r.name__c == 'root'"
    tests = [entry("on", "INCOMPLIANT", 199, text, j__c='{"state": "on"}', owner__r={"Id": "o", "name__c": "root"})]
    found = score(tmp_path, *tests, check=check)
    assert {"and/or", "status", "part dropped", "empty"} == {
        survivor.mutator for survivor in found.survivors if survivor.killer
    }
    assert [] == [survivor.key for survivor in found.survivors if not survivor.killer]


def test_ends_compare_by_meaning_not_by_number(tmp_path):
    # without the first condition, the second one is the first: an object that it judges ends at 199 instead of 299
    tests = [entry("y", "INCOMPLIANT", 299, "b__c == 'y'", a__c=None, b__c="y")]
    found = analyzer(tmp_path, equal("a__c", "x"), equal("b__c", "y"), tests=tests)
    (one,) = score_mutants(found, [LOGIC])
    assert "condition dropped: condition 1, `a__c == 'x'`, was dropped" in keys(one)


def test_a_listed_mutant_is_equivalent_and_a_stale_entry_is_told(tmp_path):
    key = "empty: `a__c > number(3.0)` said yes where `a__c` is empty"
    listed = [{"logic": "prod.logic.yaml", "mutant": name, "reason": "a__c is never empty"} for name in (key, "no: such")]
    found = score(tmp_path / "some", ABOVE, AT, files={LIST: listed})
    assert (set(), {key: "a__c is never empty"}, ("no: such",)) == (keys(found), found.listed, found.stale)
    found = score(tmp_path / "all", ABOVE, AT, NONE, files={LIST: listed})
    assert ({}, (key, "no: such")) == (found.listed, found.stale)


def test_what_is_proven_needs_no_list(tmp_path):
    key = "part dropped: `a__c == 'x'` was dropped from `a__c == 'x' && b__c == 'y'`"
    checks = {"NOT": {"arg": equal("a__c", "x")}}, {"AND": {"args": [equal("a__c", "x"), equal("b__c", "y")]}}
    listed = [{"logic": "prod.logic.yaml", "mutant": key, "reason": "condition 1 has asked"}]
    found = analyzer(tmp_path, *checks, tests=[entry("o", "COMPLIANT", 300, "otherwise", a__c="x")], files={LIST: listed})
    (one,) = score_mutants(found, [LOGIC])
    assert (True, {}, (key,)) == (key in one.proven, one.listed, one.stale)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "JSON syntax: Expecting value in line 1"),
        ("{}", "must be an array of objects, each with the texts `logic`, `mutant` and `reason`"),
        ('[{"logic": "a", "mutant": "b", "reason": " "}]', "must be an array of objects"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path, text, problem):
    with pytest.raises(UnusableList) as refused:
        score(tmp_path, ABOVE, files={LIST: text})
    assert str(refused.value).startswith(f"{LIST}: {problem}")


def test_a_budget_leaves_mutants_and_tells_how_many(tmp_path):
    whole = score(tmp_path / "a", ABOVE, AT, NONE)
    part = score(tmp_path / "b", ABOVE, AT, NONE, budget=Budget(mutants=3))
    assert 0 < part.mutants <= 3
    assert whole.mutants == part.mutants + part.left
    assert whole.mutants == score(tmp_path / "c", ABOVE, AT, NONE, budget=Budget(seconds=-1)).left


def test_several_processes_say_the_same(tmp_path):
    found = analyzer(tmp_path, greater("a__c", 3), tests=[ABOVE])
    assert score_mutants(found, [LOGIC]) == score_mutants(found, [LOGIC], jobs=2)


def test_a_test_object_says_what_the_program_says(tmp_path):
    found = analyzer(tmp_path, greater("a__c", 3), tests=[ABOVE])
    (specimen,) = specimens_of(found, LOGIC)
    assert {**ABOVE, "Id": "again"} == json.loads(object_text(program_of(found), specimen, "again"))
    odd = specimen._replace(fields={"a__c": "four"})
    assert str(UNREADABLE) == json.loads(object_text(program_of(found), odd, "odd"))["expectedResult"]["conditionIndex"]
