"""Dates beside the day of the snapshot: which days each operation takes in, and that no day is between two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.repositories import judged
from tests.unit.language.interpreter.asked import end_of, field, missing, program_asking

DAYS = {
    "2026-01-07T23:59:59.999Z": {"IS_BEFORE_TODAY", "IS_BEYOND_LAST_DAYS"},
    "2026-01-08T00:00:00Z": {"IS_BEFORE_TODAY", "IS_WITHIN_LAST_DAYS"},
    "2026-01-09T23:59:59.999Z": {"IS_BEFORE_TODAY", "IS_WITHIN_LAST_DAYS"},
    "2026-01-10T00:00:00Z": {"IS_WITHIN_LAST_DAYS", "IS_WITHIN_NEXT_DAYS"},
    "2026-01-10T23:59:59.999Z": {"IS_WITHIN_LAST_DAYS", "IS_WITHIN_NEXT_DAYS"},
    "2026-01-11T00:00:00Z": {"IS_AFTER_TODAY", "IS_WITHIN_NEXT_DAYS"},
    "2026-01-12T23:59:59.999Z": {"IS_AFTER_TODAY", "IS_WITHIN_NEXT_DAYS"},
    "2026-01-13T00:00:00Z": {"IS_AFTER_TODAY", "IS_BEYOND_NEXT_DAYS"},
    "": set(),
}
"""What is true of an instant where the snapshot is taken on the tenth, and of two days where there is an offset."""
ASKED = sorted(set().union(*DAYS.values()))


def asking(operation: str) -> dict[str, Any]:
    return {operation: {"arg": field("seen"), **({"offsetDays": 2} if operation.endswith("_DAYS") else {})}}


@pytest.mark.parametrize("operation", ASKED)
def test_days_begin_at_midnight_utc_whenever_the_snapshot_is_taken(tmp_path: Path, operation: str) -> None:
    program = program_asking(tmp_path, asking(operation))
    for time in ("2026-01-10T00:00:00Z", "2026-01-10T12:00:00Z", "2026-01-10T23:59:59.999Z"):
        true = {seen for seen in DAYS if judged(program, {"seen": seen}, time).index == 199}
        assert {seen for seen, operations in DAYS.items() if operation in operations} == true


@pytest.mark.parametrize("operation", ASKED)
def test_a_date_that_was_not_collected_is_on_no_side(tmp_path: Path, operation: str) -> None:
    assert missing("seen") == end_of(program_asking(tmp_path, asking(operation)), {}, complete=False)
