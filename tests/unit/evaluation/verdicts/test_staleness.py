"""Stale data are not known: objects are in doubt, and claims of stale sources do not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import Source
from perpend.core.values.partial_object import PartialObject, doubt_of, reasons_of
from perpend.evaluation.verdicts.selection import selection_of
from perpend.evaluation.verdicts.staleness import Freshness, freshness_of, old_reports, stale_claims
from perpend.inventory.readers.formats import ANSWER, REPORT
from tests.reference import evaluate_objects
from tests.reference.stale_inventory import mark_stale_inventory
from tests.repositories import program_of
from tests.unit.evaluation.verdicts.evaluate_objects import THING, analyzer, inventory, thing

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


def test_what_only_stale_sources_claim_is_lacking_from_then_on_and_nothing_else_is() -> None:
    account, other = Scope("111122223333"), Scope("444455556666")
    old = (
        Claim("A", account),
        Claim("A", other),
        Claim("A", other, relation="list"),
        Claim("B", other, "was denied"),
        Claim("C"),
    )
    new = (Claim("A", account), Claim("B", account, "was denied"), Claim("B", other, relation="list"))
    found = inventory(
        thing("a", "old.json"), thing("b", "new.json"), times={"old.json": NOW - timedelta(days=2), "new.json": NOW}
    )
    claimed = {"old.json": old, "new.json": new}
    found = replace(found, sources=tuple(replace(one, coverage=claimed[one.name]) for one in found.sources))
    first, second = mark_stale_inventory(found, DAY).sources
    stale = "observed 2 days ago, 2026-01-08 12:00 UTC: older than 24 hours"
    assert [None, stale, stale, "was denied", stale] == [claim.lacking for claim in first.coverage]
    assert old == tuple(replace(now, lacking=claim.lacking) for now, claim in zip(first.coverage, old, strict=True))
    assert new == second.coverage
    again = replace(found, sources=tuple(replace(one, coverage=old) for one in found.sources))
    assert [old, old] == [one.coverage for one in mark_stale_inventory(again, DAY).sources], (
        "what a fresh source claims, too, is known"
    )


@pytest.mark.parametrize("whole", [Claim("", Scope("111122223333")), Claim("A")])
def test_a_claim_of_everything_vouches_for_a_list(whole: Claim) -> None:
    old = Source("old", "aws", NOW - timedelta(days=2), 0, coverage=(Claim("A", Scope("111122223333"), relation="list"),))
    new = Source("new", "aws", NOW, 0, coverage=(whole,))
    assert [] == list(stale_claims([old, new], {0: "stale"}))
    assert list(stale_claims([old, replace(new, coverage=(replace(whole, lacking="was denied"),))], {0: "stale"}))


def test_objects_of_stale_sources_are_in_doubt_in_every_reading() -> None:
    rival = thing("a", "old.json")
    found = inventory(
        thing("a", "new.json", variants=(rival,)), thing("b", "old.json"), times={"new.json": NOW, "old.json": None}
    )
    first, second = mark_stale_inventory(found, DAY).objects[THING]
    assert (None, True, True) == (
        doubt_of(first.fields),
        bool(doubt_of(first.variants[0].fields)),
        bool(doubt_of(second.fields)),
    )
    assert found is mark_stale_inventory(found, None)


def test_what_was_not_known_of_a_stale_object_stays_not_known_for_its_own_reasons() -> None:
    denied, disputed = thing("a", "old.json"), thing("b", "old.json")
    denied = denied._replace(fields=PartialObject(denied.fields, {"CA10__on__c": "was denied"}))
    disputed = disputed._replace(fields=PartialObject(disputed.fields, {}, "two sources say two things"))
    found = mark_stale_inventory(inventory(denied, disputed, times={"old.json": None}), DAY).objects[THING]
    assert [{"CA10__on__c": "was denied"}, {}] == [dict(reasons_of(one.fields)) for one in found]
    assert [DAY.reason(None), "two sources say two things"] == [doubt_of(one.fields) for one in found]


def test_stale_objects_are_undetermined(tmp_path: Path) -> None:
    one = analyzer(tmp_path, {"FIELD": {"path": "CA10__on__c"}})
    selection = selection_of(one, [program_of(one)])
    found = inventory(
        thing("a", "new.json", CA10__on__c=True),
        thing("b", "old.json", CA10__on__c=True),
        times={"new.json": NOW, "old.json": NOW - timedelta(days=3)},
    )
    evaluation = evaluate_objects(found, selection, today=NOW, max_age=timedelta(hours=24))
    fresh, stale = evaluation.findings()
    assert fresh.condition_index != 0
    assert (0, "observed 3 days ago, 2026-01-07 12:00 UTC: older than 24 hours") == (
        stale.condition_index,
        stale.current_state_message,
    )
    assert (NOW, NOW - timedelta(days=3)) == (fresh.observed_at, stale.observed_at)


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
