"""Constants are literals: dates in milliseconds, ordered durations, documents as JSON, collections by flags."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.evaluation.planner.udfs import ordered_number
from tests.unit.evaluation.planner.operations.planned import condition


@pytest.mark.parametrize(
    ("constant", "planned"),
    [
        ({"BYTES": " A"}, "same(' A', ' A')"),
        ({"NUMBER": 1}, "same(1.0, 1.0)"),
        ({"DATE_TIME": "1970-01-02"}, "same(86400000, 86400000)"),
        ({"DURATION": "PT1S"}, f"same('{ordered_number(1_000)}', '{ordered_number(1_000)}')"),
        ({"JSON": {"ä": [1]}}, """true(json same('{"ä": [1]}', '{"ä": [1]}'))"""),
        ({"JSON": None}, "true(json same(None, None))"),
        ({"LIST": {"itemType": "TEXT", "items": ["b", "A", ""]}}, "same(else(('b', 'a', ''), ()), else(('b', 'a', ''), ()))"),
        ({"SET": {"itemType": "TEXT", "items": ["b", "A", "", "a"]}}, "same(else(('a', 'b'), ()), else(('a', 'b'), ()))"),
        ({"SET": {"itemType": "BYTES", "items": ["b", "B"]}}, "same(else(('B', 'b'), ()), else(('B', 'b'), ()))"),
    ],
)
def test_a_constant_is_written_into_the_plan(constant: dict[str, Any], planned: str) -> None:
    assert planned == condition({"IS_EQUAL": {"left": constant, "right": constant}})


@pytest.mark.parametrize(("constant", "planned"), [({"BOOLEAN": True}, "True"), ({"NOT": {"arg": {"BOOLEAN": False}}}, "True")])
def test_a_constant_condition_is_known_at_once(constant: dict[str, Any], planned: str) -> None:
    assert planned == condition(constant)
