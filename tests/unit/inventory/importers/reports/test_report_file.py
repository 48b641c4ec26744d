"""DuckDB reads the rows of a report that the readers read, with their lines, or the report is refused with their words."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perpend.inventory.importers.reports import report_file as module
from perpend.inventory.importers.reports.report_file import is_report, report_file
from perpend.inventory.importers.reports.report_table import Doubtful, _Reports
from perpend.inventory.readers.credential_report import read_report
from perpend.inventory.readers.errors import UnusableContent, UnusableInput
from perpend.inventory.readers.files import text_bytes
from perpend.inventory.snapshots.database import opened, rows_of

HEADER = b"user,arn,mfa_active\n"
ARN = "arn:aws:iam::111122223333:user/ann"


def by_readers(content: bytes) -> list[tuple[int, dict[str, str]]] | str:
    """Return the line and the cells of each row, or why the report cannot be used."""
    try:
        return [(one.origin.row or 0, json.loads(one.row)) for one in read_report(text_bytes(content), "")]
    except UnusableContent as error:
        return str(error)


def by_duckdb(directory: Path, content: bytes) -> list[tuple[int, dict[str, str]]] | str:
    """Return the same by the check of the bytes and DuckDB."""
    path = directory / "report.csv"
    path.write_bytes(content)
    try:
        file = report_file("", path, directory / "copy.csv")
        with opened(directories=[directory], threads=1) as connection:
            reports = _Reports(connection, [file], lambda _: None, directory, 0)
            reports.read_keys()
            rows = rows_of(connection, reports._lines(f"row, {', '.join(reports._cells)}"))
    except UnusableInput as error:
        return error.reason
    return [(row + 2, dict(zip(file.columns, cells, strict=True))) for row, *cells in rows]


def agree(content: bytes, *, chunk: int = 1 << 20) -> bool:
    """Compare the two; return whether the report is read. Only DuckDB finds rows of different widths, and odd ARNs."""
    expected = by_readers(content)
    with TemporaryDirectory() as directory, patch.object(module, "_CHUNK", chunk):
        try:
            found = by_duckdb(Path(directory), content)
        except Doubtful:
            assert isinstance(expected, str)
            return False
    assert expected == found
    return not isinstance(expected, str)


CELLS = st.text(alphabet='a,"\n\r\\\t\x1e\x1f\x01\x00é', max_size=6)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
    end=st.sampled_from(("\n", "\r\n")),
    chunk=st.sampled_from((1, 7, 4_096)),
)
@example(rows=[('a",",b', '"')], quoting=csv.QUOTE_ALL, end="\n", chunk=4_096)
def test_cells_of_any_text_are_read_alike(rows: list[tuple[str, str]], quoting: Any, end: str, chunk: int) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=quoting, lineterminator=end)
    writer.writerows([("user", "arn", "mfa_active"), *((first, ARN, second) for first, second in rows)])
    content = stream.getvalue().encode()
    assert agree(content, chunk=chunk) == (b"\0" not in content)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet='a,,""\n\n\r\\', max_size=24), chunk=st.sampled_from((1, 5, 4_096)))
@example(text=f'a,"{ARN}",c\na,{ARN}"",c\n', chunk=4_096)
@example(text=f'a,{ARN},"c\r', chunk=4_096)
@example(text=f'a,{ARN},c\n""\n', chunk=1)
@example(text=f"a,{ARN},c\r\r\n", chunk=4_096)
@example(text=f'a,{ARN},"\n\n"\na,{ARN},"\n"\na,{ARN},c', chunk=4_096)
@example(text=f"a,{ARN},c\n\n\n", chunk=4_096)
@example(text=f"a,{ARN},c\n\na,{ARN},c\n", chunk=1)
def test_text_of_any_form_is_read_alike_or_refused(text: str, chunk: int) -> None:
    agree(HEADER + text.encode(), chunk=chunk)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER + f"ann,{ARN},true\n".encode(),
        gzip.compress(HEADER + f"ann,{ARN},true\n".encode()),
        json.dumps({"Content": base64.b64encode(HEADER + f"ann,{ARN},true".encode()).decode()}).encode(),
    ],
    ids=["mark", "gzip", "answer"],
)
def test_other_forms_of_a_report(tmp_path: Path, content: bytes) -> None:
    assert is_report(content if content[:1] != b"\x1f" else gzip.decompress(content), None)
    assert [(2, {"user": "ann", "arn": ARN, "mfa_active": "true"})] == by_duckdb(tmp_path, content)


def test_a_row_that_is_too_long_is_not_supported(tmp_path: Path) -> None:
    content = HEADER + f"ann,{ARN},{'x' * 3 * module.LONGEST_LINE}\n".encode()
    assert "1 MiB" in by_duckdb(tmp_path, content)


def test_a_report_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(HEADER + f"ann,{ARN},true\n".encode())
    with pytest.raises(UnusableInput, match="holds `CA10__CaAwsUser__c` objects, not `CA10__CaOther__c`"):
        report_file("report.csv", path, tmp_path / "copy.csv", type_name="CA10__CaOther__c")
