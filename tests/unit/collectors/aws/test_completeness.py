"""What is claimed: by listings that came to their end, and, in words of their own, by whoever declares regions to be empty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.error_classification import FailureKind, unread
from perpend.collectors.aws.parse import CloudPlace
from perpend.collectors.aws.tables import IDENTITY
from perpend.collectors.completeness import completeness_of
from perpend.collectors.protocol import STATED, AccountEntry, ClosedRegion, Completeness, WorkUnit, WorkUnitResult
from perpend.collectors.runs.checkpoint import document_of, entry_from
from perpend.core.objects.claims import Claim, Scope
from perpend.core.objects.inventory import Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCOUNT, HUB = "111122223333", "CA10A1__CaAwsSecurityHub__c"
WORDS = "--closed-region ap-*"
PLAN = CLOUD.plan({HUB: {"CA10__hubArn__c"}})


def sources(*, lacking: bool = False, stated: tuple[str, ...] = ("ap-east-1",)) -> tuple[AccountEntry, tuple[Source, ...]]:
    [listing] = {*PLAN.listings} - {IDENTITY}
    entry = AccountEntry(ACCOUNT, regions=("ap-east-1", "us-east-1"), asked=("us-east-1",), stated=stated, at=NOON)
    why = unread(CALLS[listing], FailureKind.FAILED, CloudPlace(ACCOUNT, "aws", "us-east-1"), "NoResult") if lacking else None
    cell, own = WorkUnit(ACCOUNT, "us-east-1", listing), WorkUnit(ACCOUNT, "", IDENTITY)
    ends = {cell: WorkUnitResult(cell, NOON, NOON, why), own: WorkUnitResult(own, NOON, NOON)}
    return entry, completeness_of(PLAN, [entry], ends, {}, WORDS).sources


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


def test_what_nobody_has_heard_the_end_of_is_not_known() -> None:
    entry = AccountEntry(ACCOUNT, regions=("us-east-1",), asked=("us-east-1",), at=NOON)
    found = completeness_of(PLAN, [entry], {}, {}, "")
    [source] = found.sources
    [claim] = [one for one in source.coverage if one.type_name == HUB]
    assert (Scope(ACCOUNT, "us-east-1"), True) == (claim.scope, bool(claim.lacking))
    assert {str(one) for one in found.unread} >= {claim.lacking}


@pytest.mark.parametrize("wanted", ["CA10__CaAwsUser__c", "CA10__CaAwsRole__c"])
def test_nor_is_what_is_listed_in_no_region(wanted: str) -> None:
    plan = CLOUD.plan({wanted: {"CA10__arn__c"}})
    entry = AccountEntry(ACCOUNT, at=NOON)
    claims = [one for source in completeness_of(plan, [entry], {}, {}, "").sources for one in source.coverage]
    assert [(wanted, True)] == [(one.type_name, bool(one.lacking)) for one in claims if one.type_name == wanted]


HUBS_SEEN = {ACCOUNT: {(HUB, "af-south-1"): 2, ("CA10__CaAwsS3Bucket__c", "me-south-1"): 5, (HUB, "us-east-1"): 1}}


def of_closed(stated: tuple[str, ...] = (), seen: Any = HUBS_SEEN) -> Completeness:
    """Return what comes of an account with one region that is enabled, and answered."""
    [listing] = {*PLAN.listings} - {IDENTITY}
    entry = AccountEntry(ACCOUNT, regions=("us-east-1",), asked=("us-east-1",), stated=stated, at=NOON)
    cells = WorkUnit(ACCOUNT, "us-east-1", listing), WorkUnit(ACCOUNT, "", IDENTITY)
    return completeness_of(PLAN, [entry], {cell: WorkUnitResult(cell, NOON, NOON) for cell in cells}, {}, WORDS, seen)


def test_a_region_that_is_disabled_is_not_known_once_something_listed_by_region_was_seen_there() -> None:
    found = of_closed()
    closed = f"region closed for securityhub:DescribeHub in {ACCOUNT}/af-south-1"
    claims = (Claim(HUB, Scope(ACCOUNT, "af-south-1"), closed), Claim(HUB, Scope(ACCOUNT, "us-east-1")))
    assert ((ClosedRegion(ACCOUNT, "af-south-1", 2),), claims) == (found.closed, found.sources[0].coverage)


@pytest.mark.parametrize("stated", [(), ("af-south-1",)])
def test_a_region_that_is_disabled_and_in_which_nothing_was_seen_is_empty(stated: tuple[str, ...]) -> None:
    found = of_closed(stated, {})
    assert ((), 1, (Claim(HUB, Scope(ACCOUNT)),)) == (found.closed, len(found.sources), found.sources[0].coverage)


def test_a_region_that_is_disabled_may_be_declared_empty_though_something_was_seen_there() -> None:
    found = of_closed(("af-south-1",))
    assert ((), (Claim(HUB, Scope(ACCOUNT, "us-east-1")),)) == (found.closed, found.sources[0].coverage)
    assert (Claim(HUB, Scope(ACCOUNT, "af-south-1")), Claim(HUB, Scope(ACCOUNT))) == found.sources[1].coverage
