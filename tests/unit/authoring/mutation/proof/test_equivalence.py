"""Which mutants are proven equivalent, and that none is that an object tells apart."""

from __future__ import annotations

import random

import pytest

from perpend.authoring.mutation.evaluate import CompiledMutants
from perpend.authoring.mutation.mutants import mutants_of
from perpend.authoring.mutation.proof.equivalence import are_equivalent
from perpend.authoring.mutation.score import specimens_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from tests.sampled import sampled
from tests.unit.authoring.mutation.programs import equal, field, greater, program

CHILD = {
    "relationshipName": "Disks__r",
    "conditions": [{"status": "COMPLIANT", "currentStateMessage": "m", "check": equal("d__c", "x")}],
    "otherwise": {"status": "INAPPLICABLE", "currentStateMessage": "m"},
}
HAS = {"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": "Disks__r"}}


def proven(made):
    return {mutant.words for mutant in mutants_of(made) if are_equivalent(made.block, mutant.block)}


def swapped(*names):
    return {f"condition 2, `{names[0]}`, was tried before condition 1"}


@pytest.mark.parametrize(
    ("checks", "more", "expected"),
    [
        ((equal("a__c", "x"), equal("a__c", "y")), {}, swapped("a__c == 'y'")),
        (
            (greater("a__c", 5), {"LESS_THAN": {"left": field("a__c"), "right": {"NUMBER": 2}}}),
            {},
            swapped("a__c < number(2.0)"),
        ),
        ((equal("a__c", "x"), equal("b__c", "y")), {}, set()),
        ((equal("a__c", "x"), {"STARTS_WITH": {"arg": field("a__c"), "search": {"TEXT": "x"}}}), {}, set()),
    ],
)
def test_conditions_that_exclude_each_other_may_be_swapped(tmp_path, checks, more, expected):
    assert expected == {words for words in proven(program(tmp_path, *checks, **more)) if "tried before" in words}


def test_statuses_of_children_that_nobody_asks_for_are_the_same(tmp_path):
    child = {
        **CHILD,
        "conditions": [
            *CHILD["conditions"],
            {"status": "UNDETERMINED", "currentStateMessage": "m", "check": equal("d__c", "z")},
        ],
    }
    made = program(tmp_path, HAS, relatedLists=[child])
    found = proven(made)
    assert "condition 2, `d__c == 'z'`, was dropped of `Disks__r`" in found
    assert "condition 1, `d__c == 'x'`, was dropped of `Disks__r`" not in found


def test_a_comparison_that_a_condition_before_settled_changes_nothing(tmp_path):
    made = program(tmp_path, {"NOT": {"arg": equal("a__c", "x")}}, equal("a__c", "x"))
    assert "condition 2, `a__c == 'x'`, was dropped" not in proven(made)
    made = program(
        tmp_path / "same", {"NOT": {"arg": equal("a__c", "x")}}, {"AND": {"args": [equal("a__c", "x"), equal("b__c", "y")]}}
    )
    assert "`a__c == 'x'` was dropped from `a__c == 'x' && b__c == 'y'`" in proven(made)


def test_what_cannot_be_read_counts(tmp_path):
    # with b__c of another form, the one program is UNDETERMINED and the other is not
    made = program(tmp_path, {"AND": {"args": [equal("a__c", "x"), {"OR": {"args": [equal("b__c", "y"), {"BOOLEAN": True}]}}]}})
    assert "`b__c == 'y'` was dropped from `b__c == 'y' || true`" not in proven(made)


def words_of_query(expression):
    arg = {"JSON_FROM": {"arg": field("j__c"), "undeterminedIf": {"isInvalid": "m"}}}
    checks = {"evaluationError": "m", "resultTypeMismatch": "m"}
    return {"JSON_QUERY_TEXT": {"arg": arg, "expression": expression, "undeterminedIf": checks}}


def test_a_query_that_always_answers_with_a_word_is_never_empty(tmp_path):
    word = words_of_query("to_string(a && 'some' || 'none')")
    check = {"IS_EQUAL": {"left": word, "right": {"TEXT": "some"}}}
    assert 1 == len([words for words in proven(program(tmp_path / "word", check)) if "is empty" in words])
    check = {"IS_EQUAL": {"left": words_of_query("a"), "right": {"TEXT": "some"}}}
    assert set() == proven(program(tmp_path / "any", check))


