"""The operations for tests: what goes through them, and what ends in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, field, missing, program_asking

FLAG = {"BOOLEAN_FROM": {"arg": field("flag"), "undeterminedIf": {"isEmpty": "unset"}}}


@pytest.mark.parametrize(("true", "ends"), [(False, [YES, NO, (101, None)]), (True, [YES, YES, (101, None)])])
def test_debug_asks_its_argument_even_where_it_says_true_itself(tmp_path: Path, true: bool, ends: list[Any]) -> None:
    program = program_asking(tmp_path, {"DEBUG": {"name": "seen", "arg": FLAG, "returnTrue": true}})
    assert ends == [end_of(program, {"flag": flag}) for flag in ("true", "false", None)]


def test_a_test_asks_nothing_of_objects_that_it_is_not_about(tmp_path: Path) -> None:
    program = program_asking(tmp_path, {"UNIT_TEST": {"id": "T-1", "arg": FLAG}})
    found = [
        end_of(program, fields, complete=False) for fields in ({"Id": "T-1", "flag": "true"}, {"Id": "T-1"}, {"Id": "T-2"})
    ]
    assert [YES, missing("flag"), NO] == found


def test_a_runtime_error_stops_at_its_own_check_and_says_its_message(tmp_path: Path) -> None:
    fails = {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "BOOLEAN", "message": "boom"}}
    program = program_asking(tmp_path, {"OR": {"args": [FLAG, fails]}}, fails)
    assert [YES, (102, "boom"), (101, None)] == [end_of(program, {"flag": flag}) for flag in ("true", "false", None)]
    assert ("error('boom').throw()", "boom") == (program.verdicts[102].text, program.verdicts[102].message)


@pytest.mark.parametrize("kind", ["TEXT", "NUMBER", "DATE_TIME", "JSON", "ATTRIBUTES", "SET_OF_TEXT"])
def test_null_is_empty_and_equals_itself(tmp_path: Path, kind: str) -> None:
    null = {"UNIT_TEST_NULL": {"returnType": kind}}
    both = {"AND": {"args": [{"IS_EMPTY": {"arg": null}}, {"IS_EQUAL": {"left": null, "right": null}}]}}
    assert YES == end_of(program_asking(tmp_path, both), {})
