"""What is tried in which order, and what ends a judgement. Source: specification, sections 5.1 to 5.4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.ir.program import Program
from tests.repositories import Ended, analyzer_of, judged, logic, program_of, read_yaml, write
from tests.repositories import policy_files as files

ON = {"FIELD": {"path": "CA10__on__c"}}
FAILS = {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "BOOLEAN", "message": "boom"}}
CHECKED = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is unset."}}}


def ends(root: Path, fields: dict[str, Any], *checks: Any, **more: Any) -> Ended:
    return judged(program_of(analyzer_of(root, files(logic(*checks, **more)))), fields)


def test_the_first_true_condition_wins(tmp_path: Path) -> None:
    conditions = [{"BOOLEAN": False}, {"BOOLEAN": True}, {"BOOLEAN": True}]
    expected = Ended(299, "INAPPLICABLE", "true", "condition 2", None)
    assert expected == ends(tmp_path, {}, *conditions, statuses=["COMPLIANT", "INAPPLICABLE", "INCOMPLIANT"])


def test_otherwise_follows_the_last_condition(tmp_path: Path) -> None:
    assert Ended(300, "COMPLIANT", "otherwise", "the rest", None) == ends(tmp_path, {}, {"BOOLEAN": False}, {"BOOLEAN": False})


def test_without_conditions_otherwise_has_index_100(tmp_path: Path) -> None:
    assert Ended(100, "COMPLIANT", "otherwise", "the rest", None) == ends(tmp_path, {})


def test_null_does_not_fulfil_a_condition(tmp_path: Path) -> None:
    assert ends(tmp_path, {"CA10__on__c": None}, ON).index == 200


def test_a_disappeared_object_is_asked_nothing_else(tmp_path: Path) -> None:
    fields = {"CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"}
    expected = Ended(99, "DISAPPEARED", "isDisappeared(CA10__disappearanceTime__c)", "The object has disappeared.", None)
    assert expected == ends(tmp_path, fields, FAILS)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_deletion_field_means_that_the_object_is_there(tmp_path: Path, value: Any) -> None:
    assert ends(tmp_path, {"CA10__disappearanceTime__c": value}).index == 100


@pytest.mark.parametrize(
    ("type_name", "field"),
    [
        ("CA10__CaPhysicalServer__c", "CA10__deletedAt__c"),
        ("CA10Z1__CaAzureDisk__c", "CA10Z1__disappearanceTime__c"),
        ("Account", "CA10__disappearanceTime__c"),
    ],
)
def test_the_deletion_field_follows_from_the_type_name(tmp_path: Path, type_name: str, field: str) -> None:
    program = program_of(analyzer_of(tmp_path, files(logic(input_type=type_name))))
    assert (99, f"isDisappeared({field})") == judged(program, {field: "2026-01-01"})[0::2][:2]
    assert judged(program, {"other__disappearanceTime__c": "2026-01-01"}).index == 100


def test_a_type_may_declare_its_deletion_field_or_that_it_has_none(tmp_path: Path) -> None:
    write(tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "Thing", "deletionField": "gone__c"}})
    program = program_of(analyzer_of(tmp_path, files(logic())))
    assert [99, 100] == [judged(program, {name: "2026-01-01"}).index for name in ("gone__c", "CA10__disappearanceTime__c")]
    write(tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "Thing", "deletionField": "none"}})
    program = program_of(analyzer_of(tmp_path, files(logic())))
    assert judged(program, {"CA10__disappearanceTime__c": "x"}).index == 100
    assert 99 not in program.verdicts


def test_is_disappeared_can_be_asked_but_never_says_yes(tmp_path: Path) -> None:
    found = ends(tmp_path, {"CA10__disappearanceTime__c": None}, {"NOT": {"arg": {"IS_DISAPPEARED": {}}}})
    assert (199, "not(isDisappeared(CA10__disappearanceTime__c))") == (found.index, found.text)


def test_a_fired_check_ends_the_judgement(tmp_path: Path) -> None:
    found = ends(tmp_path, {"flag": ""}, CHECKED, {"BOOLEAN": True})
    assert Ended(101, "UNDETERMINED", "flag.isEmpty()", "The flag is unset.", None) == found


def test_checks_that_are_not_reached_do_not_fire(tmp_path: Path) -> None:
    assert ends(tmp_path, {"flag": ""}, {"BOOLEAN": True}, CHECKED).index == 199
    assert ends(tmp_path, {}, {"AND": {"args": [{"BOOLEAN": False}, FAILS]}}).index == 200
    assert ends(tmp_path, {}, {"OR": {"args": [{"BOOLEAN": True}, FAILS]}}).index == 199


def test_a_check_in_front_of_a_decisive_argument_fires(tmp_path: Path) -> None:
    assert Ended(101, "UNDETERMINED", "error('boom').throw()", "boom", "boom") == ends(
        tmp_path, {}, {"AND": {"args": [FAILS, {"BOOLEAN": False}]}}
    )
    assert ends(tmp_path, {}, {"OR": {"args": [FAILS, {"BOOLEAN": True}]}}).index == 101


def test_a_runtime_error_comes_with_its_check(tmp_path: Path) -> None:
    query = {"JSON_QUERY_NUMBER": {"arg": {"JSON": [1]}, "expression": "keys(@) | length(@)"}}
    query["JSON_QUERY_NUMBER"]["undeterminedIf"] = {"evaluationError": "The query failed.", "resultTypeMismatch": "odd"}
    found = ends(tmp_path, {}, {"IS_EMPTY": {"arg": query}})
    assert (102, "The query failed.") == (found.index, found.message)
    assert found.error is not None
    assert found.error.startswith("JMESPathTypeError: ")


def test_data_of_another_form_leave_the_object_unreadable(tmp_path: Path) -> None:
    write(
        tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "T", "fields": [{"name": "CA10__on__c", "type": "checkbox"}]}}
    )
    found = ends(tmp_path, {"CA10__on__c": "true"}, ON)
    assert Ended(0, "UNDETERMINED", "isUnreadable()", found.message, "CA10__on__c holds the text 'true', not Boolean") == found


@pytest.mark.parametrize(
    ("value", "described"),
    [(True, "the Boolean true"), (1.5, "the number 1.5"), (["a"], "a list"), ({"a": 1}, "an object")],
)
def test_an_unreadable_value_is_described(tmp_path: Path, value: Any, described: str) -> None:
    found = ends(tmp_path, {"a": value}, {"IS_EQUAL": {"left": {"FIELD": {"path": "a"}}, "right": {"TEXT": "x"}}})
    assert f"a holds {described}, not Text" == found.error


def test_an_object_of_another_record_type_is_inapplicable(tmp_path: Path) -> None:
    program = program_of(analyzer_of(tmp_path, files(logic({"BOOLEAN": True}, recordTypes=["Standard", "My Type"]))))
    other = judged(program, {"RecordType": {"DeveloperName": "Other"}})
    assert (98, "INAPPLICABLE", "not(recordTypes(['Standard', 'My Type']))") == other[:3]
    assert judged(program, {"RecordType": {"DeveloperName": "my  type "}}).index == 199
    for missing in ({}, {"RecordType": None}, {"RecordType": {"DeveloperName": " "}}, {"RecordType": "Standard"}):
        assert (0, "RecordType.DeveloperName is missing") == judged(program, missing)[0::4]
    gone = {"RecordType": {"DeveloperName": "Other"}, "CA10__disappearanceTime__c": "2026-01-01"}
    assert judged(program, gone).index == 99


def test_today_is_the_day_of_the_snapshot_in_utc(tmp_path: Path) -> None:
    check = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
    program = program_of(analyzer_of(tmp_path, files(logic(check))))
    seen = {"seen": "2026-01-09T23:59:59Z"}
    assert judged(program, seen, "2026-01-10T00:00:00Z").index == 199
    assert judged(program, seen, "2026-01-09T23:59:59Z").index == 200
    assert judged(program, seen, "2026-01-10T00:30:00+01:00").index == 200


WORKED = """
    inputType: CA10__CaThing__c
    importExtracts: [{file: /types/CA10__CaThing__c/object.extracts.yaml}]
    conditions:
      - status: INAPPLICABLE
        currentStateMessage: Off
        check: {IS_EQUAL: {left: {FIELD: {path: mode}}, right: {TEXT: "off"}}}
      - status: INCOMPLIANT
        currentStateMessage: Backups kept too briefly
        check:
          LESS_THAN:
            left:
              JSON_QUERY_NUMBER:
                arg: {EXTRACT: cfgJson}
                expression: "to_number(keepDays)"
                undeterminedIf: {evaluationError: query failed, resultTypeMismatch: not a number}
            right: {NUMBER: 7}
    otherwise: {status: COMPLIANT, currentStateMessage: fine}
