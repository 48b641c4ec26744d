"""What an undeclared field may hold when it is read as a value of the type that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.interpret.interpreter import Interpreter
from tests.repositories import analyzer_of, judged, logic, policy_files, program_of

SET = {"SET": {"itemType": "TEXT", "items": ["a", "b"]}}
LIST = {"LIST": {"itemType": "BYTES", "items": ["B", "a", ""]}}
DATE, DURATION, NUMBER = {"DATE_TIME": "2026-01-10"}, {"DURATION": "P1D"}, {"NUMBER": 1}
UNREADABLE = "unreadable"


@pytest.mark.parametrize(
    ("other", "value", "expected"),
    [
        (SET, ["B ", "a", "", "b"], True),
        (SET, [], False),
        (SET, None, False),
        (SET, "a,b", UNREADABLE),
        (SET, ["a", 1], UNREADABLE),
        (LIST, ["B", "a", ""], True),
        (LIST, ["b", "a", ""], False),
        (DATE, "2026-01-10T01:00:00+01:00", True),
        (DATE, " ", False),
        (DATE, "soon", UNREADABLE),
        (DATE, 1, UNREADABLE),
        (DURATION, "PT24H", True),
        (DURATION, " ", False),
        (DURATION, "a day", UNREADABLE),
        (DURATION, 86_400_000, UNREADABLE),
        (NUMBER, 1.0, True),
        (NUMBER, True, UNREADABLE),
        (NUMBER, "1", UNREADABLE),
        ({"BOOLEAN": True}, True, True),
        ({"BOOLEAN": True}, "true", UNREADABLE),
        ({"BYTES": "A"}, "A", True),
        ({"BYTES": "A"}, "a", False),
        ({"TEXT": "A"}, " a ", True),
        ({"TEXT": "A"}, 1, UNREADABLE),
        ({"JSON": {"a": 1}}, {"a": 1.0, "b": None}, True),
        ({"UNIT_TEST_NULL": {"returnType": "ATTRIBUTES"}}, None, True),
        ({"UNIT_TEST_NULL": {"returnType": "ATTRIBUTES"}}, "a: b", UNREADABLE),
    ],
)
def test_a_field_beside_a_value(tmp_path: Path, other: Any, value: Any, expected: Any) -> None:
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "f"}}, "right": other}}
    found = judged(program_of(analyzer_of(tmp_path, policy_files(logic(check)))), {"f": value})
    assert expected == {199: True, 200: False, 0: UNREADABLE}[found.index]
    assert (found.error or "").startswith("f holds " if expected is UNREADABLE else "")


@pytest.mark.parametrize(
    ("fields", "index", "error"),
    [
        ({"a": None}, 199, None),
        ({"a": "x"}, 200, None),
        ({}, 0, "a is missing from the data: it was not collected"),
        ({"b": 1}, 0, "a is missing from the data: it was not collected"),
    ],
)
def test_a_field_that_was_not_collected_is_not_null(
    tmp_path: Path, fields: dict[str, Any], index: int, error: str | None
) -> None:
    program = program_of(analyzer_of(tmp_path, policy_files(logic({"IS_EMPTY": {"arg": {"FIELD": {"path": "a"}}}}))))
    assert [(index, error)] == Interpreter([program]).judge(fields, 0, complete=False)


@pytest.mark.parametrize("fields", [{}, {"o__r": {}}, {"o__r": {"Id": "o"}}])
def test_nothing_behind_a_lookup_is_guessed(tmp_path: Path, fields: dict[str, Any]) -> None:
    program = program_of(analyzer_of(tmp_path, policy_files(logic({"IS_EMPTY": {"arg": {"FIELD": {"path": "o__r.a"}}}}))))
    missing = "o__r" if not fields else "o__r.a"
    assert [(0, f"{missing} is missing from the data: it was not collected")] == Interpreter([program]).judge(
        fields, 0, complete=False
    )
    assert [(199, None)] == Interpreter([program]).judge(fields, 0)
    assert [(199, None)] == Interpreter([program]).judge({"o__r": None}, 0, complete=False)


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ("", True), (" ", True), ([], True), (0, False), (False, False), ("x", False), ([1], False), ({}, False)],
)
def test_emptiness_of_a_field_of_no_type_is_judged_by_its_form(tmp_path: Path, value: Any, empty: bool) -> None:
    check = {"IS_EMPTY": {"arg": {"FIELD": {"path": "f"}}}}
    assert empty == (judged(program_of(analyzer_of(tmp_path, policy_files(logic(check)))), {"f": value}).index == 199)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("A ", "a", True),
        (None, " ", True),
        (1, 1.0, True),
        (1, True, False),
        (1, "1", False),
        ([1], [1.0], True),
        ({"a": None}, {}, True),
        (False, None, False),
    ],
)
def test_two_fields_of_no_type_compare_by_their_form(tmp_path: Path, left: Any, right: Any, equal: bool) -> None:
    check = {"IS_EQUAL": {"left": {"FIELD": {"path": "a"}}, "right": {"FIELD": {"path": "b"}}}}
    program = program_of(analyzer_of(tmp_path, policy_files(logic(check))))
    assert equal == (judged(program, {"a": left, "b": right}).index == 199)
    assert equal == (judged(program, {"a": right, "b": left}).index == 199)


@pytest.mark.parametrize("value", ["{}", " ", None, '{"a": 1}', {"a": 1}])
@pytest.mark.parametrize(("tags", "found"), [("CA10__tagsJson__c", None), ("other__c", "other__c")])
def test_tags_are_read_from_the_field_named(tmp_path: Path, value: Any, tags: str, found: str | None) -> None:
    check: dict[str, Any] = {"TAG_EXISTS": {"name": {"TEXT": "A"}, **({"tagsJson": found} if found else {})}}
    program = program_of(analyzer_of(tmp_path, policy_files(logic(check))))
    assert (value in ('{"a": 1}', {"a": 1})) == (judged(program, {tags: value}).index == 199)


@pytest.mark.parametrize("value", ["{x", "[]", 7])
def test_tags_that_are_no_object_leave_the_object_unreadable(tmp_path: Path, value: Any) -> None:
    check = {"TAG_EXISTS": {"name": {"TEXT": "A"}}}
    found = judged(program_of(analyzer_of(tmp_path, policy_files(logic(check)))), {"CA10__tagsJson__c": value})
    assert (0, True) == (found.index, "CA10__tagsJson__c is no" in (found.error or ""))


@pytest.mark.parametrize("complete", [True, False])
def test_nan_is_no_number(tmp_path: Path, complete: bool) -> None:
    field = {"FIELD": {"path": "CA10__size__c"}}
    program = program_of(analyzer_of(tmp_path, policy_files(logic({"NOT_EQUAL": {"left": field, "right": {"NUMBER": 1}}}))))
    found = Interpreter([program]).judge({"CA10__size__c": float("nan")}, 0, complete=complete)
    assert [(0, "CA10__size__c holds NaN, which is no number")] == found
