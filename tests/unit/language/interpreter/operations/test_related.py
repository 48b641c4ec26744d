"""Related lists: children judged by blocks of their own. Source: specification, sections 4.9 and 5.2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Program
from tests import incomplete_lists
from tests.repositories import analyzer_of, codes, judged, logic, policy_files, program_of, read_yaml
from tests.unit.language.interpreter.asked import GONE, NO, YES, end_of, field, missing, program_asking

DISKS = "CA10__Disks__r"
ENCRYPTED = """
    relationshipName: CA10__Disks__r
    conditions:
      - status: INAPPLICABLE
        currentStateMessage: small
        check: {LESS_THAN: {left: {FIELD: {path: size}}, right: {NUMBER: 1}}}
      - status: INCOMPLIANT
        currentStateMessage: plain
        check: {NOT: {arg: {BOOLEAN_FROM: {arg: {FIELD: {path: encrypted}}, undeterminedIf: {isEmpty: unknown}}}}}
    otherwise: {status: COMPLIANT, currentStateMessage: encrypted}
"""


def has(status: str, name: str = DISKS, *, operation: str = "RELATED_LIST_HAS") -> dict[str, Any]:
    return {operation: {"status": status, "relationshipName": name}}


def count(status: str, number: int) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": has(status, operation="RELATED_LIST_COUNT"), "right": {"NUMBER": number}}}


def program(root: Path, *checks: Any, related: str | list[str] = ENCRYPTED, **more: Any) -> Program:
    lists = [read_yaml(text) for text in ([related] if isinstance(related, str) else related)]
    return program_of(analyzer_of(root, policy_files(logic(*checks, relatedLists=lists, **more))))


PLAIN, SAFE, UNKNOWN, SMALL = {"encrypted": "false"}, {"encrypted": "true"}, {"encrypted": None}, {"size": 0}


NESTED = """
    relationshipName: CA10__Disks__r
    conditions:
      - status: INCOMPLIANT
        currentStateMessage: has a public copy
        check: {RELATED_LIST_HAS: {status: INCOMPLIANT, relationshipName: Copies__r}}
    otherwise: {status: COMPLIANT, currentStateMessage: fine}
    relatedLists:
      - relationshipName: Copies__r
        conditions:
          - status: INCOMPLIANT
            currentStateMessage: read by someone
            check: {RELATED_LIST_HAS: {status: INCOMPLIANT, relationshipName: Readers__r}}
        otherwise: {status: COMPLIANT, currentStateMessage: unread}
        relatedLists:
          - relationshipName: Readers__r
            conditions:
              - {status: INCOMPLIANT, currentStateMessage: "", check: {EXTRACT: isPublic}}
            otherwise: {status: COMPLIANT, currentStateMessage: ""}
"""
EXTRACTS = """
    extracts:
      - {name: isPublic, value: {IS_EQUAL: {left: {FIELD: {path: who}}, right: {TEXT: everyone}}}}
