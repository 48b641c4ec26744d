"""What was not read of an account stays so until somebody tells of it: a run over others, or an older one, reads nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.findings.history.write.commit import commit_run
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

A, B = Thing("a"), Thing("b", "2")
DAY = timedelta(days=1)
DENIED = Claim("Thing", Scope("1"), "denied")
FAILED = Claim("", lacking="x.csv could not be read")


def in_part(inventory: Inventory, codes: Mapping[Thing, int] | None, day: int, *claims: Claim, **more: Any) -> dict[str, str]:
    """Commit the codes of a day, and return which policies have judged in part by then, and why."""
    asked = more.pop("asked", [program("/ce/p")])
    things = None if codes is None else {thing: [code] * len(asked) for thing, code in codes.items()}
    seen = {account: BEGIN + before * DAY for account, before in more.pop("seen", {}).items()}
    assert commit_run(inventory.place, inventory.judged(things, asked, time=BEGIN + day * DAY, claims=claims, seen=seen))
    return inventory.place.head().in_part()


@pytest.mark.parametrize("things", [{B: 200}, {}, None], ids=["of another account", "none", "no table"])
def test_what_was_denied_stays_in_part_where_a_run_tells_nothing_of_the_account(tmp_path: Path, things: Any) -> None:
    inventory = Inventory(tmp_path)
    assert {"/ce/p": "denied"} == in_part(inventory, {A: 200, B: 200}, 1, DENIED)
    assert {"/ce/p": "denied"} == in_part(inventory, things, 2, Claim("Thing", Scope("2")))
    assert {"/ce/p": "denied"} == in_part(inventory, things, 3, Claim("Thing", Scope("1", "eu")))
    assert {} == in_part(inventory, {A: 200}, 4)


@pytest.mark.parametrize("claim", [Claim("Thing", Scope("1")), Claim("Thing")])
def test_a_claim_on_the_account_ends_it(tmp_path: Path, claim: Claim) -> None:
    inventory = Inventory(tmp_path)
    in_part(inventory, {A: 200, B: 200}, 1, DENIED)
    assert {} == in_part(inventory, {B: 200}, 2, claim)


def test_what_is_older_ends_nothing(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    in_part(inventory, {A: 200, B: 200}, 4, DENIED)
    assert {"/ce/p": "denied"} == in_part(inventory, {A: 300, B: 200}, 3, Claim("Thing"))
    assert {"/ce/p": "denied"} == in_part(inventory, {A: 300, B: 200}, 6, Claim("Thing", Scope("1")), seen={"1": 2})
    assert {} == in_part(inventory, {A: 300, B: 200}, 7, Claim("Thing", Scope("1")), seen={"1": 6})


def test_what_is_denied_again_is_told_as_it_is_now(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    in_part(inventory, {A: 200, B: 200}, 1, DENIED)
    assert {"/ce/p": "throttled"} == in_part(inventory, {A: 200}, 2, Claim("Thing", Scope("1"), "throttled"))


def test_an_input_that_could_not_be_read_is_told_until_all_known_accounts_are(tmp_path: Path) -> None:
    inventory, why = Inventory(tmp_path), {"/ce/p": "x.csv could not be read"}
    assert why == in_part(inventory, {A: 200, B: 200}, 1, FAILED)
    assert why == in_part(inventory, {A: 200}, 2)
    assert {} == in_part(inventory, {A: 200, B: 200}, 3)
    assert why == in_part(inventory, {A: 200}, 4, FAILED)
    assert {} == in_part(inventory, {A: 300}, 5, Claim("Thing"))


def test_each_policy_is_asked_for_itself(tmp_path: Path) -> None:
    """What was denied while one was asked was read while another was."""
    inventory, both = Inventory(tmp_path), [program("/ce/p"), program("/ce/q")]
    in_part(inventory, {A: 200, B: 200}, 1, DENIED, asked=both)
    assert {"/ce/q": "denied"} == in_part(inventory, {A: 200}, 2)
    assert {"/ce/q": "denied"} == in_part(inventory, {B: 200}, 3)


def test_of_many_accounts_one_reason_is_told(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    some = [Claim("Thing", Scope(str(number)), "denied") for number in range(3, 23)]
    assert {"/ce/p": "denied"} == in_part(inventory, {A: 200}, 1, *some)
    assert {"/ce/p": "denied"} == in_part(inventory, {A: 300}, 2, DENIED)
    assert (("", "denied"),) == inventory.place.head().runs[-1].unread["Thing"]
