"""The numbers of the ways in which a block ends. Source: language specification, sections 5.2 to 5.4.

Condition *n* has the hundred *n*: its checks count from 1 in slot order, the condition itself is 99. ``otherwise`` is the
hundred behind the last condition. Below 100 stand the ends that no condition decides.
"""

from __future__ import annotations

from typing import Final

UNREADABLE: Final = 0
"""Index of an object whose own data keep it from being judged: a field of another type than declared, a contradiction."""

OTHER_RECORD_TYPE: Final = 98
"""Index of an object outside the logic's ``recordTypes``."""

DISAPPEARED: Final = 99
"""Index of an object whose deletion field is set."""

LAST: Final = 99
"""What stands in a condition's hundred for the condition itself: no check may be numbered like it."""

MAX_SLOTS: Final = LAST - 1
"""The check slots of one condition."""

_HUNDRED: Final = 100


def base_of(condition: int) -> int:
    """Return the index just before the first check of a condition, counted from 1."""
    return condition * _HUNDRED


def condition_index(condition: int) -> int:
    """Return the index of a condition that decided by itself."""
    return base_of(condition) + LAST


def otherwise_index(conditions: int) -> int:
    """Return the index of ``otherwise`` behind a number of conditions."""
    return base_of(conditions + 1)


def split(index: int) -> tuple[int, int]:
    """Return the condition that an index belongs to, 0 for none, and the check slot, or :data:`LAST`, within it."""
    return divmod(index, _HUNDRED)


def is_check(index: int) -> bool:
    """Whether an index is that of a check that fired."""
    condition, slot = split(index)
    return condition > 0 and 0 < slot < LAST
