"""How fields with checks, lookups and tags are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.values.partial_object import PartialObject
from tests.unit.language.interpreter.asked import NO, YES, end_of, field, missing, program_asking


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
