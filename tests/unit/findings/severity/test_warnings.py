"""What is told of ratings: policies that are not there, and entries that others override."""

from __future__ import annotations

import pytest

from perpend.core.diagnostics.model import Span
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.read import PolicyRating, RatingFiles, SeverityShift
from perpend.findings.severity.warnings import rating_warnings
from tests.unit.findings.severity.made import rating, shift

POLICIES = ("/ce/a", "/ce/b", "/ce/c")


def told(*ratings: PolicyRating, shifts: tuple[SeverityShift, ...] = (), unrated: bool = False) -> list[tuple[str, str]]:
    files = RatingFiles(ratings, shifts)
    found = rating_warnings(files, ratings_in_force(files, POLICIES), POLICIES, unrated=unrated)
    return [(one.code, one.message) for one in found]


def test_a_pattern_with_its_exceptions_is_not_told() -> None:
    assert [] == told(rating("/ce/*"), rating("/ce/b"), shifts=(shift(1),))


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ((rating("/ce/a"), rating("/ce/*")), "is rated again in ratings/a.yaml:1, which holds: nothing of this entry holds"),
        ((rating("/ce/*"), rating("/ce/b", span=Span("ratings/b.yaml", 7))), "is rated again in ratings/b.yaml:7, which holds"),
    ],
)
def test_what_is_rated_twice_is_told(ratings: tuple[PolicyRating, ...], message: str) -> None:
    ((code, found),) = told(*ratings)
    assert ("R103", True) == (code, found.endswith(message))


def test_what_rates_or_moves_nothing_is_told() -> None:
    assert [("R102", "there is no policy `/ce/x*`")] == told(rating("/ce/a", "/ce/x*"))
    assert [("R102", "there is no policy `/ce/x`")] == told(rating("/ce/a"), shifts=(shift(1, "/ce/x"),))
    assert [("R102", "no policy that it means is rated: nothing is moved")] == told(
        rating("/ce/a"), shifts=(shift(1, "/ce/b"),)
    )


def test_what_nobody_has_rated_is_told_on_request_only() -> None:
    assert [] == told(rating("/ce/a", "/ce/b"))
    assert [("R104", "/ce/c is not rated")] == told(rating("/ce/a", "/ce/b"), unrated=True)
