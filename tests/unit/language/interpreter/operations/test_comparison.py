"""Equality, emptiness and order, where no declaration says of which type a field is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, equal, field, missing, program_asking


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ("", True), (" ", True), ([], True), (0, False), (False, False), ("x", False), ([1], False), ({}, False)],
)
def test_emptiness_of_a_field_of_no_type_is_judged_by_its_form(tmp_path: Path, value: Any, empty: bool) -> None:
    program = program_asking(tmp_path, {"IS_EMPTY": {"arg": field()}}, {"NOT_EMPTY": {"arg": field()}})
    assert (YES if empty else (299, None)) == end_of(program, {"f": value})


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("A ", "a", True),
        ("a", "b", False),
        (None, " ", True),
        (1, 1.0, True),
        (1, True, False),
        (1, "1", False),
        ([1], [1.0], True),
        ({"a": None}, {}, True),
        (False, None, False),
    ],
)
def test_two_fields_of_no_type_compare_by_their_form(tmp_path: Path, left: Any, right: Any, alike: bool) -> None:
    program = program_asking(tmp_path, equal(field("a"), field("b")))
    assert (YES if alike else NO) == end_of(program, {"a": left, "b": right})
    assert (YES if alike else NO) == end_of(program, {"a": right, "b": left})


def test_both_sides_are_read_whatever_the_first_one_says(tmp_path: Path) -> None:
    for operation in ("GREATER_THAN", "GREATER_THAN_EQUAL", "LESS_THAN", "LESS_THAN_EQUAL"):
        for left, right in ((field("a"), field("b")), (field("b"), field("a"))):
            program = program_asking(tmp_path, {operation: {"left": left, "right": right}})
            assert missing("b") == end_of(program, {"a": None}, complete=False)
    assert missing("b") == end_of(program_asking(tmp_path, equal(field("a"), field("b"))), {"a": None}, complete=False)
    ends = {"arg": field("a"), "rangeFrom": field("b"), "rangeTo": {"NUMBER": 1}}
    assert missing("b") == end_of(program_asking(tmp_path, {"BETWEEN": ends}), {"a": None}, complete=False)
