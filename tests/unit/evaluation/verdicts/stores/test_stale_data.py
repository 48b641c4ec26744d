"""Stale data of a snapshot are not known: rows of old sources, and lists and keys that only an old source claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import NOT_IN_FULL, Claim, Scope
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.core.objects.object_types import Field
from perpend.evaluation.verdicts.staleness import Freshness, mark_stale_snapshot
from perpend.inventory.snapshots.snapshot import Snapshot
from tests.unit.inventory.snapshots.stored import OWNER, PART, THING, TYPES, rows_of, write_store

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
DAY = Freshness(timedelta(hours=24), NOW)
OLD, NEW = NOW - timedelta(days=3), NOW - timedelta(hours=1)
STALE = "observed 3 days ago, 2026-01-07 12:00 UTC: older than 24 hours"
NO_LIST = NOT_IN_FULL + STALE


def source(name: str, time: datetime, objects: dict[str, Sequence[dict[str, Any]]], claims: Sequence[Claim] = ()) -> Inventory:
    found = {
        kind: [CloudObject(kind, one["Id"], "", "", one, Origin(name, row)) for row, one in enumerate(of_kind, 1)]
        for kind, of_kind in objects.items()
    }
    return Inventory([Source(name, "test-data", time, sum(map(len, found.values())), coverage=tuple(claims))], found)


def fresh(*claims: Claim) -> Inventory:
    things = [
        {"Id": "b", "owner__c": "o"},
        {"Id": "c", "owner__c": "none"},
        {"Id": "d", "owner__c": None},
        {"Id": "e", "owner__c": ""},
    ]
    return source("new.json", NEW, {THING: things}, claims)


def old(*claims: Claim, **more: Any) -> Inventory:
    objects = {THING: [{"Id": "a", "owner__c": "o"}], OWNER: [{"Id": "o"}], PART: [{"Id": "p", "thing__c": "a"}], **more}
    return source("old.json", OLD, objects, claims)


def aged(root: Path, *estates: Inventory, freshness: Freshness | None = DAY) -> tuple[Snapshot, Snapshot]:
    snapshot = write_store(root / "store", *estates)
    (root / "aged").mkdir()
    return snapshot, mark_stale_snapshot(snapshot, freshness, TYPES.get, root / "aged")


def things(found: Snapshot, column: str) -> dict[str, Any]:
    return dict(rows_of(found, THING, "Id", column))


ALL = (Claim(PART), Claim(OWNER))


@pytest.mark.parametrize("freshness", [None, Freshness(timedelta(days=4), NOW)])
def test_where_nothing_is_stale_the_snapshot_is_the_one_given(tmp_path: Path, freshness: Freshness | None) -> None:
    snapshot, found = aged(tmp_path, old(*ALL), fresh(), freshness=freshness)
    assert snapshot is found


def test_rows_of_a_stale_source_are_in_doubt_and_others_are_not(tmp_path: Path) -> None:
    snapshot, found = aged(tmp_path, old(*ALL), fresh())
    nothing = dict.fromkeys("bcde")
    assert {"a": STALE, **nothing} == things(found, "perpend_contradicted")
    assert [("o", STALE)] == rows_of(found, OWNER, "Id", "perpend_contradicted")
    assert found.tables.by_name[OWNER].contradicted
    assert things(snapshot, "owner__c") == things(found, "owner__c"), "all else stays"
    assert [row["perpend_row"] for row in rows_of(snapshot, THING)] == [row["perpend_row"] for row in rows_of(found, THING)]


@pytest.mark.parametrize("fresh_type", [OWNER, PART, THING])
def test_tables_behind_one_of_which_nothing_is_stale_are_aged_too(tmp_path: Path, fresh_type: str) -> None:
    rows = {kind: [{"Id": kind}] for kind in (OWNER, PART, THING)}
    new = source("new.json", NEW, {fresh_type: rows.pop(fresh_type)})
    snapshot, found = aged(tmp_path, new, source("old.json", OLD, {**rows}))
    for kind in rows:
        assert [(kind, STALE)] == rows_of(found, kind, "Id", "perpend_contradicted")
    assert found.tables.by_name[fresh_type] is snapshot.tables.by_name[fresh_type]


def test_a_list_that_only_a_stale_source_claims_to_tell_all_of_is_not_known(tmp_path: Path) -> None:
    snapshot, found = aged(tmp_path, old(*ALL), fresh())
    assert dict.fromkeys("abcde", NO_LIST) == things(found, "parts__r#unfollowed")
    parts = [one.tables.by_name[THING].children["parts__r"].partial for one in (snapshot, found)]
    assert [False, True] == parts
    assert [((PART, None), (OWNER, None)), ((PART, STALE), (OWNER, STALE))] == [
        tuple((claim.type_name, claim.lacking) for claim in one.sources[0].coverage) for one in (snapshot, found)
    ]


def test_a_list_that_a_fresh_source_claims_as_well_stays_known(tmp_path: Path) -> None:
    _, found = aged(tmp_path, old(*ALL), fresh(Claim(PART)))
    assert not found.tables.by_name[THING].children["parts__r"].partial
    assert dict.fromkeys("abcde") == things(found, "parts__r#unfollowed")


def test_a_fresh_claim_of_another_list_or_of_less_helps_nothing(tmp_path: Path) -> None:
    _, found = aged(tmp_path, old(*ALL), fresh(Claim(OWNER), Claim(PART, lacking="denied", relation="others__r")))
    assert dict.fromkeys("abcde", NO_LIST) == things(found, "parts__r#unfollowed")


def test_a_list_is_known_as_far_as_fresh_claims_reach_and_in_doubt_where_a_stale_one_did(tmp_path: Path) -> None:
    kind = replace(
        TYPES[THING], fields={**TYPES[THING].fields, "CA10__region__c": Field("CA10__region__c", "text")}, master="owner__r"
    )
    declared = {**TYPES, THING: kind}.get
    one, two = "111122223333", "444455556666"
    places = {"a": (one, "eu-west-1"), "b": (one, "us-east-1"), "c": (two, "eu-west-1"), "d": (None, None)}
    rows = [{"Id": name, "owner__c": account, "CA10__region__c": region} for name, (account, region) in places.items()]

    def lists(directory: str, was: Sequence[Claim], now: Sequence[Claim]) -> tuple[dict[str, Any], dict[str, Any]]:
        (aged_in := tmp_path / directory / "aged").mkdir(parents=True)
        estates = (
            source("new.json", NEW, {THING: rows}, now),
            source("old.json", OLD, {PART: [{"Id": "p", "thing__c": "a"}]}, was),
        )
        snapshot = write_store(tmp_path / directory / "store", *estates, declared=declared)
        both = (snapshot, mark_stale_snapshot(snapshot, DAY, declared, aged_in))
        first, second = (dict(rows_of(each, THING, "Id", "parts__r#unfollowed")) for each in both)
        return first, second

    some = [Claim(PART, Scope(one, "eu-west-1")), Claim(PART, Scope(two))]
    assert {"a": None, "b": NO_LIST, "c": None, "d": NO_LIST} == lists("all", [Claim(PART)], some)[1]
    was, now = lists("some", some, [])
    assert {"a": NO_LIST, "b": was["b"], "c": NO_LIST, "d": was["d"]} == now
    assert None is was["a"] is was["c"]
    assert was["b"] and was["d"]


def test_an_unmatched_key_is_not_known_whether_the_complete_list_is_old_or_not(tmp_path: Path) -> None:
    expected = {**dict.fromkeys("abde"), "c": "leads to `none`, which was not collected"}
    for one in aged(tmp_path, old(*ALL), fresh()):
        assert expected == things(one, "owner__r#unfollowed")


def test_without_a_claim_of_all_a_key_says_what_it_said(tmp_path: Path) -> None:
    snapshot, found = aged(tmp_path, old(Claim(PART)), fresh())
    one, other = ({key: row.get("owner__r#unfollowed") for key, row in by_id(each)} for each in (snapshot, found))
    assert one == other


def by_id(found: Snapshot) -> list[tuple[str, dict[str, Any]]]:
    return [(row["Id"], row) for row in rows_of(found, THING)]


def test_a_table_of_which_nothing_is_stale_is_left_where_it_is(tmp_path: Path) -> None:
    snapshot, found = aged(tmp_path, source("old.json", OLD, {OWNER: [{"Id": "o"}]}), fresh())
    assert snapshot.files[THING] == found.files[THING]
    assert snapshot.tables.by_name[THING] == found.tables.by_name[THING]
    assert [tmp_path / "aged"] == [path.parent for path in found.files[OWNER]]


def test_a_contradiction_is_told_before_its_age(tmp_path: Path) -> None:
    disputed = old(*ALL)
    first = disputed.objects[THING][0]
    both = Inventory(disputed.sources, {**disputed.objects, THING: [first._replace(variants=(first,))]})
    _, found = aged(tmp_path, both, fresh())
    assert "contradicted" == things(found, "perpend_contradicted")["a"]


def test_what_is_stale_makes_another_snapshot_of_it_each_time_the_same(tmp_path: Path) -> None:
    snapshot, found = aged(tmp_path, old(*ALL), fresh())
    (tmp_path / "again").mkdir()
    again = mark_stale_snapshot(snapshot, DAY, TYPES.get, tmp_path / "again")
    other = mark_stale_snapshot(snapshot, Freshness(timedelta(hours=48), NOW), TYPES.get, tmp_path / "again")
    assert found.content_hash == again.content_hash
    assert 3 == len({snapshot.content_hash, found.content_hash, other.content_hash})
