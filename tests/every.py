"""Many cases in one test, which names those that fail: to set up, report and count a test of its own for each takes longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Case = TypeVar("Case")


def faults(check: Callable[[Case], object], cases: Mapping[str, Case]) -> dict[str, str]:
    """Return what is wrong with each case for which an assertion fails, by its name. There must be cases."""
    assert cases
    found = {}
    for name, case in cases.items():
        try:
            check(case)
        except AssertionError as error:
            found[name] = str(error)
    return found
