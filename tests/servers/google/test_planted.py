"""The planted estate of Google Cloud, in part: faults are found, are not known if a call is refused, and are mended.

All of it: `python -m tests.servers.google.planted --write`.
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
from tests.servers.google.rounds import LIBRARY, Rounds, estate

POLICIES = sorted(one for one in open_repository().policy_ids if one.startswith(LIBRARY))
SAMPLE = [next(of) for _, of in groupby(POLICIES, lambda one: one.removeprefix(LIBRARY).partition("/")[0])][::2]
"""A policy of each second service."""


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
