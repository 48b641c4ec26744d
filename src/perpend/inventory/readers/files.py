"""Read the text of a file (or ``-``) as UTF-8 without byte order mark, unpacked if it is gzip.

The size is bounded, and well-known binary formats are named in the error.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from perpend.inventory.readers.errors import IS_DIRECTORY, UnusableContent
from perpend.inventory.readers.formats import HEAD
from perpend.inventory.readers.terraform.refusals import BINARY, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_INPUT = "-"
MAX_BYTES = 1 << 30
"""The most that one input may hold, unpacked."""

BOMB_BYTES = 64 << 20
BOMB_RATIO = 250
"""Gzip that unpacks to more bytes than the former, and than the latter for each of its own, is refused."""

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
_ZIP = b"PK\x03\x04"
_ZIP_NAME = 30
"""Where the name of a zip archive's first file begins."""

_TERRAFORM = b"tf"
"""What the names of a binary plan's files begin with."""

_SIGNATURES = (
    (_ZIP, "a zip archive or an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)


class InputText:
    """The text of one input, ``-`` for standard input: UTF-8 without byte order mark, unpacked if it is gzip.

    A regular file is read again for each use, so that it need not fit into memory. Other inputs are read once and kept.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._bytes: bytes | None = None
        self._head: bytes | None = None

    def head(self) -> bytes:
        """Return the first bytes of the text; they are the whole text if they are fewer than :data:`HEAD`.

        Raises UnusableContent if they are not UTF-8 text.
        """
        if self._head is None:
            first = next(self._chunks(), b"")
            self._head = text_bytes(first, is_whole=len(first) < HEAD)
        return self._head

    def content(self) -> bytes:
        """Return the whole text. Raises UnusableContent if it is not UTF-8 text."""
        return text_bytes(b"".join(self._chunks()))

    def pieces(self) -> Iterator[str]:
        """Yield the text piece by piece. Raises UnusableContent if it is not UTF-8 text."""
        line, rest = 1, b""
        for place, chunk in enumerate(self._chunks()):
            piece = text_bytes(chunk, is_whole=len(chunk) < HEAD) if place == 0 else chunk
            if place and (zero := piece.find(b"\0")) >= 0:
                raise UnusableContent(f"not text: a NUL byte on line {line + line_at(piece, zero) - 1}")
            piece = rest + piece
            text, used = _decoded(piece, line)
            line, rest = line + text.count("\n"), piece[used:]
            yield text
        if rest:
            raise _no_text(rest, 0, line)

    def digest(self) -> str:
        """Return the hash of the text."""
        digest = hashlib.sha256()
        for place, chunk in enumerate(self._chunks()):
            digest.update(chunk if place else chunk.removeprefix(_UTF8_MARK))
        return digest.hexdigest()

    def _chunks(self) -> Iterator[bytes]:
        """Yield the unpacked bytes, each chunk but the last one of the same size."""
        with self._opened() as stream:
            yield from _unpacked(stream)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self._bytes is None and not (self._path != STANDARD_INPUT and os.path.isfile(self._path)):
            self._bytes = _read_path(self._path)
        if self._bytes is not None:
            yield io.BytesIO(self._bytes)
            return
        with _reading(self._path) as stream:
            yield stream


def read_text_bytes(path: str) -> bytes:
    """Return the bytes of a file's text; ``-`` is standard input. Raises UnusableContent if it is not UTF-8 text."""
    return InputText(path).content()


def write_standard_input(path: Path) -> None:
    """Write the bytes of standard input to a file. Raises UnusableContent if it is closed or too long."""
    path.write_bytes(_read_path(STANDARD_INPUT))


def text_bytes(content: bytes, *, is_whole: bool = True) -> bytes:
    """Return the content without its byte order mark. Raises UnusableContent if it is empty or not UTF-8.

    If it is not the whole content, its last character may be cut off.
    """
    if not content:
        raise UnusableContent("the file is empty (zero bytes)")
    _refuse_other_formats(content)
    content = content.removeprefix(_UTF8_MARK)
    _decoded(content, 1, is_whole=is_whole)
    if is_whole and (not content or content.isspace()):
        raise UnusableContent("the file contains only white space")
    return content


def _decoded(content: bytes, line: int, *, is_whole: bool = False) -> tuple[str, int]:
    """Return the text of some bytes that begin on a line, and how many bytes it took: a character may be cut off at the end."""
    try:
        return codecs.utf_8_decode(content, "strict", is_whole)
    except UnicodeDecodeError as error:
        raise _no_text(content, error.start, line) from None


def _no_text(content: bytes, offset: int, line: int) -> UnusableContent:
    where = f"byte 0x{content[offset]:02x} on line {line + line_at(content, offset) - 1}"
    return UnusableContent(f"not UTF-8 text: {where} does not belong there")


def line_at(content: bytes, offset: int) -> int:
    """Return the number of the line, from 1, that contains the byte at ``offset``."""
    return content.count(b"\n", 0, offset) + 1


def _read_path(path: str) -> bytes:
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnusableContent("standard input is closed")
        return b"".join(_bounded(sys.stdin.buffer))
    with _reading(path) as stream:
        return b"".join(_bounded(stream))


@contextmanager
def _reading(path: str) -> Iterator[IO[bytes]]:
    """Open a file and translate the errors of reading it."""
    try:
        if Path(path).is_dir() and any(name.endswith((".tf", ".tofu")) for name in os.listdir(path)):
            raise UnusableContent(SOURCES)
        if Path(path).is_dir():
            raise UnusableContent(IS_DIRECTORY)
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        raise UnusableContent(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise UnusableContent("cannot be read: no file can have this name") from None


def _bounded(stream: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while chunk := stream.read(HEAD):
        size += len(chunk)
        if size > MAX_BYTES:
            raise UnusableContent(f"holds more than {MAX_BYTES >> 20} MiB")
        yield chunk


def _unpacked(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a stream, unpacked if it is gzip."""
    is_packed = stream.read(len(_GZIP)) == _GZIP
    packed = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    yield from _gunzip(stream, packed) if is_packed else _bounded(stream)


def _gunzip(packed: IO[bytes], length: int) -> Iterator[bytes]:
    size = 0
    if length > MAX_BYTES:
        raise UnusableContent(f"holds more than {MAX_BYTES >> 20} MiB")
    try:
        with gzip.GzipFile(fileobj=packed) as stream:
            while chunk := stream.read(HEAD):
                if not size and chunk.startswith(_GZIP):
                    raise UnusableContent("gzip inside gzip: unpack it once and try again")
                size += len(chunk)
                if size > MAX_BYTES or (size > BOMB_BYTES and size > BOMB_RATIO * length):
                    raise UnusableContent(f"gzip that unpacks to more than {size >> 20} MiB, too much for its size")
                yield chunk
    except EOFError:
        raise UnusableContent("truncated gzip: the file ends before its data does") from None
    except (OSError, zlib.error) as error:
        raise UnusableContent(f"damaged gzip: {str(error).lower()}") from None
    if not size:
        raise UnusableContent("gzip of an empty file (zero bytes)")


def _refuse_other_formats(content: bytes) -> None:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None and b"\0" in content:
        zeros = frozenset(place % 4 for place, byte in enumerate(content[:64]) if byte == 0)
        encoding = _ZERO_PLACES.get(zeros)
    if encoding:
        raise UnusableContent(f"{encoding} text; save it as UTF-8")
    if content.startswith(_ZIP) and content[_ZIP_NAME : _ZIP_NAME + len(_TERRAFORM)] == _TERRAFORM:
        raise UnusableContent(BINARY)
    for signature, name in _SIGNATURES:
        if content.startswith(signature):
            raise UnusableContent(f"not text: it looks like {name}")
    if (zero := content.find(b"\0")) >= 0:
        raise UnusableContent(f"not text: a NUL byte on line {line_at(content, zero)}")
