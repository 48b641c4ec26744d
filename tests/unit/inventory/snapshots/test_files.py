"""Files of a store appear whole or not at all, for their owner's eyes; names and reasons are fit for a message."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from perpend.inventory.snapshots.files import (
    StoreError,
    check_place,
    digest_of,
    directory_name,
    entries_of,
    is_there,
    make_directory,
    naming,
    reason_of,
    remove_tree,
    settle,
    shown,
    sync_directory,
    write_whole,
)

CONTENT = b"content" * 20_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_files() -> list[str]:
    return os.listdir("/proc/self/fd")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b c", "a/b c"),
        (Path("a") / "é", "a/é"),
        ("é\nb\u202ec", "é\\nb\\u202ec"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "…"),
        ("\n" * 101, "\\n" * 100 + "…"),
    ],
)
def test_what_a_user_wrote_is_one_bounded_line_of_visible_characters(text, expected):
    assert expected == shown(text)


def test_errors_of_the_operating_system_name_the_path_and_what_failed(tmp_path):
    with pytest.raises(StoreError) as raised, naming(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "Whatever it is called here")
    assert f"{tmp_path}/x: cannot be written: no space is left on the disk" == str(raised.value)
    with pytest.raises(StoreError) as raised, naming(tmp_path / "a\nb", "cannot be read"):
        (tmp_path / "absent").read_bytes()
    assert f"{tmp_path}/a\\nb: cannot be read: no such file or directory" == str(raised.value)


def test_an_error_without_a_number_says_what_it_says():
    assert "odd thing" == reason_of(OSError("Odd Thing"))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("CA10__CaThing__c", "CA10__CaThing__c"),
        ("a.b-c_d", "a.b-c_d"),
        (".a", "~2ea"),
        ("a/b[]", "a~2fb~5b~5d"),
        ("ä~", "~c3~a4~7e"),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 160 + "~" + hashlib.sha256(b"x" * 161).hexdigest()[:16]),
    ],
)
def test_a_directory_is_called_like_its_table_as_far_as_that_is_harmless(table, expected):
    assert expected == directory_name(table)


def test_directories_are_made_with_those_above_them_and_for_their_owner_only(tmp_path):
    assert tmp_path / "a" / "b" == make_directory(tmp_path / "a" / "b") == make_directory(tmp_path / "a" / "b")
    assert [0o700, 0o700] == [mode_of(tmp_path / "a"), mode_of(tmp_path / "a" / "b")]


def test_a_directory_that_comes_meanwhile_is_taken(tmp_path, monkeypatch):
    real = Path.mkdir

    def beaten(path, *arguments, **options):
        real(path)
        real(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", beaten)
    assert (tmp_path / "a").is_dir() is False
    assert tmp_path / "a" == make_directory(tmp_path / "a")


def test_a_directory_whose_parent_goes_meanwhile_is_tried_again_and_given_up_in_the_end(tmp_path, monkeypatch):
    real, tried = Path.mkdir, []

    def gone(path, *arguments, **options):
        tried.append(path)
        if len(tried) < 20:
            raise FileNotFoundError(errno.ENOENT, "gone")
        real(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", gone)
    with pytest.raises(FileNotFoundError) as raised:
        make_directory(tmp_path / "a")
    assert (errno.ENOENT, "No such file or directory", str(tmp_path / "a")) == (*raised.value.args[:2], raised.value.filename)
    tried[:] = tried[:10]
    assert tmp_path / "a" == make_directory(tmp_path / "a")


def test_a_file_is_replaced_in_one_step_for_its_owner_only(tmp_path):
    path = tmp_path / "x"
    for content in (b"before", CONTENT):
        write_whole(path, content)
        assert (content, 0o600, ["x"]) == (path.read_bytes(), mode_of(path), os.listdir(tmp_path))


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(tmp_path, monkeypatch):
    path, parts = tmp_path / "x", []
    write_whole(path, b"before")

    def full(descriptor):
        parts.extend(one for one in os.listdir(tmp_path) if one != "x")
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_whole(path, CONTENT)
    assert (b"before", ["x"]) == (path.read_bytes(), os.listdir(tmp_path))
    [part] = parts
    assert part.startswith(".x.") and part.endswith(".part"), "the next run knows it by its name"


def test_what_is_written_is_safe_on_the_disk_before_it_has_its_name_and_the_name_before_it_counts(tmp_path, monkeypatch):
    steps = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor):
        found = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        steps.append("directory" if found == tmp_path else f"{found.stat().st_size} bytes")
        real_fsync(descriptor)

    def replace(*arguments):
        steps.append("named")
        real_replace(*arguments)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "x", b"abc")
    assert ["3 bytes", "named", "directory"] == steps


def test_a_settled_file_is_its_owners_only_and_known_by_its_hash(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    assert (DIGEST, len(CONTENT)) == settle(path) == digest_of(path)
    assert 0o600 == mode_of(path)


def test_a_directory_whose_entries_are_safe_is_closed_again(tmp_path, monkeypatch):
    before = open_files()
    sync_directory(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.stat(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path)
    assert before == open_files()
    (tmp_path / "x").touch()
    with pytest.raises(NotADirectoryError):
        sync_directory(tmp_path / "x")


def test_what_cannot_be_seen_is_not_taken_for_absent(tmp_path):
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    assert [True, False, False] == [is_there(tmp_path / name) for name in ("a", "c", "a/b")]
    assert ["a", "b"] == [path.name for path in entries_of(tmp_path)]
    assert [] == entries_of(tmp_path / "c") == entries_of(tmp_path / "a")
    for ask in (is_there, entries_of):
        with pytest.raises(OSError, match="name too long"):
            ask(tmp_path / ("x" * 300))


def test_what_is_removed_may_be_gone_already(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for _ in range(2):
        remove_tree(tmp_path / "a")
        assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b[]", "x" * 400, "ä\u202e", "a b", "CON", "a~b", "a%2fb"])
def test_a_table_directory_is_harmless_whatever_the_table_is_called(name):
    found = directory_name(name)
    assert Path(found).name == found and not found.startswith(".") and found.isascii() and len(found) < 200
    assert found != directory_name(name + "x")


def test_names_that_differ_only_in_signs_have_directories_of_their_own():
    names = ["a/b", "a~2fb", "a%2fb", "a_b", "A_b", "a.b", "a", "a~"]
    assert len(names) == len({directory_name(one) for one in names})


@pytest.mark.parametrize("place", ["s3://bucket/stores", Path("s3://bucket/stores")])
def test_an_address_is_no_directory_of_a_store(place):
    with pytest.raises(StoreError, match=r"^s3://?bucket/stores: an address, not a directory: open it with `remote_store`$"):
        check_place(place)


def test_a_directory_may_be_called_as_addresses_begin():
    check_place("s3")
    check_place("/srv/s3:/a")
