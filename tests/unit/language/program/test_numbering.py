"""Every number of a verdict says whose it is."""

from __future__ import annotations

import pytest

from perpend.language.program.numbering import LAST, MAX_SLOTS, base_of, condition_index, is_check, otherwise_index, split


@pytest.mark.parametrize(
    ("index", "expected", "check"),
    [
        (0, (0, 0), False),
        (98, (0, 98), False),
        (99, (0, 99), False),
        (base_of(1) + 1, (1, 1), True),
        (base_of(2) + MAX_SLOTS, (2, 98), True),
        (condition_index(2), (2, LAST), False),
        (otherwise_index(2), (3, 0), False),
        (otherwise_index(0), (1, 0), False),
    ],
)
def test_an_index_is_a_condition_and_a_slot(index: int, expected: tuple[int, int], check: bool) -> None:
    assert (expected, check) == (split(index), is_check(index))


def test_the_numbers_are_those_of_the_specification() -> None:
    assert (100, 199, 300) == (base_of(1), condition_index(1), otherwise_index(2))
