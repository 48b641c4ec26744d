"""The day of a run: the given one, else the newest that any source may have been observed at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from perpend.evaluation.verdicts.evaluation_time import RunDay, day_of_run

TODAY = datetime(2026, 3, 1, 17, 30, 15, 999, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(days=2), TODAY + timedelta(days=1)
TO_COME = AFTER + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], RunDay(MIDNIGHT, assumed=True)),
        ([None], RunDay(MIDNIGHT, assumed=True)),
        ([BEFORE, None], RunDay(MIDNIGHT, assumed=True)),
        ([MIDNIGHT, None], RunDay(MIDNIGHT, assumed=True)),
        ([None, TODAY], RunDay(TODAY)),
        ([AFTER, None], RunDay(AFTER)),
        ([BEFORE, AFTER, TODAY], RunDay(AFTER)),
        ([TO_COME], RunDay(MIDNIGHT, assumed=True)),
        ([BEFORE, TO_COME], RunDay(MIDNIGHT, assumed=True)),
        ([TO_COME, AFTER], RunDay(AFTER)),
        ([datetime(1970, 1, 1, 23, tzinfo=UTC)], RunDay(MIDNIGHT, assumed=True)),
        ([BEFORE, datetime(1, 1, 1, tzinfo=UTC)], RunDay(MIDNIGHT, assumed=True)),
        ([BEFORE], RunDay(BEFORE)),
        ([MIDNIGHT], RunDay(MIDNIGHT)),
    ],
)
def test_the_day_of_a_run(times, expected):
    assert expected == day_of_run(times, today=TODAY) == day_of_run(reversed(times), today=TODAY)
    assert RunDay(BEFORE, given=True) == day_of_run(times, snapshot_time=BEFORE, today=TODAY)


def test_today_is_now_unless_it_is_said():
    before = datetime.now(UTC)
    found = day_of_run([None])
    assert (True, UTC) == (found.assumed, found.time.tzinfo)
    assert before - timedelta(days=1) < found.time <= datetime.now(UTC)
    assert (0, 0, 0, 0) == (found.time.hour, found.time.minute, found.time.second, found.time.microsecond)


def test_a_day_in_milliseconds_is_that_of_the_same_moment_anywhere():
    assert 1_772_323_200_000 == RunDay(MIDNIGHT).milliseconds
    assert RunDay(TODAY).milliseconds == RunDay(TODAY.astimezone(timezone(timedelta(hours=5)))).milliseconds


def test_a_day_is_told_in_utc_whatever_zone_its_times_are_in() -> None:
    zone = timezone(timedelta(hours=-5))
    late = datetime(2026, 3, 1, 23, tzinfo=zone)
    assert ["2026-03-02T04:00:00+00:00"] * 2 == [
        day_of_run([], snapshot_time=late).time.isoformat(),
        day_of_run([late], today=late).time.isoformat(),
    ]
    assert RunDay(datetime(2026, 3, 2, tzinfo=UTC), assumed=True) == day_of_run([None], today=late)


@pytest.mark.parametrize("stated", [{"snapshot_time": datetime(2026, 3, 1)}, {"today": datetime(2026, 3, 1)}, {}])
def test_a_time_without_a_zone_is_refused(stated: dict[str, datetime]) -> None:
    with pytest.raises(ValueError, match=r"^the time 2026-03-01 00:00:00 has no time zone$"):
        day_of_run([datetime(2026, 3, 1)], **stated)
