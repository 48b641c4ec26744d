"""What is waived of findings: limits, force, overlaps, statuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from perpend.core.objects.status import Status
from perpend.findings.waivers.matches import WAIVED, WaiverMatches, cover
from perpend.findings.waivers.matching import CANDIDATES, insert_rows
from perpend.findings.waivers.status import Force, WaiverStatus
from perpend.inventory.snapshots.database import Connection, opened, rows_of
from tests.unit.findings.waivers.made import ASKED, standing


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with opened() as found:
        yield found


def covering(
    connection: Connection, *standings: WaiverStatus, statuses: tuple[str, ...] = ("INCOMPLIANT",) * 4
) -> WaiverMatches:
    rows: list[tuple[Any, ...]] = [
        ("/p", "T", str(place), None, None, "1", None, None, status, place) for place, status in enumerate(statuses)
    ]
    insert_rows(connection, CANDIDATES, rows)
    return cover(connection, standings, ASKED)


def test_a_waiver_at_its_limit_covers_and_over_it_covers_nothing(connection: Connection) -> None:
    found = covering(connection, standing("at", limit=4), standing("over", limit=3))
    assert {("/p", Status.INCOMPLIANT): 4} == found.waived
    assert {("at", "/p"): 4} == found.by_waiver
    assert [Force.IN_FORCE, Force.OVER_LIMIT] == [one.force for one in found.waiver_statuses]
    over = covering(connection, standing("over", limit=3))
    assert ({}, {"over": 4}) == (over.waived, over.covers)


@pytest.mark.parametrize("force", [Force.EXPIRED, Force.NOT_BEGUN, Force.NOT_APPROVED])
def test_a_waiver_that_is_not_in_force_covers_nothing_and_says_what_it_would(connection: Connection, force: Force) -> None:
    found = covering(connection, standing(force=force))
    assert ({}, {"w": 4}, 0) == (found.waived, found.covers, found.waived_of("/p"))
    assert [] == rows_of(connection, f"SELECT * FROM {WAIVED}")


def test_what_is_undetermined_is_covered_only_where_it_is_named(connection: Connection) -> None:
    statuses = ("INCOMPLIANT", "UNDETERMINED")
    assert 0 == covering(connection, standing(), statuses=statuses).number(Status.UNDETERMINED)
    named = covering(connection, standing(statuses=("UNDETERMINED",)), statuses=statuses)
    assert (0, 1) == (named.number(Status.INCOMPLIANT), named.number(Status.UNDETERMINED))


def test_of_two_waivers_the_first_is_shown_and_both_are_named(connection: Connection) -> None:
    found = covering(connection, standing("a", until=date(2026, 12, 1)), standing("b", scope={"objects": ("0", "1")}))
    assert ({("a", "b"): 2}, {("a", "/p"): 4}) == (found.overlaps, found.by_waiver)
    assert [("a", "2026-12-01")] == rows_of(connection, f"SELECT DISTINCT waiver, waived_until FROM {WAIVED}")
