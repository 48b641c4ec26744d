"""The day of a run is the given one, else the newest at which any source may have been observed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from perpend.evaluation.verdicts.evaluation_time import EvaluationTime, evaluation_time

TODAY = datetime(2026, 3, 1, 17, 30, 15, 999, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(days=2), TODAY + timedelta(days=1)
TO_COME = AFTER + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], EvaluationTime(MIDNIGHT, assumed=True)),
        ([None], EvaluationTime(MIDNIGHT, assumed=True)),
        ([BEFORE, None], EvaluationTime(MIDNIGHT, assumed=True)),
        ([MIDNIGHT, None], EvaluationTime(MIDNIGHT, assumed=True)),
        ([None, TODAY], EvaluationTime(TODAY)),
        ([AFTER, None], EvaluationTime(AFTER)),
        ([BEFORE, AFTER, TODAY], EvaluationTime(AFTER)),
        ([TO_COME], EvaluationTime(MIDNIGHT, assumed=True)),
        ([BEFORE, TO_COME], EvaluationTime(MIDNIGHT, assumed=True)),
        ([TO_COME, AFTER], EvaluationTime(AFTER)),
        ([datetime(1970, 1, 1, 23, tzinfo=UTC)], EvaluationTime(MIDNIGHT, assumed=True)),
        ([BEFORE, datetime(1, 1, 1, tzinfo=UTC)], EvaluationTime(MIDNIGHT, assumed=True)),
        ([BEFORE], EvaluationTime(BEFORE)),
        ([MIDNIGHT], EvaluationTime(MIDNIGHT)),
    ],
)
def test_the_day_of_a_run(times, expected):
    assert expected == evaluation_time(times, today=TODAY) == evaluation_time(reversed(times), today=TODAY)
    assert EvaluationTime(BEFORE, given=True) == evaluation_time(times, snapshot_time=BEFORE, today=TODAY)


def test_today_is_now_unless_it_is_said():
    before = datetime.now(UTC)
    found = evaluation_time([None])
    assert (True, UTC) == (found.assumed, found.time.tzinfo)
    assert before - timedelta(days=1) < found.time <= datetime.now(UTC)
    assert (0, 0, 0, 0) == (found.time.hour, found.time.minute, found.time.second, found.time.microsecond)


def test_a_day_in_milliseconds_is_that_of_the_same_moment_anywhere():
    assert 1_772_323_200_000 == EvaluationTime(MIDNIGHT).milliseconds
    assert EvaluationTime(TODAY).milliseconds == EvaluationTime(TODAY.astimezone(timezone(timedelta(hours=5)))).milliseconds


def test_a_day_is_told_in_utc_whatever_zone_its_times_are_in() -> None:
    zone = timezone(timedelta(hours=-5))
    late = datetime(2026, 3, 1, 23, tzinfo=zone)
    assert ["2026-03-02T04:00:00+00:00"] * 2 == [
        evaluation_time([], snapshot_time=late).time.isoformat(),
        evaluation_time([late], today=late).time.isoformat(),
    ]
    assert EvaluationTime(datetime(2026, 3, 2, tzinfo=UTC), assumed=True) == evaluation_time([None], today=late)


@pytest.mark.parametrize("stated", [{"snapshot_time": datetime(2026, 3, 1)}, {"today": datetime(2026, 3, 1)}, {}])
def test_a_time_without_a_zone_is_refused(stated: dict[str, datetime]) -> None:
    with pytest.raises(ValueError, match=r"^the time 2026-03-01 00:00:00 has no time zone$"):
        evaluation_time([datetime(2026, 3, 1)], **stated)
