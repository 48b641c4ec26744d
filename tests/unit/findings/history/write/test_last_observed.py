"""Facts keep their days in a history: what was looked at before that moves nothing, object by object, and tells nobody gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.findings.history.write.commit import commit_run
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

A, C, B = Thing("a"), Thing("c"), Thing("b", "2")
DAY = timedelta(days=1)
WHOLE = [Claim("Thing")]
ACCOUNT = [Claim("Thing", Scope("1"))]


def commit(
    inventory: Inventory, codes: Mapping[Thing, int] | None, day: int, *, seen: Mapping[str, int] | None = None, **more: Any
) -> dict[str, int]:
    """Commit the codes of a day, of which some accounts were seen before, and return what happened."""
    times = {account: BEGIN + before * DAY for account, before in (seen or {}).items()}
    things = None if codes is None else {thing: [code] for thing, code in codes.items()}
    asked = more.pop("asked", [program("/ce/p")])
    things = {thing: code if asked else [] for thing, code in things.items()} if things else things
    committed = commit_run(inventory.place, inventory.judged(things, asked, time=BEGIN + day * DAY, seen=times, **more))
    assert committed is not None
    return dict(committed.events)


def late(inventory: Inventory) -> tuple[str, ...]:
    return inventory.place.head().runs[-1].late


def looked(inventory: Inventory) -> list[int]:
    """Return on which days objects were looked at that the last run of each saw before its own."""
    file = inventory.place.head().types["Thing"].looked
    rows = [] if file is None else duckdb.read_parquet(str(inventory.place.path(file))).order("object_no").fetchall()
    begin = int(BEGIN.timestamp() * 1000)
    return [(time - begin) // 86_400_000 for _, time in rows]


def test_what_an_old_source_says_beside_a_fresh_one_moves_nothing(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199, B: 199}, 4)
    assert {"resolved": 1} == commit(inventory, {A: 300, B: 300}, 5, seen={"1": 3})
    assert ("1",) == late(inventory)
    assert {"resolved": 1} == commit(inventory, {A: 300, B: 300}, 6, seen={"1": 4})
    assert () == late(inventory)


def test_what_an_old_source_told_first_is_moved_by_a_less_old_one(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    assert {"opened": 2} == commit(inventory, {A: 199, B: 199}, 9, seen={"1": 3})
    assert [3] == looked(inventory)
    assert {} == commit(inventory, {A: 300, B: 199}, 10, seen={"1": 2})
    assert {"resolved": 1} == commit(inventory, {A: 300, B: 199}, 11, seen={"1": 5})
    assert [5] == looked(inventory)
    assert {} == commit(inventory, {A: 199, B: 199}, 12, seen={"1": 4})
    before = {*tmp_path.rglob("history/looked/*/*")}
    assert {"reopened": 1} == commit(inventory, {A: 199, B: 199}, 13)
    assert [] == looked(inventory)
    assert before == {*tmp_path.rglob("history/looked/*/*")}


def test_days_are_kept_object_by_object(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199, C: 199}, 4, seen={"1": 1})
    commit(inventory, {A: 199}, 5)
    assert [1] == looked(inventory)
    assert {"resolved": 1} == commit(inventory, {A: 300, C: 300}, 6, seen={"1": 2})
    assert ("1",) == late(inventory)


def test_an_account_of_which_nothing_is_told_keeps_its_days(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199, B: 199}, 4, seen={"1": 1})
    commit(inventory, {B: 300}, 5)
    commit(inventory, None, 6)
    assert [1] == looked(inventory)
    assert {} == commit(inventory, {A: 300}, 7, seen={"1": 0})
    assert {"resolved": 1} == commit(inventory, {A: 300}, 8, seen={"1": 2})


def test_nobody_is_gone_since_then_by_what_was_known_before(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199, C: 199}, 4, seen={"1": 1})
    commit(inventory, {A: 199}, 5)
    assert {"resource_deleted": 1} == commit(inventory, {B: 300}, 6, seen={"1": 2}, claims=ACCOUNT)
    assert {"resource_deleted": 1} == commit(inventory, {B: 300}, 7, seen={"1": 5}, claims=ACCOUNT)


def test_what_an_old_source_still_holds_is_not_gone(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 4)
    assert {} == commit(inventory, {A: 300}, 5, seen={"1": 3}, claims=WHOLE)
    assert ("1",) == late(inventory)


def test_what_an_old_source_lacks_keeps_a_fresh_one_from_telling_who_is_gone(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 4)
    denied = Claim("Thing", Scope("1"), "denied")
    assert {} == commit(inventory, {B: 300}, 5, seen={"1": 3}, claims=[*WHOLE, denied])
    assert {"resource_deleted": 1} == commit(inventory, {B: 300}, 6, seen={"1": 3}, claims=WHOLE)


def test_what_has_replaced_an_object_has_days_of_its_own(tmp_path: Path) -> None:
    inventory, new = Inventory(tmp_path), Thing("a", created="2026-01-01T12:00:00Z")
    commit(inventory, {Thing("a", created="2025-01-01T00:00:00Z"): 199}, 3, seen={"1": 0})
    assert {"resource_deleted": 1, "opened": 1} == commit(inventory, {new: 199}, 4, seen={"1": 1})
    assert [1] == looked(inventory)
    assert {"resolved": 1} == commit(inventory, {new: 300}, 5, seen={"1": 2})


def test_who_is_gone_is_so_since_the_newest_claim(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 1)
    assert {"resource_deleted": 1} == commit(
        inventory, {B: 300}, 9, seen={"1": 4, "2": 6}, claims=[*ACCOUNT, *WHOLE, Claim("Thing", Scope("2"))]
    )
    assert [6] == looked(inventory)  # of account 2; that a is gone is known of the day itself
    assert {} == commit(inventory, {A: 199}, 10, seen={"1": 8})
    assert {"reopened": 1} == commit(inventory, {A: 199}, 11, seen={"1": 10})


def test_who_is_gone_by_an_old_claim_comes_back_by_a_less_old_one(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 1)
    assert {"resource_deleted": 1} == commit(inventory, {B: 300}, 9, seen={"1": 4}, claims=ACCOUNT)
    assert [4] == looked(inventory)
    assert {} == commit(inventory, {A: 199}, 10, seen={"1": 3})
    assert {"reopened": 1} == commit(inventory, {A: 199}, 11, seen={"1": 5})


def test_a_run_that_asks_nothing_of_objects_has_not_looked_at_them(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 4, seen={"1": 1})
    assert {"policy_removed": 1} == commit(inventory, {A: 199}, 6, seen={"1": 5}, asked=[], retired=frozenset({"/ce/p"}))
    assert [1] == looked(inventory)


def test_sources_of_the_days_of_their_runs_are_not_written_down(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    commit(inventory, {A: 199}, 4, seen={"1": 4})
    commit(inventory, {A: 300}, 5, seen={"1": 99})
    assert [] == looked(inventory) == list(tmp_path.rglob("history/looked/*/*"))


@pytest.mark.parametrize(("stated", "expected"), [(3, 3), (5, 5), (5.5, 5), (99, 5), (-22_000, 5)])
def test_a_source_has_looked_at_the_latest_on_the_day_of_its_run(tmp_path: Path, stated: float, expected: int) -> None:
    run = Inventory(tmp_path).judged({A: [199]}, [program("/ce/p")], time=BEGIN + 5 * DAY, seen={"1": BEGIN + stated * DAY})
    begin = int(BEGIN.timestamp() * 1000)
    assert [5, expected] == [(time - begin) / 86_400_000 for time in run.looked]


def test_nobody_is_gone_by_what_is_read_of_the_account_of_the_same_number_in_another_partition(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    ours, theirs, other = (Thing(f"arn:{one}:iam::1:user/ann") for one in ("aws", "aws-cn", "aws-us-gov"))
    assert {"opened": 1} == commit(inventory, {ours: 199}, 1, claims=ACCOUNT)
    assert {"opened": 1} == commit(inventory, {theirs: 199}, 2, claims=ACCOUNT)
    assert {"resource_deleted": 1} == commit(inventory, {Thing("arn:aws:iam::1:user/bob"): 300}, 3, claims=ACCOUNT)
    assert {"resource_deleted": 1} == commit(
        inventory, {Thing("arn:aws-cn:iam::1:user/bob"): 300, other: 300}, 4, claims=ACCOUNT
    )
    assert {} == commit(inventory, {}, 5, claims=ACCOUNT)


def test_what_the_provider_owns_is_not_deleted_because_no_listing_shows_it(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    provided, own = Thing("1|arn:aws:iam::aws:policy/Admin"), Thing("1|arn:aws:iam::111122223333:policy/own")
    assert {"opened": 2} == commit(inventory, {provided: 199, own: 199}, 1)
    assert {"resource_deleted": 1} == commit(inventory, {A: 300}, 2, claims=ACCOUNT)
