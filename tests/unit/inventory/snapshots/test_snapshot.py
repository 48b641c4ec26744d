"""A table's files are compared with what was written before anything of them is used, and only then."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.manifest import StoredFile
from perpend.inventory.snapshots.snapshot import TableFiles

CONTENTS = {"a": b"first", "b": b"second", "c": b"third"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def files_in(directory: Path) -> TableFiles:
    stored = {name: StoredFile(name, hashlib.sha256(content).hexdigest(), len(content)) for name, content in CONTENTS.items()}
    return TableFiles(directory, {"T": [stored["a"], stored["b"]], "U": [stored["c"]], "V": []})


def test_files_are_found_by_table(directory):
    found = files_in(directory)
    assert (["T", "U", "V"], 3) == (list(found), len(found))
    assert {"T": (directory / "a", directory / "b"), "U": (directory / "c",), "V": ()} == dict(found)
    assert [directory / name for name in "abc"] == found.paths
    with pytest.raises(KeyError):
        found["W"]


@pytest.mark.parametrize(
    ("size", "reason"), [(4, "is cut off: 4 bytes where 5 were written"), (6, "has grown: 6 bytes where 5 were written")]
)
def test_another_size_is_noticed_at_once(directory, size, reason):
    os.truncate(directory / "a", size)
    with pytest.raises(StoreError) as raised:
        files_in(directory)
    assert f"{directory}/a: {reason}" == str(raised.value)


@pytest.mark.parametrize("damaged", ["a", "b"])
def test_other_bytes_are_noticed_when_the_table_is_asked_for(directory, damaged):
    (directory / damaged).write_bytes(CONTENTS[damaged][::-1])
    found = files_in(directory)
    assert (directory / "c",) == found["U"]
    for _ in range(2):
        with pytest.raises(StoreError) as raised:
            found["T"]
        assert f"{directory}/{damaged}: is damaged: its SHA-256 has changed" == str(raised.value)


def test_a_table_is_compared_once(directory):
    found = files_in(directory)
    assert found["T"]
    (directory / "a").write_bytes(b"later")
    assert (directory / "a", directory / "b") == found["T"]


def test_a_file_that_is_gone_is_named(directory):
    found = files_in(directory)
    (directory / "a").unlink()
    for ask in (lambda: files_in(directory), lambda: found["T"]):
        with pytest.raises(StoreError) as raised:
            ask()
        assert f"{directory}/a: cannot be read: no such file or directory" == str(raised.value)
