"""New files all or none; a changed file in one step, as it was read, never outside of its root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perpend.authoring.scaffold.writing import NotWritten, rewrite, write_new


def test_new_files_get_their_directories_and_the_mode_of_new_files(tmp_path: Path) -> None:
    root = tmp_path / "new" / "root"
    mask = os.umask(0o027)
    try:
        written = write_new(root, {"a/b/c.yaml": "é\n", "d": ""})
    finally:
        os.umask(mask)
    assert [root / "a/b/c.yaml", root / "d"] == written
    assert ("é\n".encode(), b"", 0o640) == ((root / "a/b/c.yaml").read_bytes(), (root / "d").read_bytes(), _mode(root / "d"))
    assert ["a", "b", "c.yaml", "d"] == sorted(path.name for path in root.rglob("*"))


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("taken", ["file", "directory", "dangling"])
def test_what_is_there_is_never_written_over(tmp_path: Path, taken: str) -> None:
    place = tmp_path / "b"
    if taken == "file":
        place.write_text("mine")
    elif taken == "directory":
        place.mkdir()
    else:
        place.symlink_to("nowhere")
    with pytest.raises(NotWritten, match="exists already; nothing was written"):
        write_new(tmp_path, {"a/x": "1", "b": "2"})
    assert ["b"] == os.listdir(tmp_path)
    assert taken != "file" or place.read_text() == "mine"


def test_a_file_where_a_directory_would_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(NotWritten, match="is not a directory; nothing was written"):
        write_new(tmp_path, {"a/x": "1"})
    assert "mine" == (tmp_path / "a").read_text()


def test_after_a_failure_what_was_written_is_gone_and_what_was_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(NotWritten, match="cannot be written: file name too long"):
        write_new(tmp_path, {"kept/x": "1", "new/deep/y": "2", f"new/{'z' * 300}": "3"})
    assert ["kept"] == [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]


def test_a_changed_file_keeps_its_mark_and_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"\xef\xbb\xbfone\r\n")
    file.chmod(0o604)
    rewrite(tmp_path, "a.json", "one\r\n", "two\r\n")
    assert (b"\xef\xbb\xbftwo\r\n", 0o604, ["a.json"]) == (file.read_bytes(), _mode(file), os.listdir(tmp_path))


def test_a_file_that_has_changed_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("somebody else's")
    with pytest.raises(NotWritten, match="has changed in the meantime; the file is unchanged"):
        rewrite(tmp_path, "a", "mine", "new")
    assert "somebody else's" == (tmp_path / "a").read_text()


def test_nothing_outside_is_rewritten_and_a_missing_file_is_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").write_text("one")
    (root / "link").symlink_to(tmp_path / "outside")
    for path in ("link", "../outside"):
        with pytest.raises(NotWritten, match="is outside the repository"):
            rewrite(root, path, "one", "two")
    assert "one" == (tmp_path / "outside").read_text()
    with pytest.raises(NotWritten, match="cannot be written: no such file or directory"):
        rewrite(root, "none", "one", "two")
