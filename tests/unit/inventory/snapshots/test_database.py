"""The database reaches what it was given and nothing else, and what goes wrong is told in the store's words."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from perpend.inventory.snapshots.database import (
    is_failed_write,
    lock,
    name,
    opened,
    pattern,
    rows_of,
    text,
    text_list,
    translate_errors,
)
from perpend.inventory.snapshots.files import StoreError

DAMAGED = "cannot be read: it is damaged or cut off"


def test_names_and_texts_are_quoted():
    assert ['"a"', '"a""b"', '""'] == [name(one) for one in ("a", 'a"b', "")]
    assert ["'a'", "'it''s'", "''"] == [text(one) for one in ("a", "it's", "")]
    assert ["[]", "['a', 'it''s', '/x']"] == [text_list(one) for one in ((), ("a", "it's", Path("/x")))]


def test_a_path_means_one_file_whatever_signs_it_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"'{tmp_path}/a[*]b[?][[]c]it''s'" == pattern("a*b?[c]it's") == pattern(Path("a*b?[c]it's"))


def test_only_what_was_given_is_reached(tmp_path):
    inside, outside, alone = tmp_path / "in", tmp_path / "out", tmp_path / "alone.txt"
    for directory in (inside, outside):
        directory.mkdir()
        (directory / "x.txt").write_text(directory.name)
    alone.write_text("alone")
    (tmp_path / "spill").mkdir()
    with opened(directories=[inside], paths=[alone], spill=tmp_path / "spill") as connection:
        for path, content in ((inside / "x.txt", "in"), (alone, "alone")):
            assert [(content,)] == rows_of(connection, f"SELECT content FROM read_text('{path}')")
        connection.execute(f"COPY (SELECT 1) TO '{tmp_path}/spill/x.csv'")
        for path in (outside / "x.txt", f"{inside}/../out/x.txt", f"{inside}-x"):
            with pytest.raises(duckdb.PermissionException):
                rows_of(connection, f"SELECT content FROM read_text('{path}')")
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"COPY (SELECT 1) TO '{alone}.csv'")


def test_settings_cannot_be_changed_once_they_are_locked():
    with opened(memory_limit="300MB") as connection:
        assert [("286.1 MiB", "", "UTC")] == rows_of(
            connection, "SELECT current_setting('memory_limit'), current_setting('temp_directory'), current_setting('TimeZone')"
        )
        connection.execute("SET threads = 1")
        lock(connection)
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("SET threads = 2")


@pytest.mark.parametrize(
    "setting",
    [
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "allow_community_extensions",
        "allow_persistent_secrets",
        "enable_external_access",
    ],
)
def test_nothing_is_fetched_and_no_secrets_are_kept(setting):
    with opened() as connection:
        assert [(False,)] == rows_of(connection, f"SELECT current_setting('{setting}')")


def test_no_progress_is_written_where_python_was_started_without_a_file():
    asked = """if 1:
        from perpend.inventory.snapshots.database import opened
        with opened() as connection:
            print(connection.execute("SELECT current_setting('enable_progress_bar')").fetchone())"""
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout == "(False,)\n"


def test_a_database_can_be_asked_beside_the_main_thread():
    found = []

    def ask():
        with opened() as connection:
            found.extend(rows_of(connection, "SELECT 1"))

    beside = threading.Thread(target=ask)
    beside.start()
    beside.join()
    assert [(1,)] == found


def test_an_interrupted_question_is_an_interrupt_and_other_errors_are_themselves():
    with pytest.raises(KeyboardInterrupt), opened():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="odd"), opened():
        raise RuntimeError("odd")


@pytest.mark.parametrize(
    ("error", "message", "is_write"),
    [
        (
            duckdb.IOException("Could not write file: No space left on device"),
            "cannot be written: no space is left on the disk",
            True,
        ),
        (duckdb.IOException("Could not write file: File too large"), "cannot be written: file too large", True),
        (duckdb.IOException('Could not write all bytes to file "x"'), "cannot be written", True),
        (duckdb.IOException('Cannot open file "x" in mode WRITE'), "cannot be written", True),
        (duckdb.IOException('Cannot open file "x": Permission denied'), DAMAGED, False),
        (duckdb.IOException("write is what a user calls a column"), DAMAGED, False),
        (duckdb.InvalidInputException("No magic bytes found"), DAMAGED, False),
        (duckdb.InvalidInputException("Could not write"), "cannot be written", False),
        (duckdb.OutOfMemoryException("x"), "the limit of memory or temporary disk space is exceeded", False),
        (duckdb.PermissionException("file system operations are disabled"), "cannot be read: it is gone", False),
        (duckdb.ConversionException("x"), "cannot be stored (ConversionException)", False),
    ],
)
def test_errors_are_told_in_words_of_the_store(error, message, is_write):
    with pytest.raises(StoreError) as raised, translate_errors(Path("/a\nb")):
        raise error
    assert f"/a\\nb: {message}" == str(raised.value)
    assert is_write == is_failed_write(error)
    with pytest.raises(StoreError) as raised, translate_errors(Path("/a"), written=Path("/tmp/b")):
        raise error
    assert str(raised.value).startswith("/tmp/b: " if is_write else "/a: ")
