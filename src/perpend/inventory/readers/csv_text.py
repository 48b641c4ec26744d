"""Read CSV strictly, where Python's ``csv`` is lenient."""

from __future__ import annotations

import csv
import io
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.core.diagnostics.phrases import counted
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.files import MAX_BYTES, line_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNQUOTED = rb'(?:[^"\r]++|\r\n)*+'
_QUOTED = rb'(?<![^,\n])"(?:[^"]++|"")*+"(?=[,\n]|\r\n|\Z)'
_WELL_FORMED = re.compile(rb"(?:" + _UNQUOTED + _QUOTED + rb")*+" + _UNQUOTED)
_QUOTED_BODY = re.compile(rb'"(?:[^"]++|"")*+')
_field_limit = threading.Lock()


def check_quoting(content: bytes) -> None:
    """Raise UnusableContent for the first quote or carriage return that RFC 4180 does not allow."""
    if b'"' not in content and b"\r" not in content:
        return
    matched = _WELL_FORMED.match(content)
    end = matched.end() if matched else 0
    if end < len(content):
        raise UnusableContent(_quoting_fault(content, end))


def read_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield every row as ``(first line, fields)``. All rows have the width of the first; blank lines are only at the end.

    ``content`` has passed :func:`check_quoting`. Raises UnusableContent with the line otherwise.
    """
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="\n")
    reader = csv.reader(lines, strict=True)
    line, blank = 1, 0
    try:
        header = next(reader, [])
        width = len(header)
        if not width:
            raise UnusableContent("line 1 is blank where the header is expected")
        yield line, header
        line = reader.line_num + 1
        for row in reader:
            if len(row) != width or blank:
                if row:
                    raise UnusableContent(_row_fault(line, len(row), width, blank))
                blank = blank or line
            else:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnusableContent(f"line {line}: {error}") from None


@contextmanager
def wide_fields() -> Iterator[None]:
    """Let ``csv`` read fields of any length, and restore the limit, which is global to the process."""
    with _field_limit:
        previous = csv.field_size_limit(MAX_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(previous)


def _row_fault(line: int, fields: int, width: int, blank: int) -> str:
    if blank:
        return f"line {blank} is blank, but more rows follow on line {line}"
    hint = " (is the file cut off?)" if fields < width else ""
    return f"line {line} has {counted(fields, 'field')} where the header has {width}{hint}"


def _quoting_fault(content: bytes, offset: int) -> str:
    line = line_at(content, offset)
    if content[offset] == ord("\r"):
        return f"line {line}: a carriage return without a line feed; lines end with LF or CR LF"
    if offset and content[offset - 1] not in b",\n":
        return f"line {line}: a quote inside an unquoted field"
    body = _QUOTED_BODY.match(content, offset)
    end = body.end() if body else offset
    if end >= len(content):
        return f"line {line}: the quote that opens here is never closed"
    closing = line_at(content, end)
    opened = "" if closing == line else f" (the quote opened on line {line})"
    return f"line {closing}: text after a closing quote{opened}"
