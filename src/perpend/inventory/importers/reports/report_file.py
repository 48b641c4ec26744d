"""Check the bytes of a credential report before DuckDB reads the file, so that it reads the rows that the readers would read.

The check copies nothing. A report that it cannot vouch for (packed, from standard input, with blank lines, with very odd
quotes) is read by the readers, which reject a wrong one with its line, and written as plain CSV.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import USER_TYPE
from perpend.core.dataclass import dataclass
from perpend.inventory.importers.tables.table_bytes import MARK
from perpend.inventory.readers.credential_report import read_answer, read_report, repeated_column
from perpend.inventory.readers.csv_text import check_quoting, read_rows, wide_fields
from perpend.inventory.readers.errors import UnusableContent, UnusableInput, excerpt
from perpend.inventory.readers.files import MAX_BYTES, read_text_bytes
from perpend.inventory.readers.formats import (
    ANSWER,
    HEAD,
    JSON_LINES,
    OBJECTS,
    REPORT,
    UNSUPPORTED,
    holds_lines,
    kind_of,
)
from perpend.inventory.readers.json_text import refuse_scalar
from perpend.inventory.readers.merge import REPORT_TYPES
from perpend.inventory.readers.tools.registry import READERS
from perpend.inventory.snapshots.files import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

_CHUNK: Final = 1 << 20

LONGEST_LINE: Final = 1 << 20
"""The most bytes that a row of a report may have."""

_MOST_COLUMNS: Final = 256
_NEEDED: Final = ("user", "arn")
_BESIDE_QUOTES: Final = {b"", b",", b"\n", b"\r"}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report that DuckDB can read. ``path`` is the input itself, or a plain copy; ``source`` is the name of the input.

    ``rows`` is the number of rows below the header, ``breaks`` the number of line feeds in cells. ``digest`` is the SHA-256 of
    the text, empty if it was not asked for.
    """

    source: str
    path: Path
    columns: tuple[str, ...]
    rows: int
    breaks: int
    digest: str
    kind: str = REPORT.name
    observed_at: datetime | None = None


class _NotPlain(Exception):
    """The readers have to look at a report."""


def is_report(head: bytes, type_name: str | None) -> bool:
    """Whether a file that begins so is read as a credential report, or as the AWS CLI's answer with one."""
    recognised = kind_of(head)
    if recognised in (OBJECTS, UNSUPPORTED) or recognised in READERS:
        return False
    is_typed_table = recognised is not None and recognised.is_table and type_name is not None
    return not is_typed_table and not (recognised is JSON_LINES and holds_lines(head))


def report_file(source: str, path: Path, copy: Path, *, type_name: str | None = None, digested: bool = True) -> ReportFile:
    """Return a report, checked. ``path`` is its file. Raises UnusableInput with the first fault and its line.

    ``copy`` is a file that may be written. ``type_name`` is the object type that the input must contain.
    """
    try:
        report = _plain(source, path, digested=digested) or _copied(source, path, copy, type_name)
        if type_name and type_name not in REPORT_TYPES:
            raise UnusableContent(f"a credential report, which holds `{USER_TYPE}` objects, not `{type_name}`")
    except UnusableContent as error:
        raise UnusableInput(source, str(error)) from None
    return report


def copied_report(report: ReportFile, copy: Path) -> ReportFile:
    """Return a plain copy of a report that DuckDB reads differently. Raises UnusableInput if the readers find a fault."""
    try:
        return replace(_copied(report.source, report.path, copy, None), kind=report.kind, observed_at=report.observed_at)
    except UnusableContent as error:
        raise UnusableInput(report.source, str(error)) from None


def _plain(source: str, path: Path, *, digested: bool = True) -> ReportFile | None:
    """Return a report if all of its bytes are as DuckDB and the readers read them alike, else None."""
    digest = hashlib.sha256() if digested else None
    columns: tuple[str, ...] = ()
    rows, breaks = 0, 0
    try:
        before = path.stat()
        if before.st_size > MAX_BYTES:
            return None
        for piece in _whole_rows(path):
            if digest:
                digest.update(piece)
            line = piece if piece.endswith(b"\n") else piece + b"\n"
            lines, within = _counted(line)
            if not columns:
                columns = _columns(line)
                lines -= 1
            rows, breaks = rows + lines, breaks + within
        after = path.stat()
    except (OSError, ValueError, _NotPlain):
        return None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or not rows:
        return None
    return ReportFile(source, path, columns, rows, breaks, digest.hexdigest() if digest else "")


