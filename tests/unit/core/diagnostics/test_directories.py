"""What a path is instead of a directory, and where it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perpend.core.diagnostics.directories import path_below_working_directory, why_not_a_directory


def test_a_file_is_not_said_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = [why_not_a_directory(tmp_path / name) for name in (".", "file", "absent")]
    assert [None, "is a file, not a directory", "there is no such directory"] == found


def test_a_place_is_told_from_the_working_directory_and_only_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    (here / "a b" / "é").mkdir(parents=True)
    (here / "link").symlink_to("a b")
    (here / "out").symlink_to(tmp_path)
    monkeypatch.chdir(here)
    paths = [".", here, "a b", "./a b/é", here / "a b", "link", "out", "..", tmp_path]
    assert ["", "", "a b", "a b/é", "a b", "a b", "", "", ""] == [path_below_working_directory(path) for path in paths]


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no directory that somebody works in")
def test_nothing_stands_below_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "" == path_below_working_directory(tmp_path)
