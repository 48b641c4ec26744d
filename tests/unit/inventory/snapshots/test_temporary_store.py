"""A directory for a run: gone afterwards, and what a killed run left goes with the next one."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from perpend.core.commit import make_directory, remove_tree, write_whole
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.repository import open_repository

ROOT = Path(__file__).parents[4]

HOLD = """
import sys
from perpend.core.commit import make_directory, remove_tree, write_whole
from perpend.inventory.snapshots.temporary_store import scratch
with scratch() as directory:
    (directory / "half.parquet").write_text("half")
    print(directory, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_it_is_its_owners_only_and_gone_afterwards(temporary: Path) -> None:
    with scratch() as directory:
        assert (temporary, 0o700) == (directory.parent, stat.S_IMODE(directory.stat().st_mode))
        with scratch() as other:
            assert other != directory
        assert directory.exists()
    assert [] == list(temporary.iterdir())


def test_what_the_dead_left_goes_and_what_the_living_have_stays(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        held = Path(process.stdout.readline().strip())
        with scratch():
            assert "half" == (held / "half.parquet").read_text()
        process.kill()
    assert held.exists()
    with scratch() as directory:
        assert [directory] == list(temporary.iterdir())


def test_directories_of_others_are_left_alone(temporary: Path) -> None:
    (temporary / "perpend-notes").mkdir()
    (temporary / "perpend-notes" / "x").write_text("mine")
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "perpend.lock").touch()
    (temporary / "perpend-link").symlink_to(elsewhere)
    with scratch():
        pass
    assert {"perpend-notes", "elsewhere", "perpend-link"} == {path.name for path in temporary.iterdir()}
    assert elsewhere.joinpath("perpend.lock").exists()


def test_of_what_is_there_only_what_is_ours_and_unheld_goes(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("perpend-a", "perpend-b", "perpend-c"):
        (temporary / name).mkdir()
        (temporary / name / "perpend.lock").touch()
    (temporary / "perpend-0").symlink_to(temporary / "perpend-b")
    with (temporary / "perpend-b" / "perpend.lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with scratch() as directory:
            assert directory.name.startswith("perpend-")
            assert {"perpend-0", "perpend-b", directory.name} == {path.name for path in temporary.iterdir()}
    monkeypatch.setattr(os, "getuid", lambda: -1)
    with scratch():
        assert (temporary / "perpend-b").exists()
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with scratch():
        assert not (temporary / "perpend-b").exists()


def test_a_directory_that_somebody_took_for_a_leftover_is_made_anew(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = tempfile.mkdtemp, []

    def mkdtemp(**options: str) -> str:
        made.append(real(**options))
        return made[-1]

    def flock(lock: object, how: int) -> None:
        if how == fcntl.LOCK_EX and len(made) == 1:
            remove_tree(Path(made[0]))

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    monkeypatch.setattr(fcntl, "flock", flock)
    with scratch() as directory:
        assert [False, True] == [Path(one).exists() for one in made]
        assert str(directory) == made[1]


def test_nothing_in_it_is_synced_to_disk(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with scratch() as directory:
        write_whole(make_directory(directory / "store" / "runs") / "CURRENT", b"1")
        assert [] == synced
        write_whole(temporary / "CURRENT", b"1")
        assert 2 == len(synced)  # the file and its name
    write_whole(make_directory(directory) / "CURRENT", b"1")
    assert 5 == len(synced)


@pytest.mark.medium
def test_only_a_snapshot_that_stays_is_synced(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    repository = open_repository()
    inputs = [Input(str(ROOT / "examples" / "credential-report.csv"))]
    with temporary_snapshot(inputs, declared=repository.declared_type) as read:
        assert read.snapshot is not None
    assert 0 == len(synced)
    store = temporary / "store"
    import_inputs(Store(store), inputs, declared=repository.declared_type)
    assert len(synced) > sum(path.is_file() for path in store.rglob("*"))
