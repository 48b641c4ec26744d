"""Lengths of time as people write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from perpend.core.values.age import age_from_text, age_in_words, format_age


@pytest.mark.parametrize(
    ("text", "hours"), [("24h", 24), (" 90 m ", 1.5), ("7d", 168), ("2W", 336), ("0h", 0), ("99999d", 99_999 * 24)]
)
def test_a_whole_number_of_a_unit_is_a_length_of_time(text: str, hours: float) -> None:
    found = age_from_text(text)
    assert timedelta(hours=hours) == found
    assert found == age_from_text(format_age(found))


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1h30m", "24 hours", "999999d", "1y", "٢h"])
def test_anything_else_is_none(text: str) -> None:
    assert age_from_text(text) is None


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 minutes"), (1, "1 minute"), (119, "119 minutes"), (120, "2 hours"), (47 * 60, "47 hours"), (48 * 60, "2 days")],
)
def test_ages_are_rounded_down(minutes: int, words: str) -> None:
    assert words == age_in_words(timedelta(minutes=minutes))
