"""What is tried in which order, what ends a judgement, and what is computed once. Source: specification, sections 5.1 to 5.4."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perpend.language.interpreter.context import EvaluationContext
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Expr, Program
from tests.repositories import Ended, analyzer_of, codes, judged, logic, program_of, read_yaml, write
from tests.repositories import policy_files as files
from tests.unit.language.interpreter.asked import GONE

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
    expected = Ended(99, "DISAPPEARED", "isDisappeared(CA10__disappearanceTime__c)", "The object has disappeared.", None)
    assert expected == ends(tmp_path, GONE, FAILS)


def test_a_fired_check_ends_the_judgement(tmp_path: Path) -> None:
    found = ends(tmp_path, {"flag": ""}, CHECKED, {"BOOLEAN": True})
    assert Ended(101, "UNDETERMINED", "flag.isEmpty()", "The flag is unset.", None) == found


def test_data_of_another_form_leave_the_object_unreadable(tmp_path: Path) -> None:
    write(
        tmp_path, {"types/CA10__CaThing__c/type.yaml": {"label": "T", "fields": [{"name": "CA10__on__c", "type": "checkbox"}]}}
    )
    found = ends(tmp_path, {"CA10__on__c": "true"}, ON)
    assert Ended(0, "UNDETERMINED", "isUnreadable()", found.message, "CA10__on__c holds the text 'true', not Boolean") == found


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


def test_a_check_without_message_says_its_text(tmp_path: Path) -> None:
    check = {"NOT_EMPTY": {"arg": {"FIELD": {"path": "a", "undeterminedIf": {"isEmpty": ""}}}}}
    assert "a.isEmpty()" == ends(tmp_path, {}, check).message


def test_a_condition_with_more_checks_than_numbers_is_refused(tmp_path: Path) -> None:
    for number, expected in ((98, []), (99, ["A214"])):
        analyzer = analyzer_of(tmp_path, files(logic({"AND": {"args": [CHECKED] * number}})))
        assert expected == [found.code for found in analyzer.analyzed("/ce/policy/prod.logic.yaml").diagnostics]


THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": {"label": "T", "lookups": [{"name": "owner__r", "target": OWNER, "key": "owner__c"}]},
    f"types/{OWNER}/type.yaml": {"label": "O", "lookups": [{"name": "boss__r", "target": OWNER, "key": "boss__c"}]},
}
OWNER_EXTRACTS = """
    extracts:
      - name: config
        value:
          JSON_FROM:
            arg: {FIELD: {path: config__c, undeterminedIf: {noAccessDelegate: {path: access__c, currentStateMessage: denied}}}}
            undeterminedIf: {isInvalid: not JSON}
      - name: level
        value:
          JSON_QUERY_NUMBER:
            arg: {EXTRACT: config}
            expression: level
            undeterminedIf: {evaluationError: failed, resultTypeMismatch: no number}
