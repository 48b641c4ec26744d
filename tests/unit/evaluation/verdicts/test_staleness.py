"""Stale data are not known: objects are in doubt, and claims of stale sources do not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import Source
from perpend.evaluation.verdicts.staleness import Freshness, freshness_of, old_reports, stale_claims
from perpend.inventory.readers.formats import ANSWER, REPORT

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
DAY = Freshness(timedelta(hours=24), NOW)


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        (0, None),
        (24, None),
        (25, "observed 25 hours ago, 2026-01-09 11:00 UTC: older than 24 hours"),
        (72, "observed 3 days ago, 2026-01-07 12:00 UTC: older than 24 hours"),
        (-0.05, None),
        (-1, "observed at 2026-01-10 13:00 UTC, which is in the future: its age is unknown"),
    ],
)
def test_facts_are_stale_once_they_are_older(hours: float, reason: str | None) -> None:
    assert reason == DAY.reason(NOW - timedelta(hours=hours))


def test_a_time_that_nothing_states_is_stale_unless_the_run_has_one() -> None:
    assert DAY.reason(None) == "observed at an unknown time: it may be older than 24 hours"
    given = freshness_of(timedelta(hours=1), NOW, None)
    assert given is not None
    assert (None, None) == (given.reason(None), given.reason(NOW + timedelta(days=1)))
    assert freshness_of(None, NOW, None) is None


def test_a_claim_holds_as_long_as_some_fresh_source_makes_it() -> None:
    account, region = Scope("111122223333"), Scope("111122223333", "eu-west-1")
    old = Source("old", "aws", NOW - timedelta(days=2), 0, coverage=(Claim("A", region), Claim("B", account)))
    new = Source("new", "aws", NOW, 0, coverage=(Claim("A", account), Claim("B", region)))
    stale = DAY.reasons([old, new])
    assert [0] == list(stale)
    assert [Claim("B", account)] == [claim for claim, _ in stale_claims([old, new], stale)]


@pytest.mark.parametrize("whole", [Claim("", Scope("111122223333")), Claim("A")])
def test_a_claim_of_everything_vouches_for_a_list(whole: Claim) -> None:
    old = Source("old", "aws", NOW - timedelta(days=2), 0, coverage=(Claim("A", Scope("111122223333"), relation="list"),))
    new = Source("new", "aws", NOW, 0, coverage=(whole,))
    assert [] == list(stale_claims([old, new], {0: "stale"}))
    assert list(stale_claims([old, replace(new, coverage=(replace(whole, lacking="was denied"),))], {0: "stale"}))


def test_credential_reports_older_than_four_hours_are_old_and_no_other_source_is() -> None:
    reports = [
        Source(f"{kind} {hours}", kind, NOW - timedelta(hours=hours), 1)
        for hours in (3, 4, 5)
        for kind in (REPORT.name, ANSWER.name, "test-data")
    ]
    collected = Source("1: credential report", "aws", NOW - timedelta(hours=6), 1)
    without = Source("whenever", REPORT.name, None, 1)
    old = dict.fromkeys((f"{REPORT.name} 5", f"{ANSWER.name} 5"), timedelta(hours=5))
    assert {**old, "1: credential report": timedelta(hours=6)} == old_reports([*reports, collected, without], NOW)
