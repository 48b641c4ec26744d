"""Compare the pages of a Parquet file with their checksums.

DuckDB 2.0 does not: of files with page checksums and one flipped bit, it read most without an error and with other values.
Page headers are parsed as Thrift's compact protocol, only as far as needed to find the next page. No checksum covers them.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.inventory.importers.tables.table_bytes import UnreadableTable
from perpend.inventory.snapshots.database import pattern, rows_of
from perpend.inventory.snapshots.files import shown

if TYPE_CHECKING:
    from typing import BinaryIO

    from perpend.inventory.snapshots.database import Connection

_AT_ONCE: Final = 1 << 20
_SIZE, _CHECKSUM, _POSITIVE = 3, 4, 0xFFFFFFFF
"""Fields of a page's head: how many bytes follow it, and their CRC-32, written as a number that may be below zero."""

_UNTIL: Final = 2

_ENDS: Final = b"PAR1PAR1"
"""Where a Parquet file ends and the next one begins."""

_FOOTER: Final = b"\x15"
"""How a Parquet file's footer begins: its first field, the version, is a whole number."""

_LENGTH: Final = 4
"""How many bytes say how long a footer is, behind it."""

_BYTE, _WHOLE, _DOUBLE, _TEXT, _STRUCT = 3, (4, 5, 6), 7, 8, 12
"""Kinds of Thrift's fields; of truths (1, 2) the kind is the value, and heads hold no lists."""

_DEEPEST: Final = 4
_LONGEST: Final = 10
_MOST_FIELDS: Final = 1_000
_LARGEST: Final = 1 << 31
"""How many structs stand in each other at most, how many bytes a whole number takes, how many fields a struct has, and how many
bytes a text: no head comes near the last two."""


class _Unreadable(Exception):
    """The bytes are not a page header."""


def check_pages(connection: Connection, path: str, link: Path) -> None:
    """Raise UnreadableTable if a page of a Parquet file does not match its checksum, or the file is several files joined.

    ``link`` is the name by which DuckDB reads the file. A column counts as having no checksums if neither of its first two
    pages, dictionary or data, has one.
    """
    dictionary = "CASE WHEN dictionary_page_offset > 0 THEN dictionary_page_offset END"
    columns = f"least({dictionary}, data_page_offset), total_compressed_size, path_in_schema"
    with Path(path).open("rb", buffering=_AT_ONCE) as stream:
        if _is_several(stream):
            raise UnreadableTable(path, "damaged Parquet: several files stand in it, one behind the other; name each of them")
        for start, size, column in rows_of(connection, f"SELECT {columns} FROM parquet_metadata({pattern(link)})"):
            if not _are_sound(stream, start, start + size):
                what = f"pages of `{shown(str(column))}` are not what their checksums say"
                raise UnreadableTable(path, f"damaged Parquet: {what}")


def _is_several(stream: BinaryIO) -> bool:
    """Whether another Parquet file ends inside of the file: DuckDB would read the last footer with the first file's pages."""
    begin, content = 0, b""
    while more := stream.read(_AT_ONCE):
        content += more
        place = content.find(_ENDS)
        while place >= 0:
            if _is_after_footer(stream, begin + place):
                return True
            place = content.find(_ENDS, place + 1)
        begin, content = begin + max(len(content) - len(_ENDS) + 1, 0), content[1 - len(_ENDS) :]
    return False


def _is_after_footer(stream: BinaryIO, place: int) -> bool:
    """Whether the bytes before a position are a footer with its length. The position of the stream does not change."""
    back = stream.tell()
    stream.seek(max(place - _LENGTH, 0))
    footer = place - _LENGTH - int.from_bytes(stream.read(_LENGTH), "little")
    stream.seek(max(footer, 0))
    begins = stream.read(1)
    stream.seek(back)
    return footer > 0 and begins == _FOOTER


def _are_sound(stream: BinaryIO, start: int, end: int) -> bool:
    """Whether the pages of a column match their checksums. Pages without one are not checked."""
    length = stream.seek(0, os.SEEK_END)
    stream.seek(max(start, 0))
    with_checksum = number = 0
    while stream.tell() < end and (with_checksum or number < _UNTIL):
        try:
            head = _head(stream)
        except _Unreadable:
            return not with_checksum
        size, checksum = head.get(_SIZE, -1), head.get(_CHECKSUM)
        if not 0 <= size <= length - stream.tell():
            return not with_checksum
        if checksum is None:
            stream.seek(size, os.SEEK_CUR)
        elif _checksum(stream, size) != checksum & _POSITIVE:
            return False
        with_checksum += checksum is not None
        number += 1
    return True


def _checksum(stream: BinaryIO, size: int) -> int:
    checksum = 0
    while size and (content := stream.read(min(size, _AT_ONCE))):
        checksum = zlib.crc32(content, checksum)
        size -= len(content)
    return checksum


def _head(stream: BinaryIO, depth: int = 0) -> dict[int, int]:
    """Read a Thrift struct and return its integers by field number."""
    numbers: dict[int, int] = {}
    field = 0
    for _ in range(_MOST_FIELDS):
        if not (head := _byte(stream)):
            return numbers
        kind, step = head & 15, head >> 4
        field = field + step if step else _whole(stream)
        if kind in _WHOLE:
            numbers[field] = _whole(stream)
        elif kind == _STRUCT and depth < _DEEPEST:
            _head(stream, depth + 1)
        elif kind in (_BYTE, _DOUBLE, _TEXT):
            stream.seek(_bounded({_BYTE: 1, _DOUBLE: 8}.get(kind) or _unsigned(stream)), os.SEEK_CUR)
        elif kind not in (1, 2):
            raise _Unreadable
    raise _Unreadable


def _bounded(size: int) -> int:
    if size > _LARGEST:
        raise _Unreadable
    return size


def _byte(stream: BinaryIO) -> int:
    byte = stream.read(1)
    if not byte:
        raise _Unreadable
    return byte[0]


def _unsigned(stream: BinaryIO) -> int:
    number = 0
    for place in range(_LONGEST):
        byte = _byte(stream)
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number
    raise _Unreadable


def _whole(stream: BinaryIO) -> int:
    """Read a zigzag-encoded integer."""
    number = _unsigned(stream)
    return number >> 1 ^ -(number & 1)
