"""A report is copied as plain only if no reader of CSV could see anything else in it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from json.encoder import encode_basestring
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perpend.inventory.importers.reports import plain
from perpend.inventory.importers.reports.plain import PlainReport, plain_report
from perpend.inventory.readers.csv_text import check_quoting, read_rows
from perpend.inventory.readers.errors import UnusableContent

HEADER = b"user,arn,mfa_active\n"
END = b"\x1f0\n"
"""How rows of a copy end that no line feed in a cell stands before."""

ROW = b"ann,arn:aws:iam::111122223333:user/ann,true\n"
OTHER = "é,arn:aws:iam::111122223333:user/é,\u2028\x85\x7f true\n".encode()


def packed(content: bytes) -> bytes:
    """Return bytes as gzip that is the same at any time: tests are called by what they are given."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (HEADER + ROW + OTHER, HEADER + ROW + OTHER),
        ((HEADER + ROW)[:-1], (HEADER + ROW)[:-1]),
        (b"\xef\xbb\xbf" + HEADER + ROW, HEADER + ROW),
        ((HEADER + ROW).replace(b"\n", b"\r\n"), (HEADER + ROW).replace(b"\n", b"\r\n")),
        (HEADER.replace(b"\n", b"\r\n") + ROW, HEADER.replace(b"\n", b"\r\n") + ROW),
        (packed(HEADER + ROW), HEADER + ROW),
        (HEADER + ROW + b"\n\n", HEADER + ROW + b"\n\n"),
        (HEADER + ROW + b"\r\n", HEADER + ROW + b"\r\n"),
    ],
)
def test_plain_reports_are_copied_without_header_and_carriage_returns(tmp_path, content, text):
    path = tmp_path / "report.csv"
    path.write_bytes(content)
    found = plain_report(str(path), tmp_path / "copy")
    assert found is not None
    copied = text.replace(b"\r\n", b"\n").removeprefix(HEADER)
    assert copied.rstrip(b"\n").replace(b",", b"\x1f").replace(b"\n", END) + END == found.copy.read_bytes()
    assert (("user", "arn", "mfa_active"), copied.count(b",arn:"), hashlib.sha256(text).hexdigest()) == (
        found.columns,
        found.rows,
        found.digest,
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEADER,
        HEADER[:-1],
        b"\n" + HEADER + ROW,
        HEADER + b"\n" + ROW,
        HEADER + ROW + b"\n" + ROW,
        HEADER + ROW + b" \n",
        HEADER + ROW[:-1] + b"\r",
        HEADER + ROW.replace(b"true", b"tr\rue"),
        HEADER + ROW.replace(b",true", b""),
        HEADER + ROW.replace(b"true", b"true,"),
        HEADER + ROW.replace(b"true", b'"true'),
        HEADER + ROW.replace(b"true", b'""true""'),
        HEADER + ROW.replace(b"true", b'tr"ue"'),
        HEADER + ROW.replace(b"/ann,true", b'/an"n","true'),
        HEADER + ROW.replace(b"ann,true", b'ann","true'),
        HEADER + ROW.replace(b"ann,true", b'ann"",true'),
        HEADER + ROW.replace(b"ann,true", b'"ann"","true"'),
        HEADER + ROW.replace(b"true", b'"tr"ue'),
        HEADER + ROW.replace(b"true", b'"true" '),
        HEADER + ROW.replace(b"true", b' "true"'),
        HEADER + ROW.replace(b",true", b',"true,'),
        HEADER + ROW.replace(b",true", b',"true",'),
        HEADER + ROW.replace(b",true", b"\x1ftrue"),
        HEADER.replace(b"mfa_active", b'mfa_"active"') + ROW,
        HEADER.replace(b"mfa_active", b'"mfa""active"') + ROW,
        HEADER.replace(b"mfa_active", b'"mfa\nactive"') + ROW,
        HEADER.replace(b"mfa_active", b"mfa\\active") + ROW,
        HEADER.replace(b"mfa_active", b"mfa_active ") + ROW,
        HEADER.replace(b"\n", b",MFA_active\n") + ROW.replace(b"\n", b",true\n"),
        HEADER + ROW.replace(b"true", b"tr\0ue"),
        HEADER + ROW.replace(b"true", b"tr\xffue"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + HEADER + ROW,
        HEADER.replace(b"mfa_active", b"user") + ROW,
        HEADER.replace(b"mfa_active", b"") + ROW,
        HEADER.replace(b"user,", b"name,") + ROW,
        HEADER.replace(b",", b";") + ROW,
        packed(HEADER + ROW)[:-6],
        packed(packed(HEADER + ROW)),
        HEADER + ROW.replace(b"true", b"t" * (3 << 20)),
        HEADER + ROW.replace(b"true", b"t" * 600_000) + ROW,
        HEADER.replace(b"mfa_active", b"m" * 600_000) + ROW,
    ],
)
def test_everything_else_is_left_to_collectors(tmp_path, content):
    path = tmp_path / "report.csv"
    path.write_bytes(content)
    assert plain_report(str(path), tmp_path / "copy") is None


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (HEADER + ROW.replace(b"true", b'"true"'), [b"true"]),
        ((HEADER + ROW.replace(b"true", b'"true"'))[:-1], [b"true"]),
        (HEADER + ROW.replace(b"true", b'""') + ROW.replace(b"true", b'" ,,true,"'), [b"", b" ,,true,"]),
        (HEADER + ROW.replace(b"ann,true", b'ann,","'), [b","]),
        (
            HEADER + b'"ann","arn:aws:iam::111122223333:user/ann",""\n"ann","arn:aws:iam::111122223333:user/ann",",a"',
            [b"", b",a"],
        ),
        (b'"user","arn",mfa_active\r\n"ann",arn:aws:iam::111122223333:user/ann,"a,b"\r\n' + ROW, [b"a,b", b"true"]),
    ],
)
def test_quotes_around_cells_are_left_out_of_the_copy(tmp_path, content, cells):
    path = tmp_path / "report.csv"
    path.write_bytes(content)
    found = plain_report(str(path), tmp_path / "copy")
    assert found is not None
    expected = b"".join(b"\x1f".join((b"ann", b"arn:aws:iam::111122223333:user/ann", cell)) + END for cell in cells)
    assert (("user", "arn", "mfa_active"), expected) == (found.columns, found.copy.read_bytes())


