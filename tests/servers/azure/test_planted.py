"""The planted estate of Azure, faults are found and mended; of some policies, each call is refused.

All calls: `python -m tests.servers.azure.planted --write`.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pytest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")

from perpend.language.syntax.repository import open_repository
from tests.servers.azure.planted import RESULTS, results_of, wrongs
from tests.servers.azure.rounds import LIBRARY, UNHELD, Rounds, collect, estate
from tests.servers.planted_rest import FAULT, MENDED, evaluate

POLICIES = sorted(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
HELD = [one for one in POLICIES if one not in UNHELD]
SAMPLE = [next(of) for _, of in groupby(HELD, lambda one: one.removeprefix(LIBRARY).partition("/")[0])][::2]
"""A policy of each second service, whose calls are refused."""


@pytest.mark.slow
def test_the_fault_of_each_policy_is_found_and_mended(tmp_path: Path) -> None:
    with estate() as azure:
        rounds = Rounds(azure)
        for turn, status in ((rounds.plant, FAULT), (rounds.mend, MENDED)):
            turn()
            assert 0 == collect(azure, tmp_path / "store", *rounds.options).code
            assert dict.fromkeys(rounds.planted, status) == rounds.statuses(evaluate(tmp_path / "store", *rounds.options))
    assert {*UNHELD} == rounds.unplanted.keys()


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE, reason="the library has no policy over Azure")
def test_faults_are_found_are_not_known_if_calls_are_refused_and_are_mended(tmp_path: Path) -> None:
    with estate() as azure:
        results = results_of(Rounds(azure, SAMPLE), tmp_path / "store")
    assert [] == list(wrongs(results))
    assert all(one["refused"] for one in results["policies"].values())


def test_the_last_run_of_all_policies_found_nothing_wrong() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert set() == {*HELD} - results["policies"].keys()
    assert [] == list(wrongs(results))
