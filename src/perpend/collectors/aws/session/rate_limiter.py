"""Limit the rate of calls: a token bucket per account, region and service. Throttling halves the rate."""

from __future__ import annotations

import threading
import time
from typing import Final

RATES: Final = {"iam": 15.0, "ec2": 20.0, "kms": 50.0, "s3": 50.0, "sts": 20.0, "organizations": 5.0}
"""Calls per second by service. They are estimates well below known limits, since AWS publishes few limits."""

USUAL: Final = 10.0
"""Calls per second to any other service."""

_BURST: Final = 4.0
_SLOWEST: Final = 0.25
_GROWTH: Final = 0.01
_HALVING_PAUSE: Final = 1.0


def rate_of(service: str) -> float:
    """Return the maximum of calls per second to a service, in one region of one account."""
    return RATES.get(service, USUAL)


class RateLimit:
    """The rate of calls to one service. ``wait`` blocks until a call may be made.

    A throttled call halves the rate, any other call raises it a little. Calls that are throttled within a second halve it once.
    """

    def __init__(self, service: str) -> None:
        self.limit = rate_of(service)
        self.rate = self.limit
        self._tokens = _BURST * self.limit
        self._at = time.monotonic()
        self._halved = self._at - _HALVING_PAUSE
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until a call may be made."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(_BURST * self.rate, self._tokens + (now - self._at) * self.rate) - 1
            self._at = now
            pause = -self._tokens / self.rate
        if pause > 0:
            time.sleep(pause)

    def learn(self, *, throttled: bool) -> None:
        """Adjust the rate after a call."""
        with self._lock:
            if not throttled:
                self.rate = min(self.limit, self.rate + _GROWTH * self.limit)
                return
            now = time.monotonic()
            if now - self._halved >= _HALVING_PAUSE:
                self.rate, self._halved = max(_SLOWEST, self.rate / 2), now
                self._tokens = min(self._tokens, 0.0)
