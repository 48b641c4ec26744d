"""Constants: the values that are written in a policy, in the forms in which fields are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, equal, field, program_asking


@pytest.mark.parametrize(
    ("constant", "same", "other"),
    [
        ({"TEXT": " A  b"}, "a B", "ab"),
        ({"BYTES": " A"}, " A", "A"),
        ({"NUMBER": 1}, 1.0, 2),
        ({"NUMBER": 9007199254740993}, 9007199254740992, 9007199254740991),
        ({"BOOLEAN": False}, False, True),
        ({"DATE_TIME": "2026-01-10"}, "2026-01-10T01:00:00+01:00", "2026-01-10T00:00:00.001Z"),
        ({"DURATION": "P1D"}, "PT24H", "PT24H0.001S"),
        ({"JSON": {"a": 1, "b": None}}, {"a": 1.0}, {"a": True}),
        ({"LIST": {"itemType": "TEXT", "items": ["B", "a", "B"]}}, ["b", "A", "b"], ["a", "b"]),
        ({"SET": {"itemType": "TEXT", "items": ["B", "a", "B", ""]}}, ["a", "b"], ["b"]),
        ({"SET": {"itemType": "BYTES", "items": ["B", "a", "B", ""]}}, ["a", "B"], ["a", "b"]),
    ],
)
def test_a_constant_equals_the_fields_that_say_the_same(tmp_path: Path, constant: Any, same: Any, other: Any) -> None:
    program = program_asking(tmp_path, equal(field(), constant))
    assert [YES, NO] == [end_of(program, {"f": value}) for value in (same, other)]
