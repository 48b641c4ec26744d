"""Read the text of a file (or ``-``) as UTF-8 without byte order mark, unpacked if it is gzip.

The size is bounded, and well-known binary formats are named in the error.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import IO

from perpend.inventory.readers.errors import UnusableContent

STANDARD_INPUT = "-"
MAX_BYTES = 1 << 30
"""The most that one input may hold, unpacked."""

BOMB_BYTES = 64 << 20
BOMB_RATIO = 250
"""Gzip that unpacks to more bytes than the former, and than the latter for each of its own, is refused."""

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_ZERO_PLACES = {
    frozenset({1, 2, 3}): "UTF-32",
    frozenset({0, 1, 2}): "UTF-32",
    frozenset({1, 3}): "UTF-16",
    frozenset({0, 2}): "UTF-16",
}
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)


def read_text_bytes(path: str) -> bytes:
    """Return the bytes of a file's text; ``-`` is standard input. Raises UnusableContent if it is not UTF-8 text."""
    content = _read_path(path)
    if content.startswith(_GZIP):
        content = _gunzip(content)
        if not content:
            raise UnusableContent("gzip of an empty file (zero bytes)")
    return text_bytes(content)


def write_standard_input(path: Path) -> None:
    """Write the bytes of standard input to a file. Raises UnusableContent if it is closed or too long."""
    path.write_bytes(_read_path(STANDARD_INPUT))


def text_bytes(content: bytes) -> bytes:
    """Return the content without its byte order mark. Raises UnusableContent if it is empty or not UTF-8."""
    if not content:
        raise UnusableContent("the file is empty (zero bytes)")
    _refuse_other_formats(content)
    content = content.removeprefix(_UTF8_MARK)
    if not content.isascii():
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"byte 0x{content[error.start]:02x} on line {line_at(content, error.start)}"
            raise UnusableContent(f"not UTF-8 text: {where} does not belong there") from None
    if not content or content.isspace():
        raise UnusableContent("the file contains only white space")
    return content


def line_at(content: bytes, offset: int) -> int:
    """Return the number of the line, from 1, that contains the byte at ``offset``."""
    return content.count(b"\n", 0, offset) + 1


def _read_path(path: str) -> bytes:
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnusableContent("standard input is closed")
        return _read_bounded(sys.stdin.buffer)
    try:
        if Path(path).is_dir():
            raise UnusableContent("is a directory, not a file")
        with Path(path).open("rb") as stream:
            return _read_bounded(stream)
    except OSError as error:
        raise UnusableContent(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise UnusableContent("cannot be read: no file can have this name") from None


def _read_bounded(stream: IO[bytes]) -> bytes:
    chunks, size = [], 0
    while chunk := stream.read(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise UnusableContent(f"holds more than {MAX_BYTES >> 20} MiB")
    return b"".join(chunks)


def _gunzip(packed: bytes) -> bytes:
    chunks, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            while chunk := stream.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_BYTES or (size > BOMB_BYTES and size > BOMB_RATIO * len(packed)):
                    raise UnusableContent(f"gzip that unpacks to more than {size >> 20} MiB, too much for its size")
                if b"\0" in chunk:
                    break
    except EOFError:
        raise UnusableContent("truncated gzip: the file ends before its data does") from None
    except (OSError, zlib.error) as error:
        raise UnusableContent(f"damaged gzip: {str(error).lower()}") from None
    content = b"".join(chunks)
    if content.startswith(_GZIP):
        raise UnusableContent("gzip inside gzip: unpack it once and try again")
    return content


def _refuse_other_formats(content: bytes) -> None:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None and b"\0" in content:
        zeros = frozenset(place % 4 for place, byte in enumerate(content[:64]) if byte == 0)
        encoding = _ZERO_PLACES.get(zeros)
    if encoding:
        raise UnusableContent(f"{encoding} text; save it as UTF-8")
    for signature, name in _SIGNATURES:
        if content.startswith(signature):
            raise UnusableContent(f"not text: it looks like {name}")
    if (zero := content.find(b"\0")) >= 0:
        raise UnusableContent(f"not text: a NUL byte on line {line_at(content, zero)}")
