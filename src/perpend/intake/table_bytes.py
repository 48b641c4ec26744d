"""A path in, what kind of table its bytes are out, and whether all of them are sound. Refuses to know columns and rows."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.errors import PerpendError
from perpend.store.files import reason_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

HEAD: Final = 1 << 20
"""How many bytes at the start tell what a file is."""

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_REPORT_COLUMNS: Final = frozenset((b"user", b"arn"))


class UnreadableTable(PerpendError):
    """A table file that cannot be used; the text is ``file: reason``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{shown(path)}: {reason}")
        self.path = path
        self.reason = reason


def check_table(path: str) -> None:
    """Read a table file to its end. Raises UnreadableTable where its bytes cannot be a table's.

    Gzip is compared with the length and the checksum that each of its members carries; text holds no NUL.
    """
    kind = kind_of_table(path)
    for chunk in _chunks(path) if kind != "parquet" else ():
        if b"\0" in chunk:
            raise UnreadableTable(path, "not text: it holds a NUL byte")


def kind_of_table(path: str) -> str | None:
    """Return what kind of table a file holds by its first bytes: ``parquet``, ``ndjson`` or ``delimited``; None for others."""
    head = head_of(path)
    if head.startswith(_PARQUET):
        return "parquet"
    start = head.removeprefix(MARK).lstrip()
    if start.startswith(b"{"):
        return "ndjson"
    return None if start.startswith(b"[") or not start else "delimited"


def holds_table(path: str, type_name: str | None, *, mapped: bool) -> bool:
    """Whether an input is a table of one object type, not something that collectors know by its content."""
    kind = kind_of_table(path)
    if kind == "parquet" or mapped:
        return True
    if type_name is None or kind is None:
        return False
    head = head_of(path).removeprefix(MARK)
    if kind == "ndjson":
        return _is_json_lines(head)
    return not set(head.partition(b"\n")[0].strip().split(b",")) >= _REPORT_COLUMNS


def head_of(path: str) -> bytes:
    """Return the first bytes of a file, unpacked when they are gzip."""
    if Path(path).is_dir():
        raise UnreadableTable(path, "is a directory, not a file")
    return next(_chunks(path), b"")


def is_gzip(path: str) -> bool:
    """Whether a file starts as gzip does."""
    with Path(path).open("rb") as stream:
        return stream.read(2) == _GZIP


def _chunks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked when they are gzip."""
    try:
        with (gzip.open if is_gzip(path) else open)(path, "rb") as stream:
            while chunk := stream.read(HEAD):
                yield chunk
    except EOFError:
        raise UnreadableTable(path, "truncated gzip: the file ends before its data does") from None
    except gzip.BadGzipFile as error:
        raise UnreadableTable(path, f"damaged gzip: {str(error).lower()}") from None
    except zlib.error:
        raise UnreadableTable(path, "damaged gzip") from None
    except OSError as error:
        raise UnreadableTable(path, f"cannot be read: {reason_of(error)}") from None
    except ValueError:
        raise UnreadableTable(path, "cannot be read: no file can have this name") from None


def _is_json_lines(head: bytes) -> bool:
    """Whether a JSON text is one object per line, and not the AWS CLI's answer with a report in it."""
    lines = head.lstrip().split(b"\n", 2)
    if len(lines) > 1 and lines[1].startswith(b"{"):
        return True
    if len(lines) == 1 and len(head) >= HEAD - len(MARK):
        return b'"Content"' not in head
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "Content" not in first
