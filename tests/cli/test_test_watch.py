"""``perpend test --watch``: the tests run once, and again after each change, until Ctrl-C."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("watchfiles", reason="the extra `site` is not installed")

from tests.cli.conftest import Interrupted, Listener, RunWriter
from tests.repositories import logic, policy_files, write

DATA = "ce/policy/test-data.json"


def entry(status: str) -> dict[str, object]:
    return {
        "Id": "a",
        "expectedResult": {"status": status, "conditionIndex": "100", "conditionText": "otherwise", "runtimeError": None},
    }


def test_tests_run_again_after_each_change_until_they_are_interrupted(interrupted: Interrupted, tmp_path: Path) -> None:
    root = write(tmp_path, {**policy_files(logic(testData=[{"file": "test-data.json"}])), DATA: [entry("COMPLIANT")]})
    waiting = f"watching {root} (Ctrl-C ends)"

    def edit(printed: Listener) -> None:
        assert "1 execution, 1 passed, 0 failed" in printed.until(waiting)
        (root / DATA).write_text(json.dumps([entry("INCOMPLIANT")]))
        again = printed.until(waiting)
        assert f"{DATA} has changed" in again and "1 execution, 0 passed, 1 failed" in again
        (root / "ce").rename(root / "away")
        printed.until("ce has changed")
        printed.until("perpend: not run: ")
        printed.until(waiting)
        (root / "away").rename(root / "ce")
        assert "1 execution, 0 passed, 1 failed" in printed.until(waiting)

    assert 130 == interrupted(edit, "test", "--repo", root, "--watch")


def test_a_name_that_means_nothing_is_not_watched(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path, policy_files(logic()))
    ran = run("test", "--repo", tmp_path, "none", "--watch")
    assert (2, "") == (ran.code, ran.out)
    assert "unknown policy or logic 'none'" in ran.err
