"""Which policies a pattern means, whatever stands in it."""

from __future__ import annotations

import pytest

from perpend.waivers.entries import meant

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
    assert found == meant([pattern], POLICIES)


def test_a_pattern_of_many_stars_takes_no_time_to_fail_and_odd_texts_are_compared() -> None:
    assert () == meant(["**a" * 8 + "b"], ["a" * 2_000] * 20)
    assert ("/ce/\udc80é",) == meant(["/ce/\udc80*"], ["/ce/\udc80é", "/ce/é"])
