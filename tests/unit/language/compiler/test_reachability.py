"""Which checks are known never to fire, and that nothing else is called so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.reachability import Structures, silent_checks
from tests.repositories import analyzer_of, logic, policy_files, program_of

FLAG = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
OTHER = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "other"}}, "undeterminedIf": {"isEmpty": "unset"}}}
PLAIN = {"FIELD": {"path": "on"}}


def silent(root: Path, *checks: Any) -> list[int]:
    return sorted(silent_checks(program_of(analyzer_of(root, policy_files(logic(*checks)))).block))


def conj(*args: Any) -> dict[str, Any]:
    return {"AND": {"args": list(args)}}


def disj(*args: Any) -> dict[str, Any]:
    return {"OR": {"args": list(args)}}


def test_a_first_check_may_fire(tmp_path: Path) -> None:
    assert [] == silent(tmp_path, FLAG)


def test_what_the_first_condition_evaluated_cannot_stop_a_later_one(tmp_path: Path) -> None:
    assert [201, 301] == silent(tmp_path, FLAG, {"NOT": {"arg": FLAG}}, conj(FLAG, PLAIN))


def test_what_an_earlier_argument_evaluated_cannot_stop_a_later_one(tmp_path: Path) -> None:
    assert [102] == silent(tmp_path, conj(FLAG, FLAG))


def test_what_a_short_circuit_may_have_passed_over_may_still_fire(tmp_path: Path) -> None:
    assert [] == silent(tmp_path, conj(PLAIN, FLAG), FLAG)
    assert [] == silent(tmp_path, conj(disj(PLAIN, FLAG), {"FIELD": {"path": "too"}}), FLAG)


def test_what_a_refuted_disjunction_evaluated_cannot_fire(tmp_path: Path) -> None:
    assert [201] == silent(tmp_path, disj(PLAIN, FLAG), FLAG)


def test_the_same_guard_leads_to_the_same_evaluation(tmp_path: Path) -> None:
    assert [201] == silent(tmp_path, conj(PLAIN, FLAG), conj(PLAIN, FLAG))
    assert [] == silent(tmp_path, conj(PLAIN, FLAG), conj({"NOT": {"arg": PLAIN}}, FLAG))


def test_another_expression_is_not_the_same(tmp_path: Path) -> None:
    assert [] == silent(tmp_path, FLAG, OTHER)


def test_a_unit_test_evaluates_its_argument_for_one_object_only(tmp_path: Path) -> None:
    test = {"UNIT_TEST": {"id": "a", "arg": FLAG}}
    assert [] == silent(tmp_path, test, FLAG)
    assert [] == silent(tmp_path, test, {"UNIT_TEST": {"id": "b", "arg": FLAG}})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a.b", [102]),
        ("to_number(a)", [102]),
        ("to_string(a)", [101, 102]),
        ("type(a)", [101, 102]),
        ("[a, b] | [0]", [102]),
        ("length(a)", []),
        ("a[?contains(b, 'x')]", []),
        ("a[::0]", []),
    ],
)
def test_a_query_that_cannot_fail_does_not(tmp_path: Path, expression: str, expected: list[int]) -> None:
    checks = {"evaluationError": "failed", "resultTypeMismatch": "mismatch"}
    query = {"JSON_QUERY_TEXT": {"arg": {"JSON": {"a": 1}}, "expression": expression, "undeterminedIf": checks}}
    assert expected == silent(tmp_path, {"IS_EMPTY": {"arg": query}})


def test_a_text_where_a_number_is_wanted_is_a_mismatch(tmp_path: Path) -> None:
    checks = {"evaluationError": "failed", "resultTypeMismatch": "mismatch"}
    query = {"JSON_QUERY_NUMBER": {"arg": {"JSON": {}}, "expression": "to_string(a)", "undeterminedIf": checks}}
    assert [102] == silent(tmp_path, {"IS_EMPTY": {"arg": query}})


def test_checks_of_one_extract_through_two_lookups_are_two(tmp_path: Path) -> None:
    path = "types/CA10__CaOwner__c/e.extracts.yaml"
    checks = [{"EXTRACT": name} for name in ("a__r.flag", "b__r.flag", "a__r.flag")]
    document = logic(*checks, importExtracts=[{"file": f"/{path}"}])
    files = policy_files(document, **{path: {"extracts": [{"name": "flag", "value": FLAG}]}})
    assert [301] == sorted(silent_checks(program_of(analyzer_of(tmp_path, files)).block))


def test_structures_tell_expressions_apart_by_all_that_matters(tmp_path: Path) -> None:
    delegate = {"noAccessDelegate": {"path": "d", "currentStateMessage": "x"}}
    fields: list[Any] = [
        {"path": "a"},
        {"path": "b"},
        {"path": "a", "undeterminedIf": {"isEmpty": "x"}},
        {"path": "a", "undeterminedIf": delegate},
        {"path": "a", "undeterminedIf": {"noAccessDelegate": {"path": "e", "currentStateMessage": "x"}}},
        {"path": "a", "undeterminedIf": {"isEmpty": "another message"}},
    ]
    program = program_of(analyzer_of(tmp_path, policy_files(logic(*({"FIELD": one} for one in fields)))))
    structures = Structures()
    keys = [structures.number(condition.expression) for condition in program.block.conditions]
    assert len(set(keys)) == 5
    assert keys[2] == keys[5]
