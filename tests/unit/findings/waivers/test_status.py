"""When a waiver is in force, and which one is shown."""

from __future__ import annotations

from datetime import date

import pytest

from perpend.findings.waivers.read import WaiverFiles
from perpend.findings.waivers.status import DecisionDay, Force, force_of, waiver_statuses_on
from tests.unit.findings.waivers.made import ASKED, DAY, waiver


@pytest.mark.parametrize(
    ("more", "approvers", "force"),
    [
        ({"until": DAY}, (), Force.IN_FORCE),
        ({"until": date(2026, 11, 19)}, (), Force.EXPIRED),
        ({"until": None}, (), Force.IN_FORCE),
        ({"begins": DAY}, (), Force.IN_FORCE),
        ({"begins": date(2026, 11, 21)}, (), Force.NOT_BEGUN),
        ({}, ("p",), Force.NOT_APPROVED),
        ({"approved_by": "p"}, ("p",), Force.IN_FORCE),
        ({"approved_by": "o"}, ("o",), Force.NOT_APPROVED),
        ({"approved_by": "o", "owner": " O\u00a0"}, ("o",), Force.NOT_APPROVED),
    ],
)
def test_a_waiver_is_in_force_on_its_days_and_with_approval(
    more: dict[str, object], approvers: tuple[str, ...], force: Force
) -> None:
    assert force is force_of(waiver(**more), ASKED, approvers)


def test_a_waiver_ends_by_the_calendar_unless_somebody_names_the_day() -> None:
    long_ago, day = waiver(begins=date(2020, 1, 1), until=date(2020, 12, 31)), date(2020, 6, 1)
    assert Force.EXPIRED is force_of(long_ago, DecisionDay.of(day, named=False), ())
    assert Force.IN_FORCE is force_of(long_ago, DecisionDay.of(day, named=True), ())
    assert Force.NOT_BEGUN is force_of(waiver(begins=DAY, until=None), DecisionDay.of(day, named=False), ())
    assert DecisionDay(date.max, date.max) == DecisionDay.of(date.max, named=False)


def test_what_ends_first_stands_in_front() -> None:
    files = WaiverFiles((waiver("a", until=None), waiver("c"), waiver("b"), waiver("z", until=DAY)))
    assert ["z", "b", "c", "a"] == [one.waiver.id for one in waiver_statuses_on(files, ASKED, ["/p"])]
