"""Bound the rate of requests: each reader has a bucket of tokens that fills again."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BUCKETS: Final = 10_000


class Rates:
    """The buckets of all readers. The one that was asked least recently goes first, and is full when it comes again."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def wait_of(self, reader: tuple[str, str]) -> int:
        """Take a token from a reader's bucket. Return 0, or the seconds until the bucket has one."""
        now = self._now()
        left, since = self._buckets.pop(reader, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        is_free = left >= 1
        self._buckets[reader] = (left - 1 if is_free else left, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0 if is_free else math.ceil((1 - left) / self._rate)
