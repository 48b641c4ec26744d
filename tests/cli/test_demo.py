"""``demo``: a directory in which the printed commands work as printed."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from perpend.cli.commands import demo
from perpend.core.objects.status import Status
from perpend.findings.history.model import State
from perpend.reports.demo import build
from tests.cli.conftest import RunWriter


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the directories in which a store was to be made. Making them takes no time."""
    made: list[Path] = []

    def instead(directory: Path, *_: Any) -> list[str]:
        made.append(directory)
        return []

    monkeypatch.setattr(build, "_build_store", instead)
    return made


def _next(out: str) -> list[list[str]]:
    return [shlex.split(line) for line in out.partition("Next:\n")[2].splitlines()]


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.slow
def test_the_next_commands_work_as_printed(tmp_path: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "make_demo", partial(build.make_demo, runs=1))
    made = run("demo")
    assert (0, "") == (made.code, made.err)
    assert "12 accounts, 600 objects, 1 run from" in made.out
    directory, *commands = _next(made.out)
    assert (["cd", "perpend-demo"], ["perpend", "serve"], 3) == (directory, commands.pop(), len(commands))
    monkeypatch.chdir(tmp_path / "perpend-demo")
    listed, written, explained = (run(*words[1:]) for words in commands)
    assert [0, 0, 0] == [listed.code, written.code, explained.code]
    assert "open" in listed.out and "Meridian" not in listed.err
    assert "<html" in Path("report.html").read_text()
    assert "INCOMPLIANT" in explained.out and "3389" in explained.out
    checked = json.loads(run("check", "--no-history", "--format", "json").out)
    statuses = {verdict["status"] for verdict in checked["verdicts"]}
    assert {*Status} - {Status.DISAPPEARED} <= statuses
    policies = {verdict["policyId"] for verdict in checked["verdicts"]}
    assert 60 <= len(policies) <= 140
    calls = run("inventory", "sql", "SELECT permission FROM perpend_calls ORDER BY 1", "--format", "csv").out
    assert "kms:GetKeyRotationStatus" in calls and "rds:DescribeDBInstances" in calls


@pytest.mark.slow
def test_ten_runs_tell_a_story(demo_copy: Path, demo_directory: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    made = demo_directory.with_name("demo.txt").read_text("utf-8")
    assert re.search("12 accounts, 600 objects, 10 runs from [0-9-]+ to [0-9-]+", made)
    monkeypatch.chdir(demo_copy)
    found = json.loads(run("findings", "--life", "all", "--format", "json").out)
    assert {State.OPEN, State.UNCONFIRMED, State.UNKNOWN, State.RESOLVED, State.RESOURCE_DELETED} == {
        one["life"] for one in found
    }
    assert {*Status} == {one["status"] for one in found}
    assert any(one["episodes"] > 1 for one in found)
    of_keys = [(one["life"], one["status"]) for one in found if one["policy_id"].endswith("/encryption-with-kms-cmk")]
    assert [(State.OPEN, Status.INCOMPLIANT), (State.RESOLVED, Status.COMPLIANT)] == sorted(of_keys)
    runs = json.loads(run("trend", "--format", "json").out)
    assert 10 == len(runs) and max(one["unconfirmed"] for one in runs) == runs[6]["unconfirmed"] > 20
    waivers = run("waivers", "lint").out
    assert 2 == waivers.count("W103") and 1 == waivers.count("W102") and "W10" not in re.sub("W10[23]", "", waivers)
    assert any(one["waiver"] for one in found)


def test_all_of_it_belongs_to_its_owner_only(tmp_path: Path, run: RunWriter, built: list[Path]) -> None:
    directory = tmp_path / "a b" / "demo"
    made = run("demo", directory)
    assert ["cd", str(directory)] == _next(made.out)[0]
    assert {0o700} == {_mode(one) for one in (directory, directory / "waivers")}
    assert {0o600} == {_mode(one) for one in directory.rglob("*") if one.is_file()}


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path, run: RunWriter, built: list[Path]) -> None:
    (tmp_path / "file").write_text("mine")
    for name in (tmp_path, tmp_path / "file"):
        for more in ((), ("--force",)):
            assert 2 == run("demo", name, *more).code
    assert ([], "mine") == (built, (tmp_path / "file").read_text())


def test_force_replaces_a_demo_and_follows_no_link(tmp_path: Path, run: RunWriter, built: list[Path]) -> None:
    directory, link = tmp_path / "demo", tmp_path / "link"
    assert 0 == run("demo", directory).code
    (directory / "more").write_text("x")
    refused = run("demo", directory)
    assert 2 == refused.code and "exists: --force replaces it" in refused.err and (directory / "more").exists()
    link.symlink_to(directory)
    assert 2 == run("demo", link, "--force").code and (directory / "more").exists()
    assert 0 == run("demo", directory, "--force").code and not (directory / "more").exists()


def test_an_interruption_leaves_nothing(tmp_path: Path, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_build_store", interrupted)
    assert 130 == run("demo", tmp_path / "demo").code
    assert [] == [*tmp_path.iterdir()]


def test_a_policy_repository_is_no_place_for_it(tmp_path: Path, run: RunWriter, built: list[Path]) -> None:
    (tmp_path / "root.yaml").write_text("")
    refused = run("demo", tmp_path / "demo")
    assert 2 == refused.code and "policy repository" in refused.err and not built


@pytest.mark.slow
def test_a_demo_that_is_there_is_served_as_it_is(demo_directory: Path) -> None:
    words = [sys.executable, "-m", "perpend", "demo", str(demo_directory), "--serve", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        link = next(line.split()[-1] for line in process.stderr if "/login?token=" in line)
        with urlopen(f"{link.partition('/login')[0]}/readyz", timeout=30) as answer:  # noqa: S310
            assert 200 == answer.status
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(30)


def test_only_this_machine_is_served(tmp_path: Path, run: RunWriter, built: list[Path]) -> None:
    refused = run("demo", tmp_path / "demo", "--serve", "--bind", "0.0.0.0:8080")
    assert (2, []) == (refused.code, built) and "this machine only" in refused.err


def test_each_phase_is_a_line_on_a_terminal_only(
    tmp_path: Path, built: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_terminal, lines in ((False, []), (True, ["inventing the organisation …", "writing waivers and configuration …"])):
        monkeypatch.setattr(sys.stderr, "isatty", lambda shown=is_terminal: shown)
        demo.command.callback(str(tmp_path / str(is_terminal)), False, False, "127.0.0.1:8080")
        assert lines == capsys.readouterr().err.splitlines()
    assert 2 == len(built)


@pytest.mark.slow
def test_each_run_is_a_phase(tmp_path: Path) -> None:
    phases: list[str] = []
    build.make_demo(tmp_path / "demo", datetime(2026, 12, 2, tzinfo=UTC), runs=1, phase=phases.append)
    assert "run 1 of 1, of 2026-12-02: collecting, checking, recording" == phases[1]
