"""The vectors of ``spec/life`` on the reference step, and on the same step in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from perpend.findings.history.model import Event, FindingState
from perpend.findings.history.state_machine import step
from tests.lives import DATES, all_lives, expected, said_of, stepped_in_sql


def in_duckdb(query: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"SELECT {', '.join(columns)} FROM ({query})").fetchall()


@pytest.mark.parametrize("vector", all_lives(), ids=lambda vector: vector["name"])
def test_a_life_is_as_its_vector_says(vector: dict[str, Any]) -> None:
    known: FindingState | None = None
    for number, run in enumerate(vector["runs"], 1):
        said = said_of(run)
        in_sql = stepped_in_sql([(7, known, said)], number, in_duckdb)
        known, event = step(known, said, number)
        assert (run.get("life"), run.get("event")) == (known.life if known else None, event)
        assert ({} if known is None else {7: (known, event)}) == in_sql
    told = None if known is None else {column: getattr(known, column) for column in DATES.values()}
    assert expected(vector) == told
    if known is not None:
        assert vector["known"].get("lastSeen", known.seen) == known.seen


def test_every_event_and_every_life_has_a_vector() -> None:
    runs = [run for vector in all_lives() for run in vector["runs"]]
    assert set(Event) == {run["event"] for run in runs if "event" in run}
