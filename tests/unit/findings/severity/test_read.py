"""``ratings/*.yaml``: what is read of them, and what of it makes all of them unusable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from perpend.findings.severity.read import RatingFiles, ratings_below
from perpend.findings.waivers import entries
from perpend.language.syntax.files import Files
from tests.repositories import write

RATING = {"policies": ["/ce/a"], "severity": "high", "because": "Why.", "source": "board"}
SHIFT = {"scope": {"accounts": ["1"]}, "by": 1, "because": "Why.", "source": "ops"}


def read(root: Path, **written: object) -> RatingFiles:
    return ratings_below(Files(write(root, {"ratings/a.yaml": written})), "ratings")


def test_what_files_say_is_read_in_the_order_of_paths(tmp_path: Path) -> None:
    rated = {**RATING, "vector": "AV:N/AC:L", "resolveWithin": "2d"}
    files = {
        "ratings/b.yaml": {"ratings": [{**RATING, "severity": "low"}], "lower": [{**SHIFT, "by": 9}]},
        "ratings/a.yaml": {"ratings": [rated], "raise": [{**SHIFT, "policies": ["/ce/**"]}]},
    }
    found = ratings_below(Files(write(tmp_path, files)), "ratings")
    assert () == found.diagnostics
    assert [("high", "AV:N/AC:L", timedelta(days=2)), ("low", None, None)] == [
        (one.level, one.vector, one.within) for one in found.ratings
    ]
    assert [(("/ce/**",), 1), ((), -5)] == [(one.policies, one.steps) for one in found.shifts]
    assert (RatingFiles(), 7) == (ratings_below(Files(tmp_path), "nowhere"), found.ratings[0].span.line)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"severity": "grave"}, "`grave` is not allowed here"),
        ({"severity": None}, "not allowed here"),
        ({"because": " "}, "a text that is not blank"),
        ({"source": "x" * 501}, "`source` is longer than 500 signs"),
        ({"policies": []}, "`policies` lists nothing"),
        ({"policies": ["*a" * 9]}, "more than 8 `*`"),
        ({"vector": "high"}, "`high` is no vector"),
        ({"vector": "AV:N/" * 50}, "is no vector"),
        ({"resolveWithin": "soon"}, "`soon` is no length of time"),
        ({"resolveWithin": "0d"}, "`0d` is no length of time"),
    ],
)
def test_one_fault_is_told_and_the_rating_is_left_out(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    found = read(tmp_path, ratings=[{**RATING, **changed}])
    assert () == found.ratings
    assert any(message in one.message for one in found.diagnostics), found.diagnostics


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scope": {}}, "the scope names nothing"),
        ({"scope": {"tags": ["a"]}}, "`a` is no tag"),
        ({"by": 0}, "a whole number from 1 on"),
        ({"policies": []}, "`policies` lists nothing"),
    ],
)
def test_a_shift_says_where_and_by_how_much(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    found = read(tmp_path, lower=[{**SHIFT, **changed}])
    assert () == found.shifts
    assert any(message in one.message for one in found.diagnostics), found.diagnostics


@pytest.mark.parametrize("missing", ["policies", "severity", "because", "source"])
def test_nothing_is_rated_without_a_reason_and_somebody_who_says_so(tmp_path: Path, missing: str) -> None:
    found = read(tmp_path, ratings=[{key: value for key, value in RATING.items() if key != missing}])
    assert ((), [f"`{missing}` is missing"]) == (found.ratings, [one.message for one in found.diagnostics])


def test_more_entries_than_are_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert entries.MOST == 10_000
    monkeypatch.setattr("perpend.findings.severity.read.MOST", 2)
    found = read(tmp_path, ratings=[RATING] * 2, **{"raise": [SHIFT]})
    assert ["there are more than 2 entries"] == [one.message for one in found.diagnostics]
