"""Stores that somebody damages, prunes or fills up while they are read: a run says so, or says what it would have said."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, ROOT, TIME, Run, RunWriter, answer, full

CHECK = ("check", *TIME, "--format", "ndjson", "--policy", "*access-key*")
SQL = ("inventory", "sql", "SELECT * FROM aws_iam_user ORDER BY 1", "--format", "csv")
PLACES = 3


@pytest.fixture
def store(imported: Path, tmp_path: Path) -> Path:
    """Return a store of the example for one test alone."""
    return shutil.copytree(imported, tmp_path / "store")


@pytest.fixture(scope="module")
def judged(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A store of the example that was judged, to be copied, and what was said of it."""
    store = shutil.copytree(imported, tmp_path_factory.mktemp("judged") / "store")
    return store, answer(*CHECK, "--store", store)


@pytest.fixture
def whole(judged: tuple[Path, Run], store: Path) -> Run:
    """Have judged the store of this test before; return what was said of it."""
    shutil.copytree(judged[0], store, dirs_exist_ok=True)
    return judged[1]


def tables(store: Path) -> list[Path]:
    return sorted(store.glob("inventory/*/*/*.parquet"))


def kept(store: Path) -> list[Path]:
    """The files that some index names."""
    indexes = store.glob("extracts/*/*/columns.json")
    return [index.parent / name for index in indexes for name in json.loads(index.read_text())["files"]]


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize("command", [CHECK, SQL], ids=["check", "sql"])
def test_one_changed_byte_of_a_table_is_named_and_nothing_is_said(
    run: RunWriter, store: Path, command: tuple[str, ...]
) -> None:
    chosen = random.Random(7)
    users = tables(store)[-1]
    for place in sorted(chosen.sample(range(4, users.stat().st_size), PLACES)):
        flip(users, place)
        found = run(*command, "--store", store)
        assert (2, "") == (found.code, found.out), place
        assert f"{users}: is damaged" in found.err
        flip(users, place)
    assert 2 != run(*command, "--store", store).code


def test_one_changed_byte_of_what_is_kept_changes_nothing_and_is_made_anew(run: RunWriter, store: Path, whole: Run) -> None:
    for place in (4, -1, -9):  # of the first values, the sign at the end, and what says where columns stand
        files = kept(store)
        for file in files:
            flip(file, place)
        verified = run("inventory", "show", "--verify", "--store", store)
        assert 2 == verified.code
        named = {line.partition(": is damaged")[0] for line in verified.err.splitlines()}
        assert {f"perpend: {file.relative_to(store)}" for file in files} == named
        assert whole == run(*CHECK, "--store", store)
        assert 0 == run("inventory", "show", "--verify", "--store", store).code


@pytest.mark.parametrize("replaced", ["", '{"columns": {}, "files": {}}'])
def test_a_damaged_index_of_what_is_kept_is_named_and_made_anew(run: RunWriter, store: Path, whole: Run, replaced: str) -> None:
    for index in store.glob("extracts/*/*/columns.json"):
        index.write_text(replaced)
    assert 2 == run("inventory", "show", "--verify", "--store", store).code
    assert whole == run(*CHECK, "--store", store)
    assert 0 == run("inventory", "show", "--verify", "--store", store).code


def checked_meanwhile(store: Path, pipe: Path, meanwhile: Callable[[], object]) -> tuple[int, str, str]:
    """Return what comes of a check when something happens to its store while it writes: it has not read all of it then."""
    os.mkfifo(pipe)
    arguments = [sys.executable, "-m", "perpend", *CHECK, "--store", str(store), "--out", str(pipe)]
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True) as check:
        with pipe.open() as stream:
            meanwhile()
            found = stream.read()
        assert check.stderr
        return check.wait(60), found, check.stderr.read()


def test_a_check_keeps_its_snapshot_although_it_is_pruned(run: RunWriter, store: Path, whole: Run, tmp_path: Path) -> None:
    (first,) = [path.stem for path in (store / "runs").iterdir()]

    def prune() -> None:
        assert 0 == run("import", EXAMPLE, "--observed-at", "2026-11-21", "--store", store).code
        pruned = run("inventory", "prune", "--keep", "1", "--store", store)
        assert f"kept {first}: it is being read\n0 removed, 2 kept\n" == pruned.out

    assert whole == checked_meanwhile(store, tmp_path / "pipe", prune)
    assert f"removed {first}\n1 removed, 1 kept\n" == run("inventory", "prune", "--keep", "1", "--store", store).out


def test_a_manifest_that_is_edited_while_a_check_reads_changes_nothing_it_says(
    run: RunWriter, store: Path, whole: Run, tmp_path: Path
) -> None:
    (manifest,) = (store / "runs").iterdir()

    def edit() -> None:
        held = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**held, "tables": held["tables"][:1]}))

    assert whole == checked_meanwhile(store, tmp_path / "pipe", edit)
    after = run(*CHECK, "--store", store)
    assert (2, "", f"perpend: {manifest}: its checksum does not match: it was edited or damaged\n") == after


def test_a_full_disk_costs_what_would_be_kept_and_no_verdict(run: RunWriter, store: Path) -> None:
    options = ("--fail-on", "never")
    with full(2_000):
        found = run(*CHECK, *options, "--store", store)
    unrecorded = f"perpend: the run was not recorded in the history: {store}/history: cannot be written: file too large\n"
    assert (2, unrecorded) == (found.code, found.err)
    assert [] == kept(store)
    assert (0, found.out, "") == run(*CHECK, *options, "--store", store)


def test_where_no_verdict_can_be_written_the_place_is_named_that_is_full(run: RunWriter, store: Path) -> None:
    with full(100):
        code, out, err = run(*CHECK, "--store", store)
    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith(f"perpend: {tempfile.gettempdir()}/perpend-")
    assert err.endswith("/verdicts: cannot be written: file too large\n")
