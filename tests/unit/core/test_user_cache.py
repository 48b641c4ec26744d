"""A cache of the user's: read only if nobody else could have written it, bounded, and silent about everything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perpend.core import user_cache
from perpend.core.user_cache import UserCache, cache_directory


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches"


@pytest.fixture
def cache(home):
    cache = UserCache(home / "perpend" / "programs")
    cache.write("one", b"content")
    assert cache.read("one") == b"content"
    return cache


def _mode(path):
    return path.stat().st_mode & 0o777


def test_directories_and_files_are_for_the_user_only(cache):
    (kept,) = cache.directory.iterdir()
    assert [_mode(path) for path in (cache.directory.parent, cache.directory, kept)] == [0o700, 0o700, 0o600]


def test_the_directory_follows_the_rules_of_the_platform(monkeypatch, home):
    assert cache_directory() == home / "perpend"
    for unusable in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert cache_directory() == Path.home() / ".cache" / "perpend"


def test_without_a_home_there_is_no_directory(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_directory() is None


def test_a_missing_file_is_none(cache):
    assert cache.read("other") is None
    assert UserCache(cache.directory.parent / "nothing").read("one") is None


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100, bytes(32) + b"content"], ids=["empty", "short", "other", "sum"])
def test_a_damaged_file_is_not_read(cache, content):
    (cache.directory / "one").write_bytes(content)
    assert cache.read("one") is None


def test_a_file_that_was_cut_off_is_not_read(cache):
    whole = (cache.directory / "one").read_bytes()
    (cache.directory / "one").write_bytes(whole[:-1])
    assert cache.read("one") is None
    cache.write("one", b"again")
    assert cache.read("one") == b"again"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(cache, mode):
    (cache.directory / "one").chmod(mode)
    assert cache.read("one") is None


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o777])
def test_a_directory_that_others_may_enter_is_neither_read_nor_written(cache, mode):
    cache.directory.chmod(mode)
    assert cache.read("one") is None
    cache.write("two", b"content")
    assert not (cache.directory / "two").exists()


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_nor_is_one_below_a_directory_that_others_may_write(cache, mode):
    cache.directory.parent.chmod(mode)
    assert cache.read("one") is None
    cache.write("two", b"content")
    assert not (cache.directory / "two").exists()


def test_what_another_user_owns_is_neither_read_nor_written(cache, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.read("one") is None
    cache.write("two", b"content")
    assert not (cache.directory / "two").exists()


@pytest.mark.parametrize("owned", ["one", ".", ".."])
def test_one_foreign_owner_is_enough(cache, owned):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(cache.directory / owned, 12_345, 12_345)
    assert cache.read("one") is None


def test_nothing_is_created_below_a_directory_of_another_user(home, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    UserCache(home / "perpend" / "programs").write("one", b"content")
    assert not home.exists()


@pytest.mark.parametrize("depth", [0, 1])
def test_a_link_is_not_followed_to_a_directory(cache, tmp_path, depth):
    directory = [cache.directory, cache.directory.parent][depth]
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")
    assert cache.read("one") is None
    cache.write("two", b"content")
    assert not [*(tmp_path / "elsewhere").rglob("two")]


def test_nor_to_a_file(cache, tmp_path):
    (cache.directory / "one").rename(tmp_path / "one")
    (cache.directory / "one").symlink_to(tmp_path / "one")
    assert cache.read("one") is None
    before = (tmp_path / "one").read_bytes()
    cache.write("one", b"new")
    assert (tmp_path / "one").read_bytes() == before
    assert cache.read("one") == b"new"


def test_a_pipe_or_a_directory_is_not_read(cache):
    os.mkfifo(cache.directory / "pipe", 0o600)
    (cache.directory / "below").mkdir(0o700)
    assert cache.read("pipe") is None
    assert cache.read("below") is None


def test_a_failed_write_leaves_what_was_there(cache, monkeypatch):
    def full(*arguments, **named):
        raise OSError("no space is left")

    monkeypatch.setattr(os, "replace", full)
    cache.write("one", b"new")
    assert cache.read("one") == b"content"
    assert [path.name for path in cache.directory.iterdir()] == ["one"]


def test_a_cache_that_cannot_be_made_is_not_used(tmp_path):
    (tmp_path / "file").write_text("")
    cache = UserCache(tmp_path / "file" / "perpend" / "programs")
    cache.write("one", b"content")
    assert cache.read("one") is None


def test_the_files_used_last_are_kept(cache, monkeypatch):
    monkeypatch.setattr(user_cache, "MOST_FILES", 3)
    for number, name in enumerate(("two", "three"), 1):
        cache.write(name, b"content")
        os.utime(cache.directory / name, (number, number))
    os.utime(cache.directory / "one", (0, 0))
    assert cache.read("one") == b"content"
    cache.write("four", b"content")
    assert {path.name for path in cache.directory.iterdir()} == {"one", "three", "four"}


def test_the_bytes_are_bounded(cache, monkeypatch):
    monkeypatch.setattr(user_cache, "MOST_BYTES", 100)
    os.utime(cache.directory / "one", (0, 0))
    cache.write("large", b"x" * 101)
    assert cache.read("large") is None
    cache.write("two", b"x" * 60)
    assert {path.name for path in cache.directory.iterdir()} == {"two"}


def test_unfinished_writes_are_removed_in_time(cache, monkeypatch):
    monkeypatch.setattr(user_cache, "MOST_FILES", 1)
    (cache.directory / ".unfinished").write_bytes(b"")
    os.utime(cache.directory / ".unfinished", (0, 0))
    cache.write("one", b"content")
    assert [path.name for path in cache.directory.iterdir()] == ["one"]
