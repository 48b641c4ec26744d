"""Names and reasons are fit for a message, and names of directories are harmless."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from perpend.inventory.snapshots.files import (
    StoreError,
    check_place,
    directory_name,
    entries_of,
    is_there,
    naming,
    reason_of,
    shown,
)


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


def test_what_cannot_be_seen_is_not_taken_for_absent(tmp_path):
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    assert [True, False, False] == [is_there(tmp_path / name) for name in ("a", "c", "a/b")]
    assert ["a", "b"] == [path.name for path in entries_of(tmp_path)]
    assert [] == entries_of(tmp_path / "c") == entries_of(tmp_path / "a")
    for ask in (is_there, entries_of):
        with pytest.raises(OSError, match="name too long"):
            ask(tmp_path / ("x" * 300))


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
