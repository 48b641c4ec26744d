"""How fast a service is asked, as time goes that the test says."""

from __future__ import annotations

import pytest

from perpend.collectors import rate_limit as module
from perpend.collectors.aws.session.rate_limiter import USUAL, rate_of
from perpend.collectors.rate_limit import RateLimit
from tests.servers.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


def seconds_of(pace: RateLimit, clock: Clock, calls: int) -> float:
    began = clock.now
    for _ in range(calls):
        pace.wait()
    return round(clock.now - began, 6)


def test_a_burst_goes_at_once_and_what_follows_at_the_rate(clock: Clock) -> None:
    pace = RateLimit(rate_of("iam"))
    rate = rate_of("iam")
    assert (0.0, 2.0) == (seconds_of(pace, clock, int(4 * rate)), seconds_of(pace, clock, int(2 * rate)))


def test_what_is_throttled_together_halves_the_rate_once(clock: Clock) -> None:
    pace = RateLimit(rate_of("unheard-of"))
    for _ in range(5):
        pace.learn(throttled=True)
    assert USUAL / 2 == pace.rate
    clock.now += 1
    pace.learn(throttled=True)
    assert USUAL / 4 == pace.rate


def test_each_second_of_answers_raises_the_rate_by_the_same_amount_up_to_a_bound(clock: Clock) -> None:
    pace, rates = RateLimit(rate_of("iam")), []
    pace._tokens = 0.0  # the burst is over
    while pace.rate < 10 * pace.first and len(rates) < 5_000:
        pace.wait()
        pace.learn(throttled=False)
        rates.append((clock.now, pace.rate))
    growth = [
        next(rate for at, rate in rates if at >= second + 1) - next(rate for at, rate in rates if at >= second)
        for second in range(1, 15)
    ]
    assert [pace.first / 2] * len(growth) == pytest.approx(growth, rel=0.1)
    pace.learn(throttled=False)
    assert 10 * pace.first == pace.rate


def test_no_service_is_given_up(clock: Clock) -> None:
    pace = RateLimit(rate_of("iam"))
    for _ in range(50):
        clock.now += 1
        pace.learn(throttled=True)
    assert 0.25 == pace.rate
