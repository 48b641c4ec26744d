"""Limit the rate of calls to one service by a token bucket.

The rate rises while the service answers, and halves when it throttles.
"""

from __future__ import annotations

import threading
import time
from typing import Final

_BURST: Final = 4.0
"""How many seconds' calls at the first rate may be made at once."""

_GROWTH: Final = 0.5
"""How much of the first rate is added in each second of calls that are not throttled."""

_FASTEST: Final = 10.0
"""The maximum of the rate, in times of the first one."""

_OF_A_MINUTE: Final = 0.4
"""The part of a minute's calls that may be made at once; the rest is spread over the minute."""

_SLOWEST: Final = 0.25
_HALVING_PAUSE: Final = 1.0


class RateLimit:
    """The rate of calls to one service. ``wait`` blocks until a call may be made.

    A throttled call halves the rate, any other call raises it a little: at full use by the same amount in each second. Calls
    that are throttled within a second halve it once. ``first`` is the rate at the beginning, in calls per second. With
    ``a_minute``, never more calls than that are made in a minute, however well the service answers.
    """

    def __init__(self, first: float, a_minute: int = 0) -> None:
        self.first = (1 - _OF_A_MINUTE) * a_minute / 60 if a_minute else first
        self.rate = self.first
        self._burst = _OF_A_MINUTE * a_minute if a_minute else _BURST * self.first
        self._fastest = self.first * (1 if a_minute else _FASTEST)
        self._tokens = self._burst
        self._at = time.monotonic()
        self._halved = self._at - _HALVING_PAUSE
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until a call may be made."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate) - 1
            self._at = now
            pause = -self._tokens / self.rate
        if pause > 0:
            time.sleep(pause)

    def learn(self, *, throttled: bool) -> None:
        """Adjust the rate after a call."""
        with self._lock:
            if not throttled:
                self.rate = min(self._fastest, self.rate + _GROWTH * self.first / self.rate)
                return
            now = time.monotonic()
            if now - self._halved >= _HALVING_PAUSE:
                self.rate, self._halved = max(_SLOWEST, self.rate / 2), now
                self._tokens = min(self._tokens, 0.0)
