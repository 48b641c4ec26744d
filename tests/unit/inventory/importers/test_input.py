"""What is said of an input: its path, and a time that is the same wherever the machine stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from perpend.inventory.importers.input import Input


def test_a_time_is_kept_in_utc() -> None:
    stated = Input("a.csv", observed_at=datetime(2026, 3, 1, 23, tzinfo=timezone(timedelta(hours=-5)))).observed_at
    assert stated is not None
    assert (datetime(2026, 3, 2, 4, tzinfo=UTC), UTC) == (stated, stated.tzinfo)


def test_a_time_without_a_zone_is_refused_it_would_be_another_on_each_machine() -> None:
    with pytest.raises(ValueError, match=r"^the time 2026-03-01 00:00:00 has no time zone$"):
        Input("a.csv", observed_at=datetime(2026, 3, 1))


def test_a_text_is_no_scope() -> None:
    with pytest.raises(TypeError, match=r"^'all' is not a Scope: write Scope\(\) for all, or Scope\('111122223333'\)$"):
        Input("a.csv", complete=("all",))  # type: ignore[arg-type]  # as somebody may write it