def _copied(source: str, path: Path, copy: Path, type_name: str | None) -> ReportFile:
    """Return a plain copy of a report that the readers can read. Raises UnusableContent."""
    content = read_text_bytes(str(path))
    kind, observed_at = REPORT.name, None
    if kind_of(content[:HEAD]) in (ANSWER, JSON_LINES):
        content, observed_at = read_answer(content)
        kind = ANSWER.name
    elif type_name:
        refuse_scalar(content)
    read_report(content, source)
    check_quoting(content)
    with naming(copy), copy.open("w", encoding="utf-8", newline="") as stream, wide_fields():
        writer = csv.writer(stream, lineterminator="\n")
        _check_names(next(read_rows(content))[1])
        # One row after the other: `csv` would keep all rows that a generator yields.
        for _, row in read_rows(content):
            writer.writerow(row)
    plain = _plain(source, copy)
    if plain is None:
        limits = f"a row has {LONGEST_LINE >> 20} MiB at most, the header {_MOST_COLUMNS} columns with short names"
        raise UnusableContent(f"larger than a credential report can be: {limits}")
    return replace(plain, kind=kind, observed_at=observed_at)


def _whole_rows(path: Path) -> Iterator[bytes]:
    """Yield the text of a file in pieces of whole rows, without its byte order mark."""
    rest, first = b"", True
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            rest += chunk.removeprefix(MARK) if first else chunk
            first = False
            end = _end_of_rows(rest)
            if len(rest) - end > LONGEST_LINE:
                raise _NotPlain
            if end:
                yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _end_of_rows(text: bytes) -> int:
    """Return the end of the last whole row of a text that begins with a row: after a line feed that is not in quotes."""
    end = text.rfind(b"\n") + 1
    is_open = text.count(b'"', 0, end) % 2
    while is_open:
        before = text.rfind(b"\n", 0, text.rfind(b'"', 0, end)) + 1
        is_open = (is_open + text.count(b'"', before, end)) % 2
        end = before
    return end


def _counted(rows: bytes) -> tuple[int, int]:
    """Return the number of rows, and of line feeds in their cells. Raises _NotPlain if they may be read differently."""
    if b"\0" in rows or not _is_utf8(rows):
        raise _NotPlain
    outside, within = rows, 0
    if b'"' in rows:
        pieces = rows.split(b'"')
        gaps = pieces[::2]
        # Text in quotes begins and ends at a comma or a line's end. Nothing stands between two quotes that mean one.
        if not len(pieces) % 2 or not {gap[:1] for gap in gaps[1:]} | {gap[-1:] for gap in gaps[:-1]} <= _BESIDE_QUOTES:
            raise _NotPlain
        outside = b'"'.join(gaps)
        within = rows.count(b"\n") - outside.count(b"\n")
    if b"\r" in outside and outside.count(b"\r") != outside.count(b"\r\n"):
        raise _NotPlain
    blank = outside.startswith((b"\n", b"\r\n")) or b"\n\n" in outside or b"\n\r\n" in outside
    if blank:
        raise _NotPlain
    return outside.count(b"\n"), within


def _columns(rows: bytes) -> tuple[str, ...]:
    """Return the names in the header of a report's first rows."""
    header = rows[: rows.index(b"\n")].removesuffix(b"\r").decode()
    try:
        columns = tuple(next(csv.reader([header], strict=True)))
    except csv.Error:
        raise _NotPlain from None
    if not all(map(_is_plain_name, columns)) or not all(column in columns for column in _NEEDED):
        raise _NotPlain
    if len(set(columns)) < len(columns) or repeated_column(columns) or len(columns) > _MOST_COLUMNS:
        raise _NotPlain
    return columns


def _check_names(columns: Iterable[str]) -> None:
    """Raise UnusableContent for the first name in the header that is not supported."""
    for column in columns:
        if not _is_plain_name(column):
            raise UnusableContent(f"line 1: a column cannot have the name {excerpt(column)}")


def _is_plain_name(column: str) -> bool:
    return bool(column) and column.isprintable() and column == column.strip() and not {*column} & {*'"\\'}


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False