"""
FILE = f"types/{OWNER}/object.extracts.yaml"
IMPORT = [{"file": f"/{FILE}"}]
LEVEL = {"GREATER_THAN": {"left": {"EXTRACT": "owner__r.level"}, "right": {"NUMBER": 3}}}


def owned(root: Path, check: Any, **more: Any) -> Program:
    return program_of(analyzer_of(root, files(logic(check, **more), **TYPES, **{FILE: OWNER_EXTRACTS})))


@pytest.mark.parametrize(
    ("owner", "index"),
    [
        ({"access__c": "", "config__c": "{}"}, 101),
        ({"access__c": "y", "config__c": "{x"}, 102),
        ({"access__c": "y", "config__c": '{"level": "4"}'}, 103),
        ({"access__c": "y", "config__c": '{"level": 4}'}, 199),
        ({"access__c": "y", "config__c": '{"level": 3}'}, 200),
        (None, 101),
    ],
)
def test_an_extract_through_a_lookup_reads_the_object_reached(tmp_path: Path, owner: Any, index: int) -> None:
    assert index == judged(owned(tmp_path, LEVEL, importExtracts=IMPORT), {"owner__r": owner, "access__c": "y"}).index


def test_check_texts_of_an_extract_behind_lookups_name_the_whole_path(tmp_path: Path) -> None:
    deep = {"GREATER_THAN": {"left": {"EXTRACT": "owner__r.boss__r.level"}, "right": {"NUMBER": 3}}}
    found = owned(tmp_path, deep, importExtracts=IMPORT)
    assert {
        101: "owner__r.boss__r.config__c.delegatedTo(owner__r.boss__r.access__c).isEmpty()",
        102: "owner__r.boss__r.config__c.asJson().isInvalid()",
        103: "extract('config').jsonQueryText('level').isResultTypeMismatch()",
        104: "extract('config').jsonQueryText('level').isEvaluationFailed()",
        199: "extract('owner__r.boss__r.level') > number(3.0)",
    } == {index: verdict.text for index, verdict in found.verdicts.items() if 100 < index < 200}
    assert ["owner__r.boss__r.config__c"] == [read.path for read in found.reads]


def test_an_extract_is_looked_for_at_the_type_reached(tmp_path: Path) -> None:
    here = {"GREATER_THAN": {"left": {"EXTRACT": "level"}, "right": {"NUMBER": 3}}}
    analyzer = analyzer_of(tmp_path, files(logic(here, importExtracts=IMPORT), **TYPES, **{FILE: OWNER_EXTRACTS}))
    assert ["A203"] == codes(analyzer)


def test_an_extract_that_is_used_twice_is_computed_once_and_stops_where_it_is_used(tmp_path: Path) -> None:
    both = {"OR": {"args": [{"AND": {"args": [{"FIELD": {"path": "on"}}, LEVEL]}}, LEVEL]}}
    found = owned(tmp_path, both, importExtracts=IMPORT)
    broken = {"owner__r": {"access__c": "y", "config__c": "{x"}}
    assert judged(found, {"on": True, **broken}).index == 102
    assert judged(found, {"on": False, **broken}).index == 106


def test_no_policies_say_nothing() -> None:
    assert [] == Interpreter([]).evaluate({"Id": "a"}, 0)


def test_whoever_observes_is_told_every_value_and_what_ended_the_others(tmp_path: Path) -> None:
    flag = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "unset"}}}
    asked = program_of(analyzer_of(tmp_path, files(logic({"OR": {"args": [{"BOOLEAN": False}, flag]}}))))
    seen: list[tuple[str, Any]] = []
    flags: set[Any] = set()

    def observe(expression: Expr, frame: EvaluationContext, value: Any) -> None:
        seen.append((expression.operation.name, type(value).__name__ if isinstance(value, Exception) else value))
        flags.add(frame.fields["flag"])

    interpreter = Interpreter([asked], observe=observe)
    assert [(199, None)] == interpreter.evaluate({"flag": "true"}, 0)
    assert [("BOOLEAN", False), ("FIELD", "true"), ("BOOLEAN_FROM", True), ("OR", True)] == seen
    seen.clear()
    assert [(101, None)] == interpreter.evaluate({"flag": None}, 0)
    assert [("BOOLEAN", False), ("FIELD", None), ("BOOLEAN_FROM", "CheckTriggered"), ("OR", "CheckTriggered")] == seen
    seen.clear()
    assert [(0, "flag holds the number 5, not Text")] == interpreter.evaluate({"flag": 5}, 0)
    assert [("BOOLEAN", False), *((name, "InvalidData") for name in ("FIELD", "BOOLEAN_FROM", "OR"))] == seen
    assert {"true", None, 5} == flags


def test_an_extract_is_computed_once_for_each_object(tmp_path: Path) -> None:
    found = owned(tmp_path, {"OR": {"args": [LEVEL, LEVEL]}}, importExtracts=IMPORT)
    seen: list[str] = []
    interpreter = Interpreter([found, found], observe=lambda expression, *_: seen.append(expression.operation.name))
    for level in (2, 4):
        interpreter.evaluate({"owner__r": {"access__c": "y", "config__c": f'{{"level": {level}}}'}}, 0)
        assert [1, 1] == [seen.count(name) for name in ("JSON_FROM", "JSON_QUERY_NUMBER")]
        seen.clear()


def test_an_object_of_a_list_is_the_same_to_all_programs(tmp_path: Path) -> None:
    child = {
        "relationshipName": "Disks__r",
        "conditions": [
            {
                "status": "COMPLIANT",
                "currentStateMessage": "m",
                "check": {"IS_EQUAL": {"left": {"FIELD": {"path": "d__c"}}, "right": {"TEXT": "x"}}},
            }
        ],
        "otherwise": {"status": "INAPPLICABLE", "currentStateMessage": "m"},
    }
    has = {"RELATED_LIST_HAS": {"status": "COMPLIANT", "relationshipName": "Disks__r"}}
    found = program_of(analyzer_of(tmp_path, files(logic(has, relatedLists=[child]))))
    related = {name: replace(block) for name, block in found.block.related.items()}
    other = replace(found, block=replace(found.block, related=related))
    frames: list[EvaluationContext] = []
    interpreter = Interpreter([found, other], observe=lambda expression, frame, _: frames.append(frame))
    assert [(199, None)] * 2 == interpreter.evaluate({"Disks__r": [{"Id": "d", "d__c": "x"}]}, 0)
    assert 2 == len({id(frame) for frame in frames})
