"""What stays of a former snapshot: disappeared where a complete listing says so, else as it was, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.collectors.protocol import CollectedRow, Completeness
from perpend.collectors.runs.previous_snapshot import CarriedOver
from perpend.collectors.runs.snapshot_writer import previously_used, store_collected
from perpend.core.objects.claims import Claim, Scope, is_incomplete
from perpend.core.objects.inventory import Source
from perpend.core.objects.object_types import Children, Lookup, ObjectType
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import rows_of

pytestmark = pytest.mark.medium

KEY, ACCOUNT, GONE = "CA10__CaAwsKmsKey__c", "CA10__CaAwsAccount__c", "CA10__disappearanceTime__c"
A, B = "111122223333", "444455556666"
EAST, WEST = "us-east-1", "eu-west-1"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Key = tuple[str, str, str]
"""Account, region, name."""


class Stored(NamedTuple):
    """A key as the store has it: when it disappeared, and what it was read from, at which time."""

    gone: str | None
    source: str
    seen: datetime | None
    size: float | None


def arn(key: Key) -> str:
    account, region, called = key
    return f"arn:aws:kms:{region}:{account}:key/{called}"


def collect(
    store: Path,
    keys: Mapping[Key, float],
    claims: Sequence[Claim],
    *,
    at: datetime = NOON,
    accounts: Sequence[str] = (A,),
    types: Sequence[str] = (ACCOUNT, KEY),
    partition: str = "aws",
    **more: Any,
) -> CarriedOver:
    """Store a collection of keys. Each claim belongs to the account that it names."""
    sources = [
        Source(f"aws {one}", "aws", at, 1, (one,), tuple(claim for claim in claims if claim.scope.account == one))
        for one in accounts
    ]
    rows = [CollectedRow(ACCOUNT, {"Id": one}, {}, number) for number, one in enumerate(accounts)]
    rows += [
        CollectedRow(
            KEY,
            {"Id": arn(key).replace("aws", partition, 1), "CA10__account__c": key[0], "CA10__size__c": size},
            {},
            accounts.index(key[0]),
        )
        for key, size in keys.items()
    ]
    given = [row for row in rows if row.type_name in types]
    found = Completeness(tuple(sources), (), tuple((one, partition) for one in accounts))
    *_, staying = store_collected(Store(store), given, lambda _: found, types=types, declared=DECLARED.get, **more)
    return staying


DECLARED = {
    KEY: ObjectType(
        KEY, lookups={"CA10__account__r": Lookup("CA10__account__r", ACCOUNT, "CA10__account__c")}, master="CA10__account__r"
    ),
    ACCOUNT: ObjectType(ACCOUNT, children={"CA10__keys__r": Children("CA10__keys__r", KEY, "CA10__account__c")}),
}


def keys_of(store: Path) -> dict[Key, Stored]:
    snapshot = Store(store).snapshot()
    found = {}
    for row in rows_of(snapshot, KEY):
        *_, region, account, called = row["Id"].split(":")
        source = snapshot.sources[row["perpend_source"]]
        key = account, region, called.removeprefix("key/")
        found[key] = Stored(row.get(GONE), source.name, source.observed_at, row.get("CA10__size__c"))
    return found


def why_no_list(store: Path, account: str) -> str | None:
    """Return why the keys of an account are not known, None where they are."""
    rows = rows_of(Store(store).snapshot(), ACCOUNT, "Id", "CA10__keys__r#unfollowed")
    [why] = [None if why is None else str(why) for identity, why in rows if identity == account]
    return why


ONE, TWO, WESTERN, OTHER = (A, EAST, "one"), (A, EAST, "two"), (A, WEST, "west"), (B, EAST, "other")
DENIED = "denied kms:ListKeys (AccessDenied) in 111122223333/eu-west-1"
WHOLE = [Claim(KEY, Scope(A))]


def test_what_a_complete_listing_does_not_show_has_disappeared_at_its_time(tmp_path: Path) -> None:
    collect(tmp_path, {ONE: 1, TWO: 2}, WHOLE)
    staying = collect(tmp_path, {ONE: 1}, WHOLE, at=NOON + DAY)
    gone = Stored("2026-11-21T12:00:00Z", f"aws {A}", NOON + DAY, 2)
    assert {ONE: Stored(None, f"aws {A}", NOON + DAY, 1), TWO: gone} == keys_of(tmp_path)
    assert ({KEY: 1}, {}, {}) == (staying.gone, staying.as_before, staying.forgotten)
    assert why_no_list(tmp_path, A) is None


@pytest.mark.parametrize("shown", [{}, {TWO: 2}])
def test_an_account_of_the_same_number_in_another_partition_says_nothing_of_this_one(
    tmp_path: Path, shown: dict[Key, float]
) -> None:
    collect(tmp_path, {ONE: 1}, WHOLE)
    assert why_no_list(tmp_path, A) is None
    staying = collect(tmp_path, shown, WHOLE, at=NOON + DAY, partition="aws-cn")
    assert ({}, Stored(None, f"aws {A} of 2026-11-20T12:00:00Z", NOON, 1)) == (staying.gone, keys_of(tmp_path)[ONE])
    why = f"is not known in full: account {A} is one in each of the partitions aws and aws-cn"
    assert f"may hold objects that are gone, and {why}" == why_no_list(tmp_path, A)
    collect(tmp_path, {ONE: 1}, WHOLE, at=NOON + 2 * DAY, keep=timedelta(0))
    assert (why_no_list(tmp_path, A) is None) is not bool(shown)


def test_it_stays_for_as_long_as_it_is_kept_and_may_come_back(tmp_path: Path) -> None:
    collect(tmp_path, {ONE: 1, TWO: 2}, WHOLE)
    collect(tmp_path, {}, WHOLE, at=NOON + DAY)
    collect(tmp_path, {ONE: 3}, WHOLE, at=NOON + 30 * DAY)
    found = keys_of(tmp_path)
    assert Stored(None, f"aws {A}", NOON + 30 * DAY, 3) == found[ONE]
    assert ("2026-11-21T12:00:00Z", NOON + 30 * DAY) == (found[TWO].gone, found[TWO].seen), "the first time, seen gone again"
    staying = collect(tmp_path, {ONE: 3}, WHOLE, at=NOON + 31 * DAY + timedelta(seconds=1))
    assert [ONE] == list(keys_of(tmp_path))
    assert {KEY: 1} == staying.forgotten
    collect(tmp_path, {}, WHOLE, at=NOON + 32 * DAY, keep=timedelta(0))
    collect(tmp_path, {}, WHOLE, at=NOON + 33 * DAY, keep=timedelta(0))
    assert {} == keys_of(tmp_path)


def test_what_was_denied_stays_as_it_was(tmp_path: Path) -> None:
    collect(tmp_path, {ONE: 1, TWO: 2, WESTERN: 3}, WHOLE)
    claims = [Claim(KEY, Scope(A, EAST)), Claim(KEY, Scope(A, WEST), DENIED)]
    staying = collect(tmp_path, {ONE: 1}, claims, at=NOON + DAY)
    found = keys_of(tmp_path)
    assert "2026-11-21T12:00:00Z" == found[TWO].gone
    assert Stored(None, f"aws {A} of 2026-11-20T12:00:00Z", NOON, 3) == found[WESTERN]
    assert ({KEY: 1}, {KEY: 1}) == (staying.gone, staying.as_before)
    why = why_no_list(tmp_path, A) or ""
    assert (True, False) == (DENIED in why, is_incomplete(why)), "a key that may be gone answers for no list"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one key, of an account whose keys were all listed."""
    store = tmp_path_factory.mktemp("made")
    collect(store, {ONE: 1}, WHOLE)
    return store


