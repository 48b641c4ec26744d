"""When a waiver is in force, and which one is shown."""

from __future__ import annotations

from datetime import date

import pytest

from perpend.waivers.read import WaiverFiles
from perpend.waivers.standing import Force, force_of, standings_on
from tests.unit.waivers.made import DAY, waiver


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
    assert force is force_of(waiver(**more), DAY, approvers)


def test_what_ends_first_stands_in_front() -> None:
    files = WaiverFiles((waiver("a", until=None), waiver("c"), waiver("b"), waiver("z", until=DAY)))
    assert ["z", "b", "c", "a"] == [one.waiver.id for one in standings_on(files, DAY, ["/p"])]
