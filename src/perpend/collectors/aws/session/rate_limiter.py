"""How fast a service may be asked: a bucket of tokens per account, region and service, halved when AWS throttles."""

from __future__ import annotations

import threading
import time
from typing import Final

RATES: Final = {"iam": 15.0, "ec2": 20.0, "kms": 50.0, "s3": 50.0, "sts": 20.0, "organizations": 5.0}
"""Calls a second by service, well below what AWS is known to allow. They are ours, as AWS publishes few of its own."""

USUAL: Final = 10.0
"""Calls a second to any other service."""

_BURST: Final = 4.0
_SLOWEST: Final = 0.25
_GROWTH: Final = 0.01
_SETTLED: Final = 1.0


def rate_of(service: str) -> float:
    """Return how many calls a second a service is asked at most, in one region of one account."""
    return RATES.get(service, USUAL)


class RateLimit:
    """The pace of calls to one service. Who comes too early waits; a call that is throttled halves it, each other one mends it.

    Calls of one moment that are throttled together halve it once.
    """

    def __init__(self, service: str) -> None:
        self.limit = rate_of(service)
        self.rate = self.limit
        self._tokens = _BURST * self.limit
        self._at = time.monotonic()
        self._halved = self._at - _SETTLED
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until one more call may be made."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(_BURST * self.rate, self._tokens + (now - self._at) * self.rate) - 1
            self._at = now
            pause = -self._tokens / self.rate
        if pause > 0:
            time.sleep(pause)

    def learn(self, *, throttled: bool) -> None:
        """Note how a call went."""
        with self._lock:
            if not throttled:
                self.rate = min(self.limit, self.rate + _GROWTH * self.limit)
                return
            now = time.monotonic()
            if now - self._halved >= _SETTLED:
                self.rate, self._halved = max(_SLOWEST, self.rate / 2), now
                self._tokens = min(self._tokens, 0.0)
