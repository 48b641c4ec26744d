"""A byte of a Parquet file that changed under a page's checksum is noticed wherever it stands, and nothing else is refused."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perpend.inventory.importers.tables import parquet_pages
from perpend.inventory.importers.tables.parquet_pages import _head, _Unreadable, check_pages
from perpend.inventory.importers.tables.table_bytes import UnreadableTable
from perpend.inventory.importers.tables.table_file import TableFile
from perpend.inventory.importers.tables.tool_parquet import lines_of_tool
from perpend.inventory.snapshots.database import Connection, opened
from tests.parquet import is_refused_by_another
from tests.unit.inventory.snapshots.stored import THING, rows_of, stored

pytestmark = pytest.mark.medium

NUMBERS = pa.table(
    {
        "Id": [f"user-{number}" for number in range(300)],
        "mfa": ["Yes", None, "No"] * 100,
        "size": [number / 7 for number in range(300)],
        "tags": [{"a": str(number % 5), "b": [number]} for number in range(300)],
    }
)
FORMS: dict[str, dict[str, Any]] = {
    "dictionaries": {},
    "pages of the second version": {"data_page_version": "2.0"},
    "no dictionaries": {"use_dictionary": False, "compression": "none"},
    "many pages": {"data_page_size": 64, "write_batch_size": 16, "compression": "zstd"},
    "many groups": {"row_group_size": 70},
    "no statistics": {"write_statistics": False, "compression": "gzip"},
}


def written(table: pa.Table = NUMBERS, **options: Any) -> bytes:
    out = BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with opened(directories=[tmp_path]) as found:
        yield found


def is_refused(connection: Connection, path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        check_pages(connection, str(path), path)
    except UnreadableTable as error:
        assert str(error).startswith(f"{path}: damaged Parquet: pages of `")
        return True
    return False


@pytest.mark.parametrize("form", FORMS)
def test_whole_files_are_sound_with_checksums_and_without(connection: Connection, tmp_path: Path, form: str) -> None:
    assert not is_refused(connection, tmp_path / "with.parquet", written(write_page_checksum=True, **FORMS[form]))
    assert not is_refused(connection, tmp_path / "without.parquet", written(**FORMS[form]))


@pytest.mark.parametrize("at_once", [2, 7, 64, 1 << 20])
@pytest.mark.parametrize("form", FORMS)
def test_files_one_behind_the_other_are_refused_and_a_text_that_looks_so_is_not(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, at_once: int
) -> None:
    """The last footer tells where pages are, counted from the first file's beginning: the last file's rows were lost."""
    monkeypatch.setattr(parquet_pages, "_AT_ONCE", at_once)
    path = tmp_path / "several.parquet"
    for second in (written(**FORMS[form]), written(NUMBERS.slice(0, 3), **FORMS[form])):
        for content in (written(**FORMS[form]) + second, second + written(**FORMS[form])):
            path.write_bytes(content)
            with pytest.raises(UnreadableTable, match="several files stand in it"):
                check_pages(connection, str(path), path)
    text = pa.table({"Id": ["PAR1PAR1", "a", "\x01\x00\x00\x00PAR1PAR1"]})
    assert not is_refused(connection, path, written(text, **FORMS[form]))


@pytest.mark.parametrize("form", FORMS)
def test_a_byte_under_a_checksum_is_missed_nowhere(connection: Connection, tmp_path: Path, form: str) -> None:
    content, random, found = written(write_page_checksum=True, **FORMS[form]), Random(form), 0
    pages = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    while found < 12:
        place = random.randrange(pages)
        changed = content[:place] + bytes((content[place] ^ 1 << random.randrange(8),)) + content[place + 1 :]
        if is_refused_by_another(changed):
            found += 1
            assert is_refused(connection, tmp_path / f"{found}.parquet", changed), place


@pytest.mark.parametrize(("options", "taken"), [({}, True), ({"write_page_checksum": True}, False)])
def test_a_table_of_a_tool_is_read_by_the_same_rule(tmp_path: Path, options: dict[str, Any], taken: bool) -> None:
    path = damaged(tmp_path / "t.parquet", {"_cq_id": ["a"], "name": ["user-7"]}, **options)
    with opened(directories=[tmp_path]) as connection:
        assert taken == (lines_of_tool(connection, str(path), tmp_path / "lines") is not None)


PLAIN: dict[str, Any] = {"use_dictionary": False, "compression": "none", "write_statistics": False}


def damaged(path: Path, columns: dict[str, Any] | None = None, **options: Any) -> Path:
    """Write a file, each of whose columns is one page, and change a name in it."""
    content = written(pa.table(columns) if columns else NUMBERS, **PLAIN, **options)
    place = content.index(b"user-7")
    path.write_bytes(content[:place] + b"nobody" + content[place + 6 :])
    return path


def test_an_import_refuses_the_file_and_names_the_column(tmp_path: Path) -> None:
    path = damaged(tmp_path / "t.parquet", write_page_checksum=True)
    with pytest.raises(UnreadableTable, match="damaged Parquet: pages of `Id` are not what their checksums say"):
        stored(tmp_path, TableFile(str(path), THING))


def test_what_carries_no_checksum_is_for_others_to_read(tmp_path: Path) -> None:
    snapshot, _ = stored(tmp_path, TableFile(str(damaged(tmp_path / "t.parquet")), THING))
    assert ("nobody",) in rows_of(snapshot, THING, "Id")


PAGES = pa.table({"Id": [f"name-{number:04}" for number in range(1_000)]})
BEGIN = len(b"PAR1")


@pytest.mark.parametrize("head", [b"\x18" + b"\xff" * 9 + b"\x7f", b"\x18" + b"\xff" * 8 + b"\x7f"], ids=len)
def test_a_head_with_a_text_longer_than_any_file_is_none(connection: Connection, tmp_path: Path, head: bytes) -> None:
    """It is left to others in front, and refused behind a page with a checksum."""
    content = written(PAGES, write_page_checksum=True, data_page_size=64, write_batch_size=16, **PLAIN)
    second = content.index(b"\x15", content.index(b"name-0015"))  # as each head begins: its first field is a whole number
    for place, refused in ((BEGIN, False), (second, True)):
        changed = content[:place] + head + content[place + len(head) :]
        assert refused == is_refused(connection, tmp_path / f"{place}.parquet", changed)


def test_a_head_ends_soon() -> None:
    stream = BytesIO(b"\x11" * 1_000_000)
    with pytest.raises(_Unreadable):
        _head(stream)
    assert stream.tell() < 2_000
