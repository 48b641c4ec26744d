"""A path in, a copy of the credential report there out, if every reader of CSV reads it alike; nothing where one might not.

Such a report has a header of bare words, no signs that JSON escapes, no blank lines, as many commas as its lines need, and no
line whose document would be too long to be plain. Cells may stand in quotes, as spreadsheets write them, if they hold no
quote and no line's end; the copy has none. Everything else, and everything that is wrong, is left to the collectors. Refuses
to know what rows say.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from perpend.collect.files import BOMB_BYTES, BOMB_RATIO, MAX_BYTES
from perpend.pieces.tables.table_bytes import MARK, is_gzip
from perpend.store.files import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_CHUNK: Final = 1 << 18
_LONGEST_LINE: Final = 1 << 18

_MOST_COLUMNS: Final = 256
_COLUMN: Final = re.compile("[A-Za-z0-9_.-]+(?: [A-Za-z0-9_.-]+)*")
_NEEDED: Final = ("user", "arn")
_REFUSED: Final = tuple(bytes((code,)) for code in (*range(0x20), *b"\\") if code not in b"\n")

SEPARATOR: Final = "\x1f"
"""What stands between cells of a copy: no cell of a plain report holds it, and some hold a comma."""

_SEPARATOR: Final = SEPARATOR.encode()


class _ReadDifferently(Exception):
    """Something that readers of CSV might read in different ways, or that is wrong."""


@dataclass(frozen=True, slots=True)
class PlainReport:
    """A report as it was copied: a ``SEPARATOR`` between cells, lines end with LF, the header is left out.

    ``longest`` is the size of its longest line in bytes, ``digest`` the SHA-256 of its text, empty where nobody asked for it.
    """

    source: str
    copy: Path
    columns: tuple[str, ...]
    rows: int
    longest: int
    digest: str


def plain_report(
    path: str, copy: Path, progress: Callable[[int], None] | None = None, *, digested: bool = True
) -> PlainReport | None:
    """Copy a report; return None where it is not plain. ``progress`` is told how many rows it has so far, now and then."""
    digest = hashlib.sha256() if digested else None
    try:
        with naming(copy):
            lines = map(_bare, _lines(path, digest.update if digest else len))
            columns, rows, longest = _copied(lines, copy, progress)
    except _ReadDifferently:
        return None
    return PlainReport(path, copy, columns, rows, longest, digest.hexdigest() if digest else "") if rows else None


def _copied(pieces: Iterator[bytes], copy: Path, progress: Callable[[int], None] | None) -> tuple[tuple[str, ...], int, int]:
    """Write lines to a file, without the first one; return the columns that it names, how many the others are, the longest."""
    header, _, lines = next(pieces, b"").partition(b"\n")
    columns, rows, longest = _columns(header), 0, 0
    with copy.open("wb") as stream:
        for more in chain((lines,), pieces):
            sizes = list(map(len, more.split(b"\n")[:-1]))
            longest = max(longest, *sizes, 0)
            if longest > _LONGEST_LINE or 0 in sizes:
                raise _ReadDifferently
            rows += len(sizes)
            if more.count(_SEPARATOR) != len(sizes) * (len(columns) - 1):
                raise _ReadDifferently
            stream.write(more)
            if progress:
                progress(rows)
    return columns, rows, longest


def _lines(path: str, note: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield a file's text in pieces of whole lines, all of which end with LF. ``note`` is given the text as it stands there."""
    first, rest = True, b""
    for chunk in _chunks(path):
        text = chunk.removeprefix(MARK) if first else chunk
        first = False
        note(text)
        end = text.rfind(b"\n") + 1
        if len(rest) + len(text) - end > _LONGEST_LINE:
            raise _ReadDifferently
        if end:
            yield _with_line_feeds(rest + text[:end])
        rest = text[end:] if end else rest + text
    if rest:
        yield _with_line_feeds(rest) + b"\n"


def _chunks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked when they are gzip. What may be a bomb is for collectors to refuse."""
    most = MAX_BYTES
    try:
        packed = is_gzip(path)
        if packed:
            most = min(most, max(BOMB_BYTES, BOMB_RATIO * os.path.getsize(path)))
        with (gzip.open if packed else open)(path, "rb") as stream:
            yield from _bounded(iter(partial(stream.read, _CHUNK), b""), most)
    except (OSError, EOFError, ValueError, zlib.error):
        raise _ReadDifferently from None


def _bounded(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield chunks as long as they are not more than ``most`` bytes together."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise _ReadDifferently
        yield chunk


def _with_line_feeds(lines: bytes) -> bytes:
    if b"\r" not in lines:
        return lines
    if lines.count(b"\r") != lines.count(b"\r\n"):
        raise _ReadDifferently
    return lines.replace(b"\r\n", b"\n")


def _columns(header: bytes) -> tuple[str, ...]:
    if len(header) > _LONGEST_LINE:
        raise _ReadDifferently
    columns = tuple(header.decode("latin-1").split(SEPARATOR))
    named = all(map(_COLUMN.fullmatch, columns)) and all(column in columns for column in _NEEDED)
    if not named or len(set(map(str.lower, columns))) < len(columns) or len(columns) > _MOST_COLUMNS:
        raise _ReadDifferently
    return columns


def _bare(lines: bytes) -> bytes:
    """Return whole lines without the quotes around cells, and with separators for the commas between these."""
    _refuse_odd(lines)
    if b'"' not in lines:
        return lines.replace(b",", _SEPARATOR)
    # INVARIANT: no quote here opens a cell whose first sign is a comma, so that the first of `","` closes one, or is wrong.
    neighbours = not lines.startswith(b'",') and b',",' not in lines and b'\n",' not in lines
    pieces = (lines.replace(b'","', _SEPARATOR) if neighbours else lines).split(b'"')
    cells, between = pieces[1::2], b'"'.join(pieces[::2])
    # INVARIANT: one quote is left between for each pair, and it is all that stands between two commas or ends of lines.
    begun = between.startswith(b'"') + between.count(b'\n"') + between.count(b',"')
    ended = between.count(b'"\n') + between.count(b'",')
    if not len(pieces) % 2 or not begun == ended == len(cells) or _SEPARATOR in between or any(b"\n" in cell for cell in cells):
        raise _ReadDifferently
    pieces[::2] = between.replace(b",", _SEPARATOR).split(b'"')
    return b"".join(pieces)


def _refuse_odd(lines: bytes) -> None:
    """Raise where lines hold signs that readers of CSV may take for something else."""
    if any(sign in lines for sign in _REFUSED):
        raise _ReadDifferently
    if not lines.isascii():
        try:
            lines.decode("utf-8")
        except UnicodeDecodeError:
            raise _ReadDifferently from None
