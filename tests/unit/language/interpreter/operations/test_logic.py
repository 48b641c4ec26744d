"""AND, OR and NOT: from left to right, no further than the argument that decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, field, missing, program_asking

FAILS = {"UNIT_TEST_RUNTIME_ERROR": {"returnType": "BOOLEAN", "message": "boom"}}
TRUE, FALSE, NULL = {"BOOLEAN": True}, {"BOOLEAN": False}, {"UNIT_TEST_NULL": {"returnType": "BOOLEAN"}}
ON = {"BOOLEAN_FROM": {"arg": field("on"), "undeterminedIf": {"isEmpty": "unset"}}}


@pytest.mark.parametrize(
    ("operation", "args", "expected"),
    [
        ("AND", [FALSE, FAILS], NO),
        ("AND", [NULL, FAILS], NO),
        ("AND", [TRUE, TRUE, FALSE, FAILS], NO),
        ("AND", [FAILS, FALSE], (101, "boom")),
        ("AND", [TRUE, FAILS], (101, "boom")),
        ("OR", [TRUE, FAILS], YES),
        ("OR", [FALSE, NULL, TRUE, FAILS], YES),
        ("OR", [FAILS, TRUE], (101, "boom")),
        ("OR", [NULL, FAILS], (101, "boom")),
    ],
)
def test_what_stands_behind_the_argument_that_decides_is_not_asked(
    tmp_path: Path, operation: str, args: list[Any], expected: tuple[int, str | None]
) -> None:
    assert expected == end_of(program_asking(tmp_path, {operation: {"args": args}}), {})


def test_what_decides_comes_before_what_was_not_collected(tmp_path: Path) -> None:
    both = program_asking(tmp_path, {"AND": {"args": [ON, {"IS_EMPTY": {"arg": field("a")}}]}})
    assert [NO, missing("a"), (101, None)] == [end_of(both, {"on": on}, complete=False) for on in ("no", "true", None)]


def test_null_is_negated_to_true(tmp_path: Path) -> None:
    for value, expected in ((TRUE, NO), (FALSE, YES), (NULL, YES), (FAILS, (101, "boom"))):
        assert expected == end_of(program_asking(tmp_path, {"NOT": {"arg": value}}), {})