"""


def test_lists_nest_and_inherit_imports_from_all_above(tmp_path: Path) -> None:
    path = "types/CA10__CaReader__c/object.extracts.yaml"
    document = logic(has("INCOMPLIANT"), importExtracts=[{"file": f"/{path}"}], relatedLists=[read_yaml(NESTED)])
    asked = program_of(analyzer_of(tmp_path, policy_files(document, **{path: EXTRACTS})))
    readers = [[{"who": "me"}], [{"who": "me"}, {"who": "Everyone"}], [{"who": "everyone"} | GONE]]
    disks = [{DISKS: [{"Copies__r": [{}, {"Readers__r": some}]}]} for some in readers]
    assert [200, 199, 200] == [judged(asked, one).index for one in disks]


def test_an_import_of_a_list_is_not_known_above_it(tmp_path: Path) -> None:
    path = "types/CA10__CaReader__c/object.extracts.yaml"
    related = {**read_yaml(ENCRYPTED), "importExtracts": [{"file": f"/{path}"}]}
    document = logic({"EXTRACT": "isPublic"}, relatedLists=[related])
    assert ["A203"] == codes(analyzer_of(tmp_path, policy_files(document, **{path: EXTRACTS})))


def test_a_list_is_judged_once_however_often_it_is_asked_about(tmp_path: Path) -> None:
    asked = program(tmp_path, count("COMPLIANT", 5), count("INCOMPLIANT", 5), has("UNDETERMINED"))
    seen: list[int] = []
    Interpreter([asked], reached=lambda block, index: seen.append(index)).evaluate({DISKS: [SAFE, PLAIN]}, 0)
    assert [300, 299, 400] == seen


def test_policies_that_are_judged_together_judge_one_list_each_by_its_own_block(tmp_path: Path) -> None:
    strict = {**read_yaml(ENCRYPTED), "conditions": []}
    asked = [
        program(tmp_path / "one", has("INCOMPLIANT")),
        program(tmp_path / "two", has("INCOMPLIANT"), related=json.dumps(strict)),
    ]
    assert [(199, None), (200, None)] == Interpreter(asked).evaluate({DISKS: [PLAIN]}, 0)
    assert [(200, None), (199, None)] == Interpreter(asked[::-1]).evaluate({DISKS: [PLAIN]}, 0)


def test_a_list_must_be_declared_at_the_level_of_the_question(tmp_path: Path) -> None:
    nested = read_yaml(NESTED.replace("{EXTRACT: isPublic}", "{BOOLEAN: true}"))
    assert ["A207"] == codes(analyzer_of(tmp_path, policy_files(logic(has("COMPLIANT", "Copies__r"), relatedLists=[nested]))))
    assert ["A208"] == codes(analyzer_of(tmp_path, policy_files(logic(relatedLists=[nested, read_yaml(ENCRYPTED)]))))


def test_a_child_that_is_not_to_be_believed_is_undetermined(tmp_path: Path) -> None:
    children = [SAFE | {"size": 2}, PartialObject(PLAIN, {}, "stands there twice")]
    assert YES == end_of(program(tmp_path, has("UNDETERMINED")), {DISKS: children}, complete=False)
    reason = f"{DISKS}[1]: stands there twice"
    assert (0, reason) == end_of(program(tmp_path, has("INCOMPLIANT")), {DISKS: children}, complete=False)


def test_a_list_that_may_hold_more_is_known_by_the_children_that_are() -> None:
    for asked, objects, indexes in incomplete_lists.cases():
        found = [end_of(asked, one, complete=False) for one in objects]
        assert indexes == [index for index, _ in found]
        (path,) = asked.block.related
        assert {incomplete_lists.error_of(path), (199, None), (200, None)} >= set(found)


SIZELESS = {
    "relationshipName": DISKS,
    "conditions": [
        {"status": "INCOMPLIANT", "currentStateMessage": "bad", "check": {"IS_EMPTY": {"arg": field("CA10__size__c")}}}
    ],
    "otherwise": {"status": "COMPLIANT", "currentStateMessage": "good"},
}
BAD, GOOD, UNREAD = {"CA10__size__c": None}, {"CA10__size__c": "1"}, {}  # type: ignore[var-annotated]  # literals
HAS, HAS_NO = (has("INCOMPLIANT", operation=operation) for operation in ("RELATED_LIST_HAS", "RELATED_LIST_HAS_NO"))


@pytest.mark.parametrize(
    ("check", "disks", "expected"),
    [
        (HAS, [GOOD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (HAS, [BAD, UNREAD], YES),
        (HAS, [GOOD], NO),
        (HAS_NO, [GOOD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (HAS_NO, [BAD, UNREAD], NO),
        (count("INCOMPLIANT", 1), [BAD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (has("UNDETERMINED"), [GOOD, UNREAD], YES),
        (HAS_NO, [], YES),
    ],
)
def test_an_unread_child_leaves_open_what_the_others_do_not_decide(
    tmp_path: Path, check: Any, disks: list[Any], expected: tuple[int, str | None]
) -> None:
    assert expected == end_of(program_asking(tmp_path, check, relatedLists=[SIZELESS]), {DISKS: disks}, complete=False)


def test_a_check_does_not_speak_for_a_field_of_a_child_that_was_not_collected(tmp_path: Path) -> None:
    guarded = {"IS_EMPTY": {"arg": field("CA10__size__c", isEmpty="no size")}}
    related = {**SIZELESS, "conditions": [{"status": "INCOMPLIANT", "currentStateMessage": "bad", "check": guarded}]}
    asked = program_asking(tmp_path, HAS, relatedLists=[related])
    assert missing(f"{DISKS}[1].CA10__size__c") == end_of(asked, {DISKS: [GOOD, UNREAD]}, complete=False)
    assert NO == end_of(asked, {DISKS: [GOOD, BAD]}, complete=False)


def test_a_missing_list_is_no_empty_list(tmp_path: Path) -> None:
    assert missing(DISKS) == end_of(program_asking(tmp_path, HAS_NO, relatedLists=[SIZELESS]), {}, complete=False)
