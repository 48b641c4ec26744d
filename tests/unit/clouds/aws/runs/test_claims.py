"""Regions that somebody declares to be empty: claimed by a source of their own, in the words of whoever said so."""

from __future__ import annotations

from datetime import UTC, datetime

from perpend.clouds.aws.cells import AccountEntry, Cell, CellEnd, document_of, entry_from
from perpend.clouds.aws.outcomes import Lack, unread
from perpend.clouds.aws.parse import CloudPlace
from perpend.clouds.aws.plan import plan_of
from perpend.clouds.aws.runs.claims import STATED, collection_of
from perpend.clouds.aws.tables import CALLS
from perpend.ir.coverage import Claim, Scope
from perpend.ir.estate import Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCOUNT, HUB = "111122223333", "CA10A1__CaAwsSecurityHub__c"
WORDS = "--closed-region ap-*"
PLAN = plan_of({HUB: {"CA10__hubArn__c"}})


def sources(*, lacking: bool = False, stated: tuple[str, ...] = ("ap-east-1",)) -> tuple[AccountEntry, tuple[Source, ...]]:
    [listing] = PLAN.listings
    entry = AccountEntry(ACCOUNT, regions=("ap-east-1", "us-east-1"), asked=("us-east-1",), stated=stated, at=NOON)
    why = unread(CALLS[listing], Lack.FAILED, CloudPlace(ACCOUNT, "aws", "us-east-1"), "NoResult") if lacking else None
    cell = Cell(ACCOUNT, "us-east-1", listing)
    return entry, collection_of(PLAN, [entry], {cell: CellEnd(cell, NOON, NOON, why)}, {}, WORDS).sources


def test_what_was_listed_and_what_was_declared_are_claimed_apart() -> None:
    entry, (listed, declared) = sources()
    assert entry == entry_from(document_of(entry))
    assert (Claim(HUB, Scope(ACCOUNT, "us-east-1")),) == listed.coverage
    assert (WORDS, STATED, NOON, (ACCOUNT,)) == (declared.name, declared.kind, declared.observed_at, declared.accounts)
    assert (Claim(HUB, Scope(ACCOUNT, "ap-east-1")), Claim(HUB, Scope(ACCOUNT))) == declared.coverage


def test_a_declaration_makes_up_for_no_listing_that_failed() -> None:
    _, (listed, declared) = sources(lacking=True)
    assert (Claim(HUB, Scope(ACCOUNT, "ap-east-1")),) == declared.coverage
    assert [True] == [claim.lacking is not None for claim in listed.coverage]


def test_a_region_that_nobody_declares_is_not_known() -> None:
    _, (listed,) = sources(stated=())
    assert {"ap-east-1": True, "us-east-1": False} == {one.scope.region: bool(one.lacking) for one in listed.coverage}
