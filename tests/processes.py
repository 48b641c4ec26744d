"""Whether processes that a test began through others are still there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

_MOST_SECONDS = 60


def are_gone(processes: Iterable[int]) -> bool:
    """Return whether all of some processes end, which they may take a while for."""
    end = time.monotonic() + _MOST_SECONDS
    left = [*processes]
    while left and time.monotonic() < end:
        time.sleep(0.01)
        left = [process for process in left if os.path.exists(f"/proc/{process}")]
    return not left
