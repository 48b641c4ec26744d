"""Histories that are committed know what the reference step knows, whatever comes; and what they wrote survives what may come.

`PERPEND_LIVES=OBJECTS,POLICIES,RUNS,SEED` asks for one larger history: `3000,5,70,1` are a million steps.
`PERPEND_KILLS=NUMBER,SEED` asks for that many commits killed at random points.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import duckdb
import pytest

from perpend.findings.history.maintenance import problems_of, rebuild
from perpend.findings.history.model import Event
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write import compaction
from perpend.findings.history.write.commit import commit_run
from tests.differential.life import run_history
from tests.histories import BEGIN, Inventory, Thing, program

pytestmark = pytest.mark.slow


def test_a_random_history_knows_what_the_reference_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MOST_CHANGES", 3)
    told = run_history(tmp_path, 1, objects=60, policies=3, runs=9)
    assert told.steps > 1_000
    assert set(Event) == set(told.events)
    place = HistoryStorage(tmp_path)
    assert [] == list(problems_of(place))
    lives = place.head().types["Thing"].lives
    assert lives is not None
    place.path(lives).write_bytes(b"PAR1")
    assert 1 == len(list(problems_of(place)))
    assert ["Thing: the newest row of each finding"] == rebuild(place)
    assert [] == list(problems_of(place))


def test_counts_that_are_others_than_the_values_are_told(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    things = {Thing(f"o{one}", account): [199] for one, account in enumerate(("1", "1", "2"))}
    commit_run(inventory.place, inventory.judged(things, [program("/ce/p")], time=BEGIN))
    assert [] == list(problems_of(inventory.place))
    head, other = inventory.place.head(), inventory.place.new_file("ledger")
    ledger = duckdb.read_parquet(str(inventory.place.path(head.ledger[0])))
    ledger.project("* REPLACE (CASE account WHEN '1' THEN 3 ELSE incompliant END AS incompliant)").write_parquet(str(other))
    inventory.place.replace_head(replace(head, ledger=(inventory.place.stored_file(other),)), head)
    assert ["Thing: 1 counts of the ledger differ from the values"] == list(problems_of(inventory.place))


class Killer:
    """Begins a commit in processes of its own, and kills each at a random moment."""

    def __init__(self, seed: int, kills: int) -> None:
        self.random, self.kills = Random(seed), kills
        self.killed = 0
        self.lasts = 0.5

    def __call__(self, commit: Callable[[], object]) -> None:
        for _ in range(self.kills):
            begun = time.monotonic()
            child = os.fork()
            if child == 0:
                commit()
                os._exit(0)
            time.sleep(self.random.uniform(0, 1.2) * self.lasts)
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            self.killed += os.WIFSIGNALED(status)
            self.lasts = max(0.1, min(self.lasts, time.monotonic() - begun) if os.WIFEXITED(status) else self.lasts * 1.02)


def test_commits_that_are_killed_lose_and_double_nothing(tmp_path: Path) -> None:
    killer = Killer(1, kills=2)
    run_history(tmp_path, 2, objects=16, policies=2, runs=3, trying=killer)
    assert killer.killed


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    days = [
        inventory.judged({Thing(f"o{one}"): [code] for one in range(9)}, [program("/ce/p")], time=BEGIN) for code in (199, 299)
    ]
    children = []
    for judged in (days[0], replace(days[1], engine="engine 2")):
        child = os.fork()
        if child == 0:
            commit_run(inventory.place, judged)
            os._exit(0)
        children.append(child)
    assert [0, 0] == [os.waitpid(child, 0)[1] for child in children]
    assert [{"opened": 9}, {"changed": 9}] == [run.events for run in inventory.place.head().runs]
    assert [] == list(problems_of(inventory.place))


@pytest.mark.skipif("PERPEND_KILLS" not in os.environ, reason="PERPEND_KILLS=NUMBER,SEED asks for it")
def test_many_commits_that_are_killed_lose_and_double_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kills, seed = map(int, os.environ["PERPEND_KILLS"].split(","))
    killer = Killer(seed, kills=10)
    told = run_history(tmp_path, seed, objects=40, policies=3, runs=kills // 10, trying=killer)
    with capsys.disabled():
        sys.stdout.write(f"\n{killer.killed:,} of {kills:,} commits killed, {sum(told.events.values()):,} events, none lost\n")


@pytest.mark.skipif("PERPEND_LIVES" not in os.environ, reason="PERPEND_LIVES=OBJECTS,POLICIES,RUNS,SEED asks for it")
def test_a_long_history_knows_what_the_reference_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects, policies, runs, seed = map(int, os.environ["PERPEND_LIVES"].split(","))
    told = run_history(tmp_path, seed, objects=objects, policies=policies, runs=runs)
    with capsys.disabled():
        events = ", ".join(f"{number:,} {event}" for event, number in told.events.items())
        sys.stdout.write(f"\n{told.steps:,} steps, seed {seed}: {events}\n")
