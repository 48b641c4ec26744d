"""Which policies a pattern means, whatever stands in it, and how much is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.findings.waivers.entries import matching_policies
from perpend.findings.waivers.read import waivers_below
from perpend.language.syntax.files import Files
from tests.repositories import write

POLICIES = ("/ce/a/b", "/ce/a/b-c", "/ce/a/b/c", "/ce/x")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/ce/a/b", ("/ce/a/b",)),
        ("/ce/a/*", ("/ce/a/b", "/ce/a/b-c")),
        ("/ce/**", POLICIES),
        ("/ce/a/b*", ("/ce/a/b", "/ce/a/b-c")),
        ("/ce/.", ()),
        ("**c", ("/ce/a/b-c", "/ce/a/b/c")),
    ],
)
def test_a_star_stays_within_a_segment_and_two_do_not(pattern: str, found: tuple[str, ...]) -> None:
    assert found == matching_policies([pattern], POLICIES)


def test_a_pattern_of_many_stars_takes_no_time_to_fail_and_odd_texts_are_compared() -> None:
    assert () == matching_policies(["**a" * 8 + "b"], ["a" * 2_000] * 20)
    assert ("/ce/\udc80é",) == matching_policies(["/ce/\udc80*"], ["/ce/\udc80é", "/ce/é"])


def test_all_lists_together_are_bounded_and_that_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perpend.findings.waivers.entries._MOST_IN_ALL", 3)
    common = {"kind": "accepted-risk", "reason": "R", "owner": "o", "until": "2027-01-01", "limit": 1}
    many = [{"id": f"w{number}", "policies": ["/a", "/b"], **common} for number in range(4)]
    found = waivers_below(Files(write(tmp_path, {"waivers/a.yaml": {"waivers": many}})), "waivers")
    assert ["all lists together hold more than 3 values"] == [one.message for one in found.diagnostics]
