"""How fields with checks, lookups and tags are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from tests.unit.language.interpreter.asked import GONE, NO, YES, end_of, field, missing, program_asking


def test_both_checks_of_one_field_take_slots_of_their_own(tmp_path: Path) -> None:
    delegate = {"path": "b", "currentStateMessage": "denied"}
    program = program_asking(tmp_path, {"NOT_EMPTY": {"arg": field("a", isEmpty="empty", noAccessDelegate=delegate)}})
    asked = ({"a": None}, {"a": None, "b": "x"}, {"a": " ", "b": "x"}, {"a": "y", "b": "x"}, {"b": " "}, {"b": []})
    denied, empty = (101, None), (102, None)
    assert [denied, empty, empty, YES, denied, denied] == [end_of(program, fields) for fields in asked]
    assert ("denied", "empty") == tuple(program.verdicts[index].message for index in (101, 102))


def test_a_check_does_not_speak_for_a_field_that_is_unknown_for_another_reason(tmp_path: Path) -> None:
    program = program_asking(tmp_path, {"NOT_EMPTY": {"arg": field("a", isEmpty="empty")}})
    denied = PartialObject({}, {"a": "was denied"})
    assert (0, "a was denied") == end_of(program, denied, complete=False)
    assert (101, None) == end_of(program, PartialObject({}, {"b": "was denied"}), complete=False)


def test_a_delegate_that_was_not_collected_says_that_access_was_denied(tmp_path: Path) -> None:
    delegate = {"path": "b", "currentStateMessage": "denied"}
    program = program_asking(tmp_path, {"NOT_EMPTY": {"arg": field("a", noAccessDelegate=delegate)}})
    assert [(101, None), YES, missing("a")] == [
        end_of(program, fields, complete=False) for fields in ({"a": "y"}, {"a": "y", "b": 0}, {"b": "x"})
    ]


@pytest.mark.parametrize(
    ("fields", "is_empty"),
    [
        ({}, True),
        ({"owner__r": None}, True),
        ({"owner__r": {"Id": None}}, True),
        ({"owner__r": {"Id": ""}}, True),
        ({"owner__r": {"name": "ann"}}, True),
        ({"owner__r": {"Id": "o", **GONE}}, True),
        ({"owner__r": {"Id": "o", "CA10__disappearanceTime__c": None}}, False),
        ({"owner__r": {"Id": "o"}}, False),
    ],
)
def test_when_a_lookup_is_empty(tmp_path: Path, fields: dict[str, Any], is_empty: bool) -> None:
    assert (YES if is_empty else NO) == end_of(program_asking(tmp_path, {"IS_EMPTY_LOOKUP": "owner__r"}), fields)
    assert (NO if is_empty else YES) == end_of(program_asking(tmp_path, {"NOT_EMPTY_LOOKUP": "owner__r"}), fields)


def test_a_lookup_is_empty_where_any_step_of_its_path_is(tmp_path: Path) -> None:
    asked = program_asking(tmp_path, {"IS_EMPTY_LOOKUP": "owner__r.boss__r"})
    boss = {"Id": "b"}
    assert NO == end_of(asked, {"owner__r": {"Id": "o", "boss__r": boss}})
    assert YES == end_of(asked, {"owner__r": {"Id": None, "boss__r": boss}})
    assert YES == end_of(asked, {"owner__r": {"Id": "o", "boss__r": {**boss, **GONE}}})
    assert (0, "owner__r.boss__r is no object") == end_of(asked, {"owner__r": {"Id": "o", "boss__r": 1}})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, missing("vpc__r")),
        ({"vpc__r": {"name__c": "x"}}, missing("vpc__r.Id")),
        ({"vpc__r": None}, YES),
        ({"vpc__r": {"Id": ""}}, YES),
        ({"vpc__r": {"Id": "v"}}, NO),
    ],
)
def test_a_lookup_that_was_not_collected_is_not_empty(
    tmp_path: Path, fields: dict[str, Any], expected: tuple[int, str | None]
) -> None:
    assert expected == end_of(program_asking(tmp_path, {"IS_EMPTY_LOOKUP": "vpc__r"}), fields, complete=False)


@pytest.mark.parametrize("value", ["{}", " ", None, '{"a": 1}', {"a": 1}])
@pytest.mark.parametrize(("tags", "found"), [("CA10__tagsJson__c", None), ("other__c", "other__c")])
def test_tags_are_read_from_the_field_named(tmp_path: Path, value: Any, tags: str, found: str | None) -> None:
    check: dict[str, Any] = {"TAG_EXISTS": {"name": {"TEXT": "A"}, **({"tagsJson": found} if found else {})}}
    assert (YES if value in ('{"a": 1}', {"a": 1}) else NO) == end_of(program_asking(tmp_path, check), {tags: value})


@pytest.mark.parametrize(
    ("value", "said"),
    [("{x", "is not JSON: "), ("[]", "is no JSON object"), (7, "is no JSON object")],
)
@pytest.mark.parametrize("operation", ["TAG_EXISTS", "TAG_VALUE_TEXT"])
def test_tags_that_are_no_object_leave_the_object_unreadable(tmp_path: Path, operation: str, value: Any, said: str) -> None:
    asked = {operation: {"name": {"TEXT": "A"}}}
    program = program_asking(tmp_path, asked if operation == "TAG_EXISTS" else {"IS_EMPTY": {"arg": asked}})
    index, error = end_of(program, {"CA10__tagsJson__c": value})
    assert (0, True) == (index, (error or "").startswith(f"CA10__tagsJson__c {said}"))


@pytest.mark.parametrize("operation", ["TAG_EXISTS", "TAG_VALUE_TEXT"])
def test_the_name_of_a_tag_is_read_before_the_tags(tmp_path: Path, operation: str) -> None:
    asked = {operation: {"name": field("name__c", isEmpty="no name")}}
    program = program_asking(tmp_path, asked if operation == "TAG_EXISTS" else {"IS_EMPTY": {"arg": asked}})
    assert (101, None) == end_of(program, {"CA10__tagsJson__c": "{x", "name__c": None})
    assert missing("CA10__tagsJson__c") == end_of(program, {"name__c": "a"}, complete=False)
