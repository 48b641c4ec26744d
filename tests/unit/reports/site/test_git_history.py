"""What git tells of a repository, and that a hostile one tells git nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from perpend.reports.site.git_history import Changes, History

pytestmark = [pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"), pytest.mark.medium]
POLICY = "ce/a/policy.yaml"


def git(root: Path, *arguments: str, day: int = 1, author: str = "Ann", given: bytes | None = None) -> str:
    time = f"2026-03-{day:02}T12:00:00Z"
    names = {
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": "a@x.example",
        "GIT_COMMITTER_NAME": author,
        "GIT_COMMITTER_EMAIL": "a@x.example",
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), **names, "GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time}
    done = subprocess.run(["git", "-C", str(root), *arguments], env=environment, input=given, capture_output=True, check=True)
    return done.stdout.decode()


def commit(root: Path, day: int, author: str, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{day} {author}")
    git(root, "add", "--all", day=day)
    git(root, "commit", "-qm", "m", day=day, author=author)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    return root


def test_first_and_last_change_of_a_directory_and_of_a_file(root: Path) -> None:
    commit(root, 1, "Ann", POLICY, "README.md")
    commit(root, 3, "Bob", "ce/a/description.md")
    commit(root, 4, "Bob", POLICY)
    commit(root, 9, "Cem", "ce/b/policy.yaml", "ce/ü b\n/x\ty")
    history = History(root)
    assert Changes("2026-03-01T12:00:00Z", "2026-03-04T12:00:00Z", 3, ("Bob", "Ann")) == history.of("/ce/a")
    assert Changes("2026-03-03T12:00:00Z", "2026-03-03T12:00:00Z", 1, ("Bob",)) == history.of("/ce/a/description.md")
    assert Changes("2026-03-01T12:00:00Z", "2026-03-09T12:00:00Z", 4, ("Bob", "Ann", "Cem")) == history.of("/ce")
    assert Changes("2026-03-09T12:00:00Z", "2026-03-09T12:00:00Z", 1, ("Cem",)) == history.of("/ce/ü b\n/x\ty")
    assert (None, None) == (history.of("/ce/none"), history.of("/README.md"))


def test_a_repository_below_the_root_of_git(root: Path) -> None:
    commit(root, 1, "Ann", f"policies/{POLICY}", POLICY)
    commit(root, 2, "Ann", POLICY)
    found = History(root / "policies").of("/ce/a")
    assert found is not None and 1 == found.revisions


def test_git_is_run_once_per_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, 1, "Ann", POLICY)
    runs: list[list[str]] = []
    start = subprocess.Popen

    def counted(arguments: list[str], **keys: object) -> object:
        runs.append(arguments)
        return start(arguments, **keys)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", counted)
    history = History(root)
    assert [] == runs
    assert [True] * 3 == [history.of(path) is not None for path in ("/ce", "/ce/a", f"/{POLICY}")]
    assert 1 == sum("log" in arguments for arguments in runs)


def test_without_git_nothing_is_known(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, 1, "Ann", POLICY)
    monkeypatch.setenv("PATH", str(root))
    assert None is History(root).of("/ce/a")


@pytest.mark.parametrize("name", ["", "none"])
def test_outside_of_git_nothing_is_known(tmp_path: Path, name: str) -> None:
    assert None is History(tmp_path / name).of("/ce")


def test_an_empty_history_is_none(root: Path) -> None:
    assert None is History(root).of("/ce")


def test_a_cut_history_is_none(root: Path, tmp_path: Path) -> None:
    commit(root, 1, "Ann", POLICY)
    commit(root, 2, "Ann", POLICY)
    git(tmp_path, "clone", "-q", "--depth=1", root.as_uri(), "shallow")
    assert None is History(tmp_path / "shallow").of("/ce/a")


def test_an_endless_history_is_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, 1, "Ann", POLICY)
    monkeypatch.setattr("perpend.reports.site.git_history._MAX_BYTES", 10)
    assert None is History(root).of("/ce/a")


def test_git_is_stopped_after_a_time(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\ncase "$*" in *rev-parse*) echo false;; *) exec sleep 60;; esac\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("perpend.reports.site.git_history._MAX_SECONDS", 0.2)
    assert None is History(root).of("/ce/a")


def test_a_hostile_configuration_runs_nothing(root: Path, tmp_path: Path) -> None:
    commit(root, 1, "Ann", POLICY)
    signed = git(root, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    revision = git(root, "hash-object", "-t", "commit", "-w", "--stdin", given=signed.encode()).strip()
    git(root, "update-ref", "refs/heads/main", revision)
    trace = tmp_path / "trace"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $* >> {trace}\n")
    trap.chmod(0o755)
    (root / ".gitattributes").write_text("* diff=trap\n")
    keys = (
        "core.fsmonitor",
        "core.pager",
        "pager.log",
        "diff.external",
        "diff.trap.textconv",
        "diff.trap.command",
        "gpg.program",
        "core.sshCommand",
    )
    for key in keys:
        git(root, "config", key, str(trap))
    git(root, "config", "alias.log", f"!{trap}")
    git(root, "config", "log.showSignature", "true")
    found = History(root).of("/ce/a")
    assert (1, False) == (found and found.revisions, trace.exists())
    git(root, "log", "-1")
    assert trace.exists(), "the trap would not have sprung"


def test_times_outside_of_the_calendar_do_no_harm(root: Path) -> None:
    commit(root, 1, "Ann", POLICY)
    odd = git(root, "cat-file", "commit", "HEAD").replace("1772366400", "99999999999999")
    revision = git(root, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=odd.encode()).strip()
    git(root, "update-ref", "refs/heads/main", revision)
    found = History(root).of("/ce/a")
    assert found is not None and "9999-12-31T23:59:59Z" >= found.last


def test_git_is_not_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, 1, "Ann", POLICY)
    (root / ".git" / "HEAD").unlink()
    os.mkfifo(root / ".git" / "HEAD")
    monkeypatch.setattr("perpend.reports.site.git_history._ANSWERS_WITHIN", 0.5)
    history = History(root)
    assert ("", None) == (history.revision, history.of("/ce/a"))


def test_the_revision_is_the_one_that_is_checked_out(root: Path, tmp_path: Path) -> None:
    assert "" == History(root).revision
    commit(root, 1, "Ann", POLICY)
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    assert (revision, "") == (History(root).revision, History(tmp_path / "absent").revision)
