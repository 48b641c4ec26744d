"""A report is copied as plain only if no reader of CSV could see anything else in it."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from perpend.pieces.reports.plain import plain_report

HEADER = b"user,arn,mfa_active\n"
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
    ],
)
def test_plain_reports_are_copied_without_header_and_carriage_returns(tmp_path, content, text):
    path = tmp_path / "report.csv"
    path.write_bytes(content)
    found = plain_report(str(path), tmp_path / "copy")
    assert found is not None
    copied = text.replace(b"\r\n", b"\n").removeprefix(HEADER)
    assert (copied + b"\n" * (not copied.endswith(b"\n"))).replace(b",", b"\x1f") == found.copy.read_bytes()
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
        HEADER + ROW + b"\n",
        HEADER + ROW + b"\r\n",
        HEADER + ROW[:-1] + b"\r",
        HEADER + ROW.replace(b"true", b"tr\rue"),
        HEADER + ROW.replace(b",true", b""),
        HEADER + ROW.replace(b"true", b"true,"),
        HEADER + ROW.replace(b"true", b'"true'),
        HEADER + ROW.replace(b"true", b'"tr""ue"'),
        HEADER + ROW.replace(b"true", b'""true""'),
        HEADER + ROW.replace(b"true", b'tr"ue"'),
        HEADER + ROW.replace(b"/ann,true", b'/an"n","true'),
        HEADER + ROW.replace(b"ann,true", b'ann","true'),
        HEADER + ROW.replace(b"ann,true", b'ann"",true'),
        HEADER + ROW.replace(b"ann,true", b'"ann"","true"'),
        HEADER + ROW.replace(b"true", b'"tr"ue'),
        HEADER + ROW.replace(b"true", b'"true" '),
        HEADER + ROW.replace(b"true", b' "true"'),
        HEADER + ROW.replace(b"true", b'"tr\nue"'),
        HEADER + ROW.replace(b"true", b'"tr\r\nue"'),
        HEADER + ROW.replace(b"true", b'"tr\\ue"'),
        HEADER + ROW.replace(b",true", b',"true,'),
        HEADER + ROW.replace(b",true", b',"true",'),
        HEADER + ROW.replace(b",true", b"\x1ftrue"),
        HEADER.replace(b"mfa_active", b'mfa_"active"') + ROW,
        HEADER.replace(b"mfa_active", b'"mfa,active"') + ROW,
        HEADER.replace(b"mfa_active", b"mfa_active ") + ROW,
        HEADER.replace(b"\n", b",MFA_active\n") + ROW.replace(b"\n", b",true\n"),
        HEADER + ROW.replace(b"true", b"tr\\ue"),
        HEADER + ROW.replace(b"true", b"tr\tue"),
        HEADER + ROW.replace(b"true", b"tr\0ue"),
        HEADER + ROW.replace(b"true", b"tr\x01ue"),
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
    expected = b"".join(b"\x1f".join((b"ann", b"arn:aws:iam::111122223333:user/ann", cell)) + b"\n" for cell in cells)
    assert (("user", "arn", "mfa_active"), expected) == (found.columns, found.copy.read_bytes())


def test_what_cannot_be_read_is_left_to_collectors(tmp_path):
    assert plain_report(str(tmp_path / "absent"), tmp_path / "copy") is None


def test_lines_are_whole_across_pieces_of_a_file(tmp_path):
    path = tmp_path / "report.csv"
    rows = b"".join(b"u%d,arn:aws:iam::111122223333:user/u%d,%s\n" % (number, number, b"x" * 97) for number in range(30_000))
    path.write_bytes(HEADER + rows)
    told: list[int] = []
    found = plain_report(str(path), tmp_path / "copy", told.append)
    assert found is not None
    assert rows.replace(b",", b"\x1f") == found.copy.read_bytes()
    assert (30_000, 30_000, sorted(told)) == (found.rows, told[-1], told)
