"""Kept files count only while they look as they were written; what a killed run left goes."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from perpend.inventory.snapshots.column_cache import INDEX, CachedFiles, damaged_below
from perpend.inventory.snapshots.manifest import FORMAT, sealed

NOT_THAT = "is damaged: its SHA-256 has changed"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "hash").mkdir()
    return tmp_path / "hash"


def write(place: Path, file: str, columns: set[str], content: bytes = b"content", **more: bool) -> CachedFiles:
    """Write a file, keep it and return what is kept."""
    (place / file).write_bytes(content)
    found = CachedFiles(place)
    found.add(columns, file, **more)
    return found


def test_what_was_kept_is_found_by_its_columns(place):
    write(place, "1.parquet", {"a", "b"})
    found = write(place, "2.parquet", {"b", "c"})
    assert {"a": "1.parquet", "b": "2.parquet"} == found.file_of(["a", "b", "x"])
    assert {"a": "1.parquet", "b": "2.parquet", "c": "2.parquet"} == CachedFiles(place).file_of(["a", "b", "c"])
    assert {} == found.file_of([])
    assert 2 == found.number()
    assert 0o600 == (place / INDEX).stat().st_mode & 0o777


def test_a_file_whose_columns_are_all_kept_elsewhere_is_named_no_more(place):
    write(place, "1.parquet", {"a"})
    found = write(place, "2.parquet", {"a", "b"})
    assert (1, {"a": "2.parquet", "b": "2.parquet"}) == (found.number(), found.file_of(["a", "b"]))


def test_one_that_is_alone_leaves_no_other(place):
    write(place, "1.parquet", {"a"})
    found = write(place, "2.parquet", {"b"}, alone=True)
    assert (1, {"b": "2.parquet"}) == (found.number(), found.file_of(["a", "b"]))
    assert {"1.parquet", "2.parquet", INDEX, "lock"} == set(os.listdir(place))


@pytest.mark.parametrize("content", [None, b"", b"contenX", b"contents", b"conten"])
def test_a_damaged_file_is_not_there_and_named_no_more(place, content):
    write(place, "1.parquet", {"a", "b"})
    found = write(place, "2.parquet", {"c"})
    (place / "1.parquet").unlink() if content is None else (place / "1.parquet").write_bytes(content)
    assert [f"hash/1.parquet: {NOT_THAT}"] == list(damaged_below(place.parent))
    assert {"c": "2.parquet"} == found.file_of(["a", "b", "c"])
    (place / "3.parquet").write_bytes(b"anew")
    found.add({"a"}, "3.parquet")
    assert {"a": "3.parquet", "c": "2.parquet"} == CachedFiles(place).file_of(["a", "b", "c"])
    assert [] == list(damaged_below(place.parent))


def test_a_file_that_was_damaged_once_stays_out_of_a_run(place):
    found = write(place, "1.parquet", {"a"})
    (place / "1.parquet").write_bytes(b"x")
    assert {} == found.file_of(["a"])
    (place / "1.parquet").write_bytes(b"content")
    assert {} == found.file_of(["a"])
    assert {"a": "1.parquet"} == CachedFiles(place).file_of(["a"])


def index_of(content: dict) -> str:
    return sealed({"format": FORMAT, **content})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON: truncated or damaged"),
        ("[]", "it is not a manifest"),
        (index_of({}), "it is not an index"),
        (index_of({"columns": {}}), "it is not an index"),
        (index_of({"files": {}}), "it is not an index"),
        (index_of({"columns": {}, "files": []}), "it is not an index"),
        (index_of({"columns": {}, "files": {"x": 1}}), "it is not an index"),
        (index_of({"columns": {}, "files": {"x": ["d", "many"]}}), "it is not an index"),
        (index_of({"columns": {}, "files": {"x": ["d"]}}), "it is not an index"),
        (index_of({"columns": {"a": "x"}, "files": {}}), "it is not an index"),
    ],
)
def test_a_damaged_index_is_named_and_as_good_as_none(place, text, reason):
    (place / INDEX).write_text(text)
    assert [f"hash/{INDEX}: {reason}"] == list(damaged_below(place.parent))
    assert ({}, 0) == (CachedFiles(place).file_of(["a"]), CachedFiles(place).number())
    write(place, "1.parquet", {"a"})
    assert ([], {"a": "1.parquet"}) == (list(damaged_below(place.parent)), CachedFiles(place).file_of(["a"]))


def test_an_index_of_odd_bytes_is_damaged_and_what_cannot_be_read_is_named(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "1.parquet", {"x"})
    (tmp_path / "a" / INDEX).write_bytes(b'{"format": 4, "\xff": 1}')
    (tmp_path / "b" / INDEX).unlink()
    (tmp_path / "b" / INDEX).mkdir()
    (tmp_path / "c" / "1.parquet").write_bytes(b"")
    assert [
        f"a/{INDEX}: its checksum does not match: it was edited or damaged",
        f"b/{INDEX}: {os.strerror(errno.EISDIR).lower()}",
        f"c/1.parquet: {NOT_THAT}",
    ] == list(damaged_below(tmp_path))


def test_nothing_is_kept_where_nothing_was_written(place):
    assert ({}, 0, []) == (CachedFiles(place).file_of(["a"]), CachedFiles(place).number(), list(damaged_below(place.parent)))


def test_what_a_killed_run_left_goes_after_a_day(place):
    (place / "half.parquet").touch()
    os.utime(place / "half.parquet", (0, 0))
    write(place, "1.parquet", {"a"})
    assert {"1.parquet", INDEX, "lock"} == set(os.listdir(place))


def test_the_index_says_what_it_holds(place):
    write(place, "1.parquet", {"a"})
    document = json.loads((place / INDEX).read_text())
    assert (FORMAT, {"a": "1.parquet"}, ["1.parquet"]) == (document["format"], document["columns"], list(document["files"]))