@pytest.fixture
def listed(made: Path, tmp_path: Path) -> Path:
    """The same, for one test alone."""
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize(
    "claims",
    [
        [],
        [Claim(KEY, Scope(A), DENIED)],
        [Claim("", Scope(A), "the account could not be entered")],
        [Claim(KEY, Scope(A)), Claim(KEY, Scope(A, EAST), DENIED)],
        [Claim("CA10__CaAwsVpc__c", Scope(A))],
        [Claim(KEY, Scope(A, WEST))],
    ],
)
def test_nothing_disappears_without_a_claim_of_its_scope(listed: Path, claims: list[Claim]) -> None:
    collect(listed, {}, claims, at=NOON + DAY)
    found = keys_of(listed)[ONE]
    assert (None, NOON) == (found.gone, found.seen)


def test_other_accounts_and_types_stay_with_what_was_claimed_of_them(tmp_path: Path) -> None:
    both = [*WHOLE, Claim(KEY, Scope(B))]
    collect(tmp_path, {ONE: 1, OTHER: 2}, both, accounts=(A, B))
    staying = collect(tmp_path, {}, WHOLE, at=NOON + DAY)
    found = keys_of(tmp_path)
    assert ("2026-11-21T12:00:00Z", None) == (found[ONE].gone, found[OTHER].gone)
    assert (f"aws {B}", NOON) == (found[OTHER].source, found[OTHER].seen)
    assert (None, None) == (why_no_list(tmp_path, A), why_no_list(tmp_path, B))
    assert {ACCOUNT: 1, KEY: 1} == staying.as_before
    collect(tmp_path, {}, [], at=NOON + 2 * DAY, types=(ACCOUNT,))
    assert {ONE: found[ONE].gone, OTHER: None} == {key: one.gone for key, one in keys_of(tmp_path).items()}


def test_an_object_of_another_account_is_not_gone_from_there(listed: Path) -> None:
    """What an account shows of another one, as it does of an organization's trail, only the other can list in full."""
    foreign = (B, EAST, "shown")
    sources = (Source(f"aws {A}", "aws", NOON, 1, (A,), tuple(WHOLE)),)
    rows = [CollectedRow(KEY, {"Id": arn(foreign), "CA10__size__c": 1.0}, {})]
    store_collected(Store(listed), rows, lambda _: Completeness(sources), types=[KEY], declared=DECLARED.get)
    collect(listed, {}, WHOLE, at=NOON + DAY)
    found = keys_of(listed)
    assert (None, True) == (found[foreign].gone, found[ONE].gone is not None)


