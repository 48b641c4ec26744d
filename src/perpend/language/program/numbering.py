"""Number the outcomes of a block. Source: language specification, sections 5.2 to 5.4.

Condition *n* has the numbers from *n* x 100: its checks count from 1 in slot order, the condition itself is 99. ``otherwise``
has the next hundred after the last condition. Outcomes without a condition are below 100.
"""

from __future__ import annotations

from typing import Final

UNREADABLE: Final = 0
"""Index of an object that cannot be evaluated: a field has another type than declared, or its sources contradict each other."""

OTHER_RECORD_TYPE: Final = 98
"""Index of an object outside the logic's ``recordTypes``."""

DISAPPEARED: Final = 99
"""Index of an object whose deletion field is set."""

LAST: Final = 99
"""The number of the condition itself within its hundred. No check may have it."""

MAX_SLOTS: Final = LAST - 1
"""The most check slots of one condition."""

_HUNDRED: Final = 100


def base_of(condition: int) -> int:
    """Return the index just before the first check of a condition, counted from 1."""
    return condition * _HUNDRED


def condition_index(condition: int) -> int:
    """Return the index of a condition that decided by itself."""
    return base_of(condition) + LAST


def otherwise_index(conditions: int) -> int:
    """Return the index of ``otherwise`` after a number of conditions."""
    return base_of(conditions + 1)


def split(index: int) -> tuple[int, int]:
    """Return the condition of an index, 0 for none, and the check slot, or :data:`LAST`, within it."""
    return divmod(index, _HUNDRED)


def is_check(index: int) -> bool:
    """Whether an index is that of a check."""
    condition, slot = split(index)
    return condition > 0 and 0 < slot < LAST