def test_what_cannot_be_read_is_left_to_collectors(tmp_path):
    assert plain_report(str(tmp_path / "absent"), tmp_path / "copy") is None


def test_columns_of_people_are_named_as_they_name_them(tmp_path):
    path = tmp_path / "report.csv"
    path.write_bytes('user,arn,"Équipe, (a/b)"\n'.encode() + ROW)
    found = plain_report(str(path), tmp_path / "copy")
    assert found is not None
    assert ("user", "arn", "Équipe, (a/b)") == found.columns


def test_lines_are_whole_across_pieces_of_a_file(tmp_path):
    path = tmp_path / "report.csv"
    rows = b"".join(b"u%d,arn:aws:iam::111122223333:user/u%d,%s\n" % (number, number, b"x" * 97) for number in range(30_000))
    path.write_bytes(HEADER + rows)
    told: list[int] = []
    found = plain_report(str(path), tmp_path / "copy", told.append)
    assert found is not None
    assert rows.replace(b",", b"\x1f").replace(b"\n", END) == found.copy.read_bytes()
    assert (30_000, 30_000, sorted(told)) == (found.rows, told[-1], told)


def rows_seen(content: bytes) -> list[tuple[int, list[str]]] | None:
    """Return the rows of a report with their lines as collectors see them, None where they refuse it."""
    try:
        check_quoting(content)
        return list(read_rows(content))
    except UnusableContent:
        return None


def rows_copied(found: PlainReport) -> list[tuple[int, list[str]]]:
    """Return the rows that a copy holds with the lines on which they stood."""
    rows = [line.split("\x1f") for line in found.copy.read_text("utf-8").split("\n")[:-1]]
    return [
        (number + 2 + int(breaks), [json.loads(f'"{cell}"') for cell in cells]) for number, (*cells, breaks) in enumerate(rows)
    ]


def compared(directory: Path, content: bytes) -> bool:
    """Hold the copy of a report to what collectors see in it; return whether there is a copy."""
    path = directory / "report.csv"
    path.write_bytes(content)
    found = plain_report(str(path), directory / "copy")
    if found is None:
        return False
    seen = rows_seen(content)
    assert seen is not None, "what collectors refuse was copied"
    assert seen[1:] == rows_copied(found)
    text = found.copy.read_text("utf-8")
    cells = [cell for _, row in seen[1:] for cell in row]
    assert (len(cells) // 3, sum(cell.count("\n") for cell in cells)) == (found.rows, found.breaks)
    assert found.escaped == any(encode_basestring(cell) != f'"{cell}"' for cell in cells)
    assert found.longest >= max(map(len, text.encode().split(b"\n"))) - 8
    return True


CELLS = st.text(alphabet='a,"\n\r\\\t\x1e\x1f\x01\x00é', max_size=6)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
    end=st.sampled_from(("\n", "\r\n")),
    chunk=st.sampled_from((1, 7, 4_096)),
)
@example(rows=[('a",",b', ',"x', '"')], quoting=csv.QUOTE_ALL, end="\n", chunk=4_096)
def test_cells_of_any_text_are_copied_as_they_are_read(rows, quoting, end, chunk):
    stream = io.StringIO()
    csv.writer(stream, quoting=quoting, lineterminator=end).writerows([("user", "arn", "mfa_active"), *rows])
    with TemporaryDirectory() as directory, patch.object(plain, "_CHUNK", chunk):
        content = stream.getvalue().encode()
        assert compared(Path(directory), content) == (b"\0" not in content and rows_seen(content) is not None)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet='a,,""\n\n\r\\', max_size=24), chunk=st.sampled_from((1, 5, 4_096)))
@example(text='a,"b,c\na,b"",c\n', chunk=4_096)
@example(text='a,b,"c\r', chunk=4_096)
@example(text='a,b,c\n""\n', chunk=1)
@example(text="a,b,c\r\r\n", chunk=4_096)
@example(text='a,b,"\n\n"\na,b,"\n"\na,b,c', chunk=4_096)
def test_text_of_any_form_is_copied_as_it_is_read_or_not_at_all(text, chunk):
    with TemporaryDirectory() as directory, patch.object(plain, "_CHUNK", chunk):
        compared(Path(directory), HEADER + b"a,b,c\n" + text.encode())
