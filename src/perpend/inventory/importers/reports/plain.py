"""Copy a plain credential report into a form that DuckDB reads fast; decline a report that CSV readers may read differently.

A plain report has a header of printable names, quotes as in RFC 4180, no blank lines except at its end, rows of equal
length, and no row whose document is too long for plain JSON. The copy has a line per row and no quotes: its cells are
escaped like JSON texts, so that quoted text cannot look like the end of a cell or row. The readers handle all other reports.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from functools import partial
from itertools import chain
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from perpend.inventory.importers.tables.table_bytes import MARK, is_gzip
from perpend.inventory.readers.files import BOMB_BYTES, BOMB_RATIO, MAX_BYTES
from perpend.inventory.snapshots.files import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_CHUNK: Final = 1 << 18
_LONGEST_LINE: Final = 1 << 18

_MOST_COLUMNS: Final = 256
_NEEDED: Final = ("user", "arn")
SEPARATOR: Final = "\x1f"
"""What stands between cells of a copy: no cell as JSON writes it holds it, and some hold a comma."""

_SEPARATOR: Final = SEPARATOR.encode()
_BREAK: Final = b"\x1e"
"""What stands for a line feed in a cell until these are counted."""

_BESIDE_QUOTES: Final = {b"", b"\n", _SEPARATOR}
_IN_JSON: Final = {bytes((code,)): encode_basestring(chr(code))[1:-1].encode() for code in (*b"\\", *range(0x20), *b'"')}
"""What JSON escapes, the sign first that stands in front of all others, with what it writes for it."""

_ESCAPED: Final = tuple(sign for sign in _IN_JSON if sign not in (b"\r", b"\n", b'"'))
"""Those that may stand in a cell without quotes."""


class _ReadDifferently(Exception):
    """Something that readers of CSV might read in different ways, or that is wrong."""


@dataclass(frozen=True, slots=True)
class PlainReport:
    """A report as it was copied: a ``SEPARATOR`` between cells, lines end with LF, the header is left out.

    Behind its cells each row has one that says how many line feeds stand in cells of the rows before it; ``breaks`` is how many
    there are in all. ``escaped``: JSON escapes signs in some cell. ``longest`` is the size of the longest line in bytes,
    ``digest`` the SHA-256 of the report's text, empty where nobody asked for it.
    """

    source: str
    copy: Path
    columns: tuple[str, ...]
    rows: int
    breaks: int
    escaped: bool
    longest: int
    digest: str


def plain_report(
    path: str, copy: Path, progress: Callable[[int], None] | None = None, *, digested: bool = True
) -> PlainReport | None:
    """Copy a report; return None where it is not plain. ``progress`` is told how many rows it has so far, now and then."""
    digest = hashlib.sha256() if digested else None
    try:
        with naming(copy):
            copied = _copied(map(_cells, _without_end(_rows(path, digest.update if digest else len))), copy, progress)
    except _ReadDifferently:
        return None
    return PlainReport(path, copy, *copied, digest.hexdigest() if digest else "") if copied[1] else None


def _copied(
    pieces: Iterator[bytes], copy: Path, progress: Callable[[int], None] | None
) -> tuple[tuple[str, ...], int, int, bool, int]:
    """Write rows to a file, without the header; return the columns of the header, and facts about the rows."""
    header, _, first = next(pieces, b"").partition(b"\n")
    columns, rows, breaks, escaped, longest = _columns(header), 0, 0, False, 0
    with copy.open("wb") as stream:
        for more in chain((first,), pieces):
            lines = more.split(b"\n")[:-1]
            if b"" in lines or more.count(_SEPARATOR) != len(lines) * (len(columns) - 1):
                raise _ReadDifferently
            rows, before, breaks = rows + len(lines), breaks, breaks + more.count(_BREAK)
            escaped = escaped or breaks > 0 or b"\\" in more
            if breaks > before:
                lines = _counted(lines, before)
                stream.writelines(lines)
            else:
                end = b"%s%d\n" % (_SEPARATOR, breaks)
                stream.write(more.replace(b"\n", end))
            longest = max(longest, *map(len, lines), 0)
            if longest > _LONGEST_LINE:
                raise _ReadDifferently
            if progress:
                progress(rows)
    return columns, rows, breaks, escaped, longest


def _counted(lines: Iterable[bytes], breaks: int) -> list[bytes]:
    """Return lines with their ends, how many line feeds stand in cells before each, and these as JSON writes them."""
    ended, end = [], b"%s%d\n" % (_SEPARATOR, breaks)
    for line in lines:
        if _BREAK in line:
            ended.append(line.replace(_BREAK, _IN_JSON[b"\n"]) + end)
            breaks += line.count(_BREAK)
            end = b"%s%d\n" % (_SEPARATOR, breaks)
        else:
            ended.append(line + end)
    return ended


def _rows(path: str, note: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield a file's text in pieces of whole rows. ``note`` is given the text as it stands there."""
    first, rest = True, b""
    for chunk in _chunks(path):
        text = chunk.removeprefix(MARK) if first else chunk
        first = False
        note(text)
        rest += text
        end = _end_of_rows(rest)
        if len(rest) - end > _LONGEST_LINE:
            raise _ReadDifferently
        if end:
            yield rest[:end]
        rest = rest[end:]
    if rest.endswith(b"\r"):
        raise _ReadDifferently
    if rest:
        yield rest + b"\n"


