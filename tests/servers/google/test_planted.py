"""The planted estate of Google Cloud, faults are found and mended; of some policies, each call is refused.

All calls: `python -m tests.servers.google.planted --write`.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")
pytest.importorskip("perpend.collectors.google.api", reason="nothing collects from Google Cloud")

from perpend.language.syntax.repository import open_repository
from tests.servers.google.planted import RESULTS, results_of, wrongs
from tests.servers.google.rounds import LIBRARY, Rounds, collect, estate
from tests.servers.planted_rest import FAULT, MENDED, evaluate

POLICIES = sorted(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
SAMPLE = [next(of) for _, of in groupby(POLICIES, lambda one: one.removeprefix(LIBRARY).partition("/")[0])][::2]
"""A policy of each second service, whose calls are refused."""


@pytest.mark.slow
def test_the_fault_of_each_policy_is_found_and_mended(tmp_path: Path) -> None:
    with estate(tmp_path) as google:
        rounds = Rounds(google)
        for turn, status in ((rounds.plant, FAULT), (rounds.mend, MENDED)):
            turn()
            assert 0 == collect(google, tmp_path / "store", *rounds.options).code
            assert dict.fromkeys(rounds.planted, status) == rounds.statuses(evaluate(tmp_path / "store", *rounds.options))
    assert set() == rounds.unplanted.keys()


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE, reason="the library has no policy over Google Cloud")
def test_faults_are_found_are_not_known_if_calls_are_refused_and_are_mended(tmp_path: Path) -> None:
    with estate(tmp_path) as google:
        results = results_of(Rounds(google, SAMPLE), tmp_path / "store")
    assert [] == wrongs(results)
    assert all(one["refused"] for one in results["policies"].values())


@pytest.mark.skipif(not RESULTS.is_file(), reason="the estate was not planted yet")
def test_the_last_run_of_all_policies_found_nothing_wrong() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert set() == {*POLICIES} - results["policies"].keys()
    assert [] == wrongs(results)
