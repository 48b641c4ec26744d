"""A large report is judged in bounded memory, whatever its rows look like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

USERS = 300_000
MOST_MEGABYTES = 300
COLUMNS = "user,arn,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,note"


PEAK = """
import pathlib, re, sys
from perpend.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert ended.code in (1, 3)
sys.stdout.flush()
print(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""
"""Says of itself how many KB it held at most: the figure of the system for a child counts what its parent held."""


def write_report(path: Path) -> None:
    """Write users of 60 accounts without root users: odd values, a name in fifty beyond ASCII, one user in a thousand twice."""
    time = "2026-01-02T03:04:05+00:00"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"{COLUMNS}\n")
        for number in range(USERS):
            name = f"josé-{number}_straße" if number % 50 == 0 else f"user.{number}"
            enabled = ("true", "false", "", "TRUE", "true")[number % 5]
            row = f"{name},arn:aws:iam::{111122220000 + number % 60}:user/{name},{enabled},{time},true,true,{time}"
            stream.write(f"{row},a note of some length\n")
            if number % 1_000 == 0:
                stream.write(f"{row},another note\n")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process cannot tell its peak here")
def test_a_large_untidy_report_takes_little_memory(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    write_report(report)
    command = [sys.executable, "-c", PEAK, "check", str(report), "--snapshot-time", "2026-11-20", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert f"{USERS + 60:,} objects" in ended.stdout
    assert int(ended.stderr.split()[-1]) / 1024 <= MOST_MEGABYTES