def _without_end(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of rows without the blank lines that end all of them."""
    ended = False
    for rows in pieces:
        kept = rows.rstrip(b"\r\n")
        ends = rows[len(kept) :].replace(b"\r\n", b"\n")
        if b"\r" in ends or (ended and kept):
            raise _ReadDifferently
        ended = len(ends) > bool(kept)
        if kept:
            yield kept + b"\n"


def _end_of_rows(text: bytes) -> int:
    """Return where the last whole row of a text ends that begins with a row: behind a line feed that no quotes surround."""
    end = text.rfind(b"\n") + 1
    is_open = text.count(b'"', 0, end) % 2
    while is_open:
        before = text.rfind(b"\n", 0, text.rfind(b'"', 0, end)) + 1
        is_open = (is_open + text.count(b'"', before, end)) % 2
        end = before
    return end


def _chunks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked if they are gzip. The readers reject decompression bombs."""
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


def _columns(header: bytes) -> tuple[str, ...]:
    if len(header) > _LONGEST_LINE:
        raise _ReadDifferently
    columns = tuple(header.decode().split(SEPARATOR))
    named = all(map(_is_plain_name, columns)) and all(column in columns for column in _NEEDED)
    if not named or len(set(map(str.lower, columns))) < len(columns) or len(columns) > _MOST_COLUMNS:
        raise _ReadDifferently
    return columns


def _is_plain_name(column: str) -> bool:
    """Whether a column's name stands for itself wherever it is written."""
    return bool(column) and column.isprintable() and column == column.strip() and not {*column} & {*'"\\'}


def _cells(rows: bytes) -> bytes:
    """Return whole rows with separators between cells, which are as JSON writes them, without quotes around them."""
    if b"\0" in rows or not _is_utf8(rows):
        raise _ReadDifferently
    rows = _escaped(rows, _ESCAPED)
    if b'"' not in rows:
        return _between(rows)
    pieces = (_joined(rows) if b'","' in rows else rows).split(b'"')
    if _SEPARATOR in b'"'.join(pieces[::2]):
        pieces = rows.split(b'"')
    # INVARIANT: what stands between cells in quotes is nothing where two quotes stand for one, and begins and ends with a
    # separator or a line's end everywhere else.
    between = _between(b'"'.join(pieces[::2])).split(b'"')
    begun, ended = {gap[:1] for gap in between[1:]}, {gap[-1:] for gap in between[:-1]}
    if not len(pieces) % 2 or not begun | ended <= _BESIDE_QUOTES:
        raise _ReadDifferently
    pieces[1::2] = _escaped(b'"'.join(pieces[1::2]).replace(b"\n", _BREAK), (b"\r",)).split(b'"')
    pieces[::2] = [between[0], *(gap or _IN_JSON[b'"'] for gap in between[1:])]
    return b"".join(pieces)


def _joined(rows: bytes) -> bytes:
    """Return rows with separators in place of `","`, and without these quotes, which surround most cells.

    If a cell contains the replaced text, some separator is outside of the remaining quotes.
    """
    # INVARIANT: where no quote opens a cell whose first sign is a comma, the first of `","` closes one, or is the second of
    # two that stand for one. Of these the first one stands in front of the separator then, and closes a cell.
    opened = rows.startswith(b'",') or b',",' in rows or b'\n",' in rows
    return rows if opened else rows.replace(b'","', _SEPARATOR)


def _between(text: bytes) -> bytes:
    """Return the texts around quoted cells, and unquoted cells, with separators, and LF at the ends of lines."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
        if b"\r" in text:
            raise _ReadDifferently
    return text.replace(b",", _SEPARATOR)


def _escaped(text: bytes, signs: Iterable[bytes]) -> bytes:
    """Return a text with some signs as JSON writes them."""
    for sign in signs:
        if sign in text:
            text = text.replace(sign, _IN_JSON[sign])
    return text


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False
