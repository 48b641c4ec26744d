"""A service that counts calls by the minute never gets more in one."""

from __future__ import annotations

import pytest

from perpend.collectors import rate_limit
from perpend.collectors.rate_limit import RateLimit


def test_no_minute_has_more_calls_than_the_service_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(rate_limit.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    limit = RateLimit(0, 100)
    times = []
    for _ in range(300):
        limit.wait()
        times.append(clock[0])
        limit.learn(throttled=False)
    assert max(sum(begin <= time < begin + 60 for time in times) for begin in times) <= 100
    assert times[39] == 0
    limit.learn(throttled=True)
    assert limit.rate < limit.first
