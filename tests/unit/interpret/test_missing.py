"""What was not collected is unknown: of a collected object a missing key never reads as null, so never as a pass."""

from pathlib import Path
from typing import Any

import pytest

from perpend.interpret.interpreter import Interpreter
from tests.repositories import analyzer_of, logic, policy_files, program_of

FIELD = {"FIELD": {"path": "CA10__size__c"}}
EMPTY = {"IS_EMPTY": {"arg": FIELD}}
GUARDED = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__size__c", "undeterminedIf": {"isEmpty": "no size"}}}}}
DISKS = "CA10__Disks__r"
RELATED = {
    "relationshipName": DISKS,
    "conditions": [{"status": "INCOMPLIANT", "currentStateMessage": "bad", "check": EMPTY}],
    "otherwise": {"status": "COMPLIANT", "currentStateMessage": "good"},
}


def ended(root: Path, check: Any, fields: dict[str, Any], *, complete: bool = False, **more: Any) -> tuple[int, str | None]:
    program = program_of(analyzer_of(root, policy_files(logic(check, **more))))
    return Interpreter([program]).judge(fields, 0, complete=complete)[0]


def missing(name: str) -> tuple[int, str]:
    return (0, f"{name} is missing from the data: it was not collected")


@pytest.mark.parametrize(
    ("check", "fields", "expected"),
    [
        (EMPTY, {}, missing("CA10__size__c")),
        (EMPTY, {"CA10__size__c": None}, (199, None)),
        (GUARDED, {}, (101, None)),
        ({"IS_EMPTY": {"arg": {"FIELD": {"path": "vpc__r.name__c"}}}}, {}, missing("vpc__r")),
        ({"IS_EMPTY": {"arg": {"FIELD": {"path": "vpc__r.name__c"}}}}, {"vpc__r": {}}, missing("vpc__r.name__c")),
        ({"IS_EMPTY": {"arg": {"FIELD": {"path": "vpc__r.name__c"}}}}, {"vpc__r": None}, (199, None)),
        ({"IS_EMPTY_LOOKUP": "vpc__r"}, {}, missing("vpc__r")),
        ({"IS_EMPTY_LOOKUP": "vpc__r"}, {"vpc__r": {"name__c": "x"}}, missing("vpc__r.Id")),
        ({"IS_EMPTY_LOOKUP": "vpc__r"}, {"vpc__r": None}, (199, None)),
    ],
)
def test_a_missing_key_is_unknown(tmp_path: Path, check: Any, fields: dict[str, Any], expected: tuple[int, str | None]) -> None:
    assert expected == ended(tmp_path, check, fields)


def test_test_data_is_complete(tmp_path: Path) -> None:
    assert (199, None) == ended(tmp_path, EMPTY, {}, complete=True)


HAS = {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": DISKS}}
HAS_NO = {"RELATED_LIST_HAS_NO": {"status": "INCOMPLIANT", "relationshipName": DISKS}}
ONE = {
    "IS_EQUAL": {"left": {"RELATED_LIST_COUNT": {"status": "INCOMPLIANT", "relationshipName": DISKS}}, "right": {"NUMBER": 1}}
}
SOME = {"RELATED_LIST_HAS": {"status": "UNDETERMINED", "relationshipName": DISKS}}
BAD, GOOD, UNREAD = {"CA10__size__c": None}, {"CA10__size__c": "1"}, {}  # type: ignore[var-annotated]  # literals


@pytest.mark.parametrize(
    ("check", "disks", "expected"),
    [
        (HAS, [GOOD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (HAS, [BAD, UNREAD], (199, None)),
        (HAS, [GOOD], (200, None)),
        (HAS_NO, [GOOD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (HAS_NO, [BAD, UNREAD], (200, None)),
        (ONE, [BAD, UNREAD], missing(f"{DISKS}[1].CA10__size__c")),
        (SOME, [GOOD, UNREAD], (199, None)),
        (HAS_NO, [], (199, None)),
    ],
)
def test_an_unread_child_leaves_open_what_the_others_do_not_decide(
    tmp_path: Path, check: Any, disks: list[Any], expected: tuple[int, str | None]
) -> None:
    assert expected == ended(tmp_path, check, {DISKS: disks}, relatedLists=[RELATED])


def test_a_missing_list_is_no_empty_list(tmp_path: Path) -> None:
    assert missing(DISKS) == ended(tmp_path, HAS_NO, {}, relatedLists=[RELATED])
