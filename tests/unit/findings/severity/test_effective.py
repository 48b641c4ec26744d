"""Which rating holds for a policy, what is moved how far, and what is told of ratings that do not hold."""

from __future__ import annotations

import pytest

from perpend.core.objects.status import Status
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.levels import LEVELS, FindingSeverity, SeverityLevel
from perpend.findings.severity.read import RatingFiles
from tests.unit.findings.severity.made import rating, shift

POLICIES = ("/ce/a", "/ce/b", "/ce/c")


def test_the_later_rating_holds_and_the_rest_is_not_rated() -> None:
    files = RatingFiles((rating("/ce/*"), rating("/ce/b", level=SeverityLevel.LOW)), (shift(1), shift(-1, "/ce/c")))
    found = ratings_in_force(files, ("/ce/a", "/ce/b", "/x"))
    assert {"/ce/a": "high", "/ce/b": "low"} == {policy: one.level for policy, one in found.by_policy.items()}
    assert (("/x",), None) == (found.unrated, found.of("/x", 3))
    assert [("/ce/a", "/ce/b"), ()] == [one.policies for one in found.shifts]


@pytest.mark.parametrize(
    ("steps", "level", "moved"), [(0, "high", 0), (1, "critical", 1), (9, "critical", 1), (-2, "low", -2), (-9, "info", -3)]
)
def test_a_level_is_never_moved_beyond_the_last_one(steps: int, level: str, moved: int) -> None:
    found = ratings_in_force(RatingFiles((rating("/ce/a"),)), POLICIES).of("/ce/a", steps)
    assert FindingSeverity(SeverityLevel(level), "board", "Why.", moved) == found


def test_what_is_not_known_would_be_so_severe() -> None:
    assert [1, 2, 3, 4, 5] == [level.rank for level in LEVELS]
    found = FindingSeverity(SeverityLevel.HIGH, "board", "Why.", 1)
    assert ("high (board, raised)", "would be high (board, raised)") == (
        found.text(Status.INCOMPLIANT),
        found.text(Status.UNDETERMINED),
    )
    assert "high (board, lowered)" == FindingSeverity(SeverityLevel.HIGH, "board", "", -1).text(Status.INCOMPLIANT)