def test_a_listing_older_than_what_was_seen_makes_nothing_disappear(listed: Path) -> None:
    collect(listed, {}, WHOLE, at=NOON - DAY)
    found = keys_of(listed)[ONE]
    assert (None, NOON) == (found.gone, found.seen)


@pytest.mark.parametrize(
    ("identity", "region"),
    [
        (f"arn:aws:kms:{EAST}:{A}:key/k", EAST),
        (f"{A}|arn:aws:cloudtrail:{WEST}:{A}:trail/t", WEST),
        (f"{A}/{WEST}/default", WEST),
        (f"{A}/group/us-east-1", None),
        (f"{A}|arn:aws:iam::{A}:policy/p", None),
    ],
)
def test_who_claims_is_told_what_was_seen_where_and_is_still_there(tmp_path: Path, identity: str, region: str | None) -> None:
    sources = (Source(f"aws {A}", "aws", NOON, 2, (A,)),)
    told: list[Any] = []

    def claimed(seen: Any) -> Completeness:
        told.append(seen)
        return Completeness(sources)

    there = {"Id": identity}
    gone = {"Id": f"arn:aws:kms:{EAST}:{A}:key/gone", GONE: "2026-11-19T12:00:00Z"}
    for rows in ([there, gone], [], [there]):
        given = [CollectedRow(KEY, row, {}) for row in rows]
        store_collected(Store(tmp_path), given, claimed, types=[KEY], declared=DECLARED.get)
    assert [{}, {A: {(KEY, region): 1}} if region else {}, {}] == told


KEYS = st.sets(st.sampled_from([(a, r, n) for a in (A, B) for r in (EAST, WEST) for n in "xy"]))
RUNS = st.lists(
    st.tuples(
        KEYS, st.sampled_from([(A,), (B,), (A, B)]), st.sets(st.sampled_from([(a, r) for a in (A, B) for r in (EAST, WEST)]))
    ),
    min_size=4,
    max_size=5,
)


@given(RUNS)
@settings(max_examples=3, deadline=None)
def test_histories_are_what_a_plain_reading_of_the_rule_makes_of_them(
    runs: list[tuple[set[Key], tuple[str, ...], set[tuple[str, str]]]],
) -> None:
    """Keys come and go, accounts are asked or not, regions are denied: by a dictionary and a few lines, and by SQL."""
    expected: dict[Key, tuple[str | None, datetime]] = {}
    with TemporaryDirectory() as directory:
        for number, (there, accounts, denied) in enumerate(runs):
            at = NOON + number * DAY
            shown = {key for key in there if key[0] in accounts and key[:2] not in denied}
            for key in {*expected} - shown:
                if key[0] in accounts and key[:2] not in denied:
                    expected[key] = (expected[key][0] or f"{at:%Y-%m-%dT%H:%M:%SZ}", at)
            expected |= dict.fromkeys(shown, (None, at))
            claims = [
                Claim(KEY, Scope(account, region), DENIED if (account, region) in denied else None)
                for account in accounts
                for region in (EAST, WEST)
            ]
            collect(Path(directory), dict.fromkeys(sorted(shown), 1.0), claims, at=at, accounts=accounts)
            found = {key: (one.gone, one.seen) for key, one in keys_of(Path(directory)).items()}
            assert expected == found


def test_what_the_provider_owns_is_dropped_once_no_listing_shows_it_and_never_disappears(tmp_path: Path) -> None:
    kind, count = "CA10__CaAwsIamPolicy__c", "CA10__attachmentCount__c"

    def store(policies: Mapping[str, float], claim: Claim, at: datetime) -> CarriedOver:
        rows = [CollectedRow(kind, {"Id": f"{A}|arn:aws:iam::{one}", count: number}, {}) for one, number in policies.items()]
        found = Completeness((Source(f"aws {A}", "aws", at, len(rows), (A,), (claim,)),), (), ((A, "aws"),))
        *_, staying = store_collected(Store(tmp_path), rows, lambda _: found, types=[kind], declared=DECLARED.get)
        return staying

    own, used, unused = f"{A}:policy/own", "aws:policy/Used", "aws:policy/Unused"
    store({own: 0, used: 1, unused: 0}, Claim(kind, Scope(A)), NOON)
    assert {kind: [f"{A}|arn:aws:iam::{used}"]} == previously_used(Store(tmp_path), {kind: count, "Other": count})
    denied = store({}, Claim(kind, Scope(A), "denied"), NOON + DAY)
    assert ({kind: 3}, {}) == (denied.as_before, denied.gone)
    staying = store({}, Claim(kind, Scope(A)), NOON + 2 * DAY)
    assert ({}, {kind: 1}) == (staying.as_before, staying.gone), "the account's own policy alone has disappeared"
    with Store(tmp_path).reading() as snapshot:
        left = [row["Id"] for row in rows_of(snapshot, kind)] if kind in snapshot.tables.by_name else []
    assert not [identity for identity in left if ":aws:policy/" in identity]
