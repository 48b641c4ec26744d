"""Dates are compared with limits in the plan, counted from the day of the snapshot."""

from __future__ import annotations

import pytest

from perpend.core.values.values import DAY
from tests.unit.evaluation.planner.operations.planned import ends, field

DATE = {"DATE_TIME_FROM": {"arg": field("text"), "format": "ISO_8601", "undeterminedIf": {"invalidFormat": "m"}}}


def below(day: int) -> str:
    return f"less(instant(text), {day * DAY})"


def from_(day: int) -> str:
    return f"at most({day * DAY}, instant(text))"


@pytest.mark.parametrize(
    ("name", "planned"),
    [
        ("IS_BEFORE_TODAY", below(20)),
        ("IS_AFTER_TODAY", from_(21)),
        ("IS_WITHIN_LAST_DAYS", f"and({from_(17)}, {below(21)})"),
        ("IS_BEYOND_LAST_DAYS", below(17)),
        ("IS_WITHIN_NEXT_DAYS", f"and({from_(20)}, {below(24)})"),
        ("IS_BEYOND_NEXT_DAYS", from_(24)),
    ],
)
def test_whole_days_count_and_today_belongs_to_those_within(name: str, planned: str) -> None:
    days = {} if name.endswith("TODAY") else {"offsetDays": 3}
    invalid, last = ends({name: {"arg": DATE, **days}}, time=20 * DAY + 5)
    assert (("and(not(is(text, '')), null(instant(text)))", 101), (planned, 199)) == (invalid, last)
