"""Histories that are committed know what the reference step knows, whatever comes; and what they wrote survives what may come.

`PERPEND_LIVES=OBJECTS,POLICIES,RUNS,SEED` asks for one larger history: `3000,5,70,1` are a million steps.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from perpend.history.commit import compaction
from perpend.history.model import Event
from tests.differential.life import run_history


def test_a_random_history_knows_what_the_reference_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MOST_CHANGES", 3)
    told = run_history(tmp_path, 1, objects=60, policies=3, runs=9)
    assert told.steps > 1_000
    assert set(Event) == set(told.events)


@pytest.mark.skipif("PERPEND_LIVES" not in os.environ, reason="PERPEND_LIVES=OBJECTS,POLICIES,RUNS,SEED asks for it")
def test_a_long_history_knows_what_the_reference_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects, policies, runs, seed = map(int, os.environ["PERPEND_LIVES"].split(","))
    told = run_history(tmp_path, seed, objects=objects, policies=policies, runs=runs)
    with capsys.disabled():
        events = ", ".join(f"{number:,} {event}" for event, number in told.events.items())
        sys.stdout.write(f"\n{told.steps:,} steps, seed {seed}: {events}\n")