"""
EXTRACTS = """
    extracts:
      - name: cfgJson
        value:
          JSON_FROM:
            arg:
              FIELD:
                path: cfg
                undeterminedIf: {noAccessDelegate: {path: cfg, currentStateMessage: no access}}
            undeterminedIf: {isInvalid: not JSON}
"""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Program:
    extracts = {"types/CA10__CaThing__c/object.extracts.yaml": EXTRACTS}
    return program_of(analyzer_of(tmp_path_factory.mktemp("worked"), files(WORKED, **extracts)))


QUERY = "extract('cfgJson').jsonQueryText('to_number(keepDays)')"


def test_the_worked_example_is_numbered_as_specified(worked: Program) -> None:
    expected = {
        201: ("cfg.delegatedTo(cfg).isEmpty()", "no access"),
        202: ("cfg.asJson().isInvalid()", "not JSON"),
        203: (f"{QUERY}.isResultTypeMismatch()", "not a number"),
        204: (f"{QUERY}.isEvaluationFailed()", "query failed"),
        299: (f"{QUERY} < number(7.0)", "Backups kept too briefly"),
    }
    assert expected == {index: (found.text, found.message) for index, found in worked.verdicts.items() if 200 < index < 300}


@pytest.mark.parametrize(
    ("fields", "index"),
    [
        ({"mode": "OFF"}, 199),
        ({"cfg": None}, 201),
        ({"cfg": "  "}, 201),
        ({"cfg": "{x"}, 202),
        ({"cfg": '{"keepDays": "3"}'}, 299),
        ({"cfg": '{"keepDays": 7}'}, 300),
        ({"cfg": '{"keepDays": null}'}, 300),
        ({"cfg": "{}"}, 300),
    ],
)
def test_the_worked_example_ends_as_specified(worked: Program, fields: dict[str, Any], index: int) -> None:
    found = judged(worked, fields)
    assert index == found.index
    assert (index == 202) == (found.error is not None)


def test_slots_are_counted_through_siblings_and_repeated_extracts(tmp_path: Path) -> None:
    extracts = {"types/CA10__CaThing__c/object.extracts.yaml": EXTRACTS}
    size = read_yaml("{SIZE: {arg: {EXTRACT: cfgJson}}}")
    empty = read_yaml("{IS_EMPTY: {arg: {FIELD: {path: a, undeterminedIf: {isEmpty: a is empty}}}}}")
    check = {"AND": {"args": [empty, {"IS_EQUAL": {"left": size, "right": size}}, FAILS]}}
    more = {"importExtracts": [{"file": "/types/CA10__CaThing__c/object.extracts.yaml"}]}
    program = program_of(analyzer_of(tmp_path, files(logic(check, **more), **extracts)))
    delegate, invalid = "cfg.delegatedTo(cfg).isEmpty()", "cfg.asJson().isInvalid()"
    expected = ["a.isEmpty()", delegate, invalid, delegate, invalid, "error('boom').throw()"]
    assert expected == [program.verdicts[index].text for index in sorted(program.verdicts) if 100 < index < 199]


def test_both_checks_of_one_field_take_slots_of_their_own(tmp_path: Path) -> None:
    delegate = {"path": "b", "currentStateMessage": "denied"}
    field = {"FIELD": {"path": "a", "undeterminedIf": {"isEmpty": "empty", "noAccessDelegate": delegate}}}
    program = program_of(analyzer_of(tmp_path, files(logic({"NOT_EMPTY": {"arg": field}}))))
    assert (101, "denied") == judged(program, {"a": None})[0::3][:2]
    assert (102, "empty") == judged(program, {"a": None, "b": "x"})[0::3][:2]
    assert judged(program, {"a": "y", "b": "x"}).index == 199


def test_a_check_without_message_says_its_text(tmp_path: Path) -> None:
    check = {"NOT_EMPTY": {"arg": {"FIELD": {"path": "a", "undeterminedIf": {"isEmpty": ""}}}}}
    assert "a.isEmpty()" == ends(tmp_path, {}, check).message


def test_a_condition_with_more_checks_than_numbers_is_refused(tmp_path: Path) -> None:
    for number, expected in ((98, []), (99, ["A214"])):
        analyzer = analyzer_of(tmp_path, files(logic({"AND": {"args": [CHECKED] * number}})))
        assert expected == [found.code for found in analyzer.analyzed("/ce/policy/prod.logic.yaml").diagnostics]
