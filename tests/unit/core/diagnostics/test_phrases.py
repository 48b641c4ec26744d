"""A percentage that neither flatters nor condemns."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.diagnostics.phrases import format_percent


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 1, "0 %"),
        (1, 1, "100 %"),
        (1, 3, "33.3 %"),
        (2, 3, "66.7 %"),
        (9_997, 10_000, "99.97 %"),
        (1, 5_000, "0.02 %"),
        (999_999, 1_000_000, "99.9999 %"),
        (1, 700_000, "0.0001 %"),
        (10**30 - 1, 10**30, "99." + "9" * 28 + " %"),
    ],
)
def test_percent_text(part: int, whole: int, expected: str) -> None:
    assert expected == format_percent(part, whole)


@given(st.integers(1, 10**12).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_only_all_reads_as_100_and_only_none_as_0(known: tuple[int, int]) -> None:
    part, whole = known
    number, sign = format_percent(part, whole).split(" ")
    assert "%" == sign
    assert (Fraction(number) == 100) == (part == whole)
    assert (Fraction(number) == 0) == (part == 0)
    assert abs(Fraction(number) - Fraction(100 * part, whole)) <= Fraction(1, 20)
