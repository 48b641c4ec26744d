"""What is tried in which order, what ends a judgement, and what is computed once. Source: specification, sections 5.1 to 5.4."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perpend.language.interpreter.context import EvaluationContext
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Expr, Program
from tests.repositories import Ended, analyzer_of, codes, judged, logic, program_of
from tests.repositories import policy_files as files

CHECKED = {"BOOLEAN_FROM": {"arg": {"FIELD": {"path": "flag"}}, "undeterminedIf": {"isEmpty": "The flag is unset."}}}


def ends(root: Path, fields: dict[str, Any], *checks: Any, **more: Any) -> Ended:
    return judged(program_of(analyzer_of(root, files(logic(*checks, **more)))), fields)


def test_today_is_the_day_of_the_snapshot_in_utc(tmp_path: Path) -> None:
    check = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "seen"}}}}
    program = program_of(analyzer_of(tmp_path, files(logic(check))))
    seen = {"seen": "2026-01-09T23:59:59Z"}
    assert judged(program, seen, "2026-01-10T00:00:00Z").index == 199
    assert judged(program, seen, "2026-01-09T23:59:59Z").index == 200
    assert judged(program, seen, "2026-01-10T00:30:00+01:00").index == 200


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