def test_an_expression_that_finds_nothing_in_a_blank_text_has_asked_before(tmp_path):
    after = {"CONTAINS": {"arg": {"SET": {"itemType": "TEXT", "items": ["tcp", "all"]}}, "search": field("a__c")}}

    def merge_cases(regex, name):
        odd = {"NOT": {"arg": {"REGEX_MATCHES": {"arg": field("a__c"), "regex": regex}}}}
        return "`setOfText(['tcp', 'all']).contains(a__c)` said yes where `a__c` is empty" in proven(
            program(tmp_path / name, odd, after)
        )

    assert (True, False) == (merge_cases("^(tcp|all)$", "no-blank"), merge_cases("^(tcp|all)?$", "blank"))


def test_a_text_split_at_nothing_has_pieces_unless_it_is_empty(tmp_path):
    kept = {"SET_FROM": {"arg": {"FIELD": {"path": "a__c", "undeterminedIf": {"isEmpty": "m"}}}, "separator": ""}}
    cut = {"SET_FROM": {**kept["SET_FROM"], "separator": ","}}
    for name, pieces, expected in (("characters", kept, True), ("commas", cut, False)):
        made = proven(program(tmp_path / name, {"CONTAINS": {"arg": pieces, "search": {"TEXT": "x"}}}))
        assert expected == any(words.endswith("is empty") for words in made)


def test_without_a_document_nothing_is_allowed_but_one_that_is_no_text_may_allow(tmp_path):
    allows = {
        "AWS_POLICY_ALLOWS": {"policyExtField": "p__c", "widestAcceptableAccessLevel": "SAME_ACCOUNT", "actions": ["s3:*"]}
    }
    empty = equal("p__c", "")
    assert set() == swapped("p__c.awsPolicyAllows(SAME_ACCOUNT, ['s3:*'])") & proven(program(tmp_path / "or", empty, allows))
    made = program(
        tmp_path / "after", {"NOT": {"arg": empty}}, {"AND": {"args": [{"NOT": {"arg": allows}}, equal("a__c", "x")]}}
    )
    assert any(words.startswith("`not(p__c.awsPolicyAllows") and "dropped" in words for words in proven(made))


def test_nothing_compares_with_null(tmp_path):
    zero = {"left": field("a__c"), "right": {"NUMBER": 0}}
    neither = [{"NOT": {"arg": {name: zero}}} for name in ("GREATER_THAN", "LESS_THAN_EQUAL")]
    above = {"GREATER_THAN": {"left": field("a__c"), "right": field("b__c")}}
    never = "INCOMPLIANT became COMPLIANT in condition 1"
    assert never in proven(program(tmp_path / "null", {"AND": {"args": [*neither, above]}}))
    assert never not in proven(program(tmp_path / "any", {"AND": {"args": [neither[0], above]}}))


def test_a_date_that_is_written_down_has_no_place_before_or_behind_every_day(tmp_path):
    gone = {"IS_BEFORE_TODAY": {"arg": {"DATE_TIME": "2026-03-31T00:00:00Z"}}}
    made = program(tmp_path, {"AND": {"args": [equal("a__c", "x"), gone]}})
    assert set() == {words for words in proven(made) if "dropped" in words or "became" in words}


def test_unit_tests_are_not_reasoned_about(tmp_path):
    made = program(tmp_path, {"UNIT_TEST": {"id": "a", "arg": {"BOOLEAN": False}}})
    assert set() == proven(made)


def test_no_mutant_of_the_library_that_a_test_kills_is_proven_equivalent():
    analyzer, chosen = Analyzer(open_repository()), random.Random(7)
    wrong = []
    for logic_id in sampled(analyzer.repository.logic_ids)[::2]:
        made = analyzer.analyzed(logic_id).program
        mutants = mutants_of(made)
        judges, killed = CompiledMutants(made, mutants), set()
        for specimen in specimens_of(analyzer, logic_id)[:10]:
            killed |= set(judges.killed(specimen, range(len(mutants)))[1])
        for position in chosen.sample(sorted(killed), min(6, len(killed))):
            wrong += [mutants[position].key] if are_equivalent(made.block, mutants[position].block) else []
    assert [] == wrong
