"""Programs as steps: numbers, texts, lines, and the tests that end in each."""

from __future__ import annotations

from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.steps import anchor_of
from tests.sites import EXTRACT_TEXT, OTHER_TEXT, POLICY, TYPE, book_of, files, logic_document


def test_steps_have_indexes_texts_and_lines(book):
    steps = Logics(book).view(f"{POLICY}/prod.logic.yaml").steps
    assert [199, 299, 300] == [*(step.way.index for step in steps.steps), steps.otherwise.index]
    assert [EXTRACT_TEXT, OTHER_TEXT] == [step.way.text for step in steps.steps]
    assert ["condition-1", "condition-2", "otherwise"] == [*(step.way.anchor for step in steps.steps), steps.otherwise.anchor]
    assert ["INCOMPLIANT", "INAPPLICABLE"] == [step.way.status for step in steps.steps]
    source = book.text(f"{POLICY[1:]}/prod.logic.yaml").split("\n")
    first, last = steps.steps[0].way.lines
    assert '"status": "INCOMPLIANT"' in source[first - 1] and first < last


def test_questions_are_trees_of_all_any_and_not(book):
    clause = Logics(book).view(f"{POLICY}/prod.logic.yaml").steps.steps[1].clause
    assert ("all", ["", "not"]) == (clause.joint, [part.joint for part in clause.parts])
    assert ["used__c == false", "kept__c == true"] == [clause.parts[0].text, clause.parts[1].parts[0].text]
    first = Logics(book).view(f"{POLICY}/prod.logic.yaml").steps.steps[0].clause
    assert [("open", f"/types/{TYPE}/object.extracts.yaml")] == [(ref.name, ref.id) for ref in first.extracts]


def test_each_end_knows_the_tests_that_reach_it(book):
    steps = Logics(book).view(f"{POLICY}/prod.logic.yaml").steps
    ways = [*(step.way for step in steps.steps), steps.otherwise]
    assert [["o1"], ["o3"], ["o2"]] == [[ref.name for ref in way.tests] for way in ways]


def test_related_lists_have_anchors_of_their_own(tmp_path):
    found = files()
    related = {
        "relationshipName": "parts__r",
        "conditions": [],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"},
    }
    check = {"RELATED_LIST_HAS": {"relationshipName": "parts__r", "status": "COMPLIANT"}}
    found[f"{POLICY[1:]}/prod.logic.yaml"] = logic_document(
        conditions=[{"status": "COMPLIANT", "currentStateMessage": "m", "check": check}], relatedLists=[related]
    )
    steps = Logics(book_of(tmp_path, found)).view(f"{POLICY}/prod.logic.yaml").steps
    assert ["list-1-otherwise"] == [inner.otherwise.anchor for inner in steps.related]
    assert ("list-2-check-101", "list-2-condition-1") == (anchor_of(2, 101, False), anchor_of(2, 199, False))
