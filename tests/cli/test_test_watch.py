"""``perpend test --watch``: the tests run once, and again after each change, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Run, end_by, heard
from tests.repositories import logic, policy_files, write

DATA = "ce/policy/test-data.json"


def entry(status: str) -> dict[str, object]:
    return {
        "Id": "a",
        "expectedResult": {"status": status, "conditionIndex": "100", "conditionText": "otherwise", "runtimeError": None},
    }


def until(process: subprocess.Popen[str], wanted: str) -> str:
    """Return what a process prints up to a line that begins with what is waited for."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(wanted):
            return "".join(lines)
    raise AssertionError(f"ended without `{wanted}`: {''.join(lines)}")


def test_tests_run_again_after_each_change_until_they_are_interrupted(tmp_path: Path) -> None:
    root = write(tmp_path, {**policy_files(logic(testData=[{"file": "test-data.json"}])), DATA: [entry("COMPLIANT")]})
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "perpend", "test", "--repo", str(root), "--watch"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=heard,
    )  # fmt: skip
    try:
        waiting = f"watching {root} (Ctrl-C ends)"
        assert "1 execution, 1 passed, 0 failed" in until(process, waiting)
        (root / DATA).write_text(json.dumps([entry("INCOMPLIANT")]))
        assert "1 execution, 0 passed, 1 failed" in until(process, waiting)
        (root / "ce").rename(root / "away")
        assert "perpend: not run: " in until(process, waiting)
        (root / "away").rename(root / "ce")
        assert "1 execution, 0 passed, 1 failed" in until(process, waiting)
        assert 130 == end_by(process, signal.SIGINT)
    finally:
        process.kill()


def test_a_name_that_means_nothing_is_not_watched(run: Run, tmp_path: Path) -> None:
    write(tmp_path, policy_files(logic()))
    ran = run("test", "--repo", tmp_path, "none", "--watch")
    assert (2, "") == (ran.code, ran.out)
    assert "unknown policy or logic 'none'" in ran.err
