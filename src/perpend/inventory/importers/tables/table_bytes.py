"""Read the bytes of a table file and check that they are intact."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.inventory.readers.errors import IS_DIRECTORY
from perpend.inventory.readers.formats import HEAD, PARQUET, kind_of
from perpend.inventory.snapshots.files import reason_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

_GZIP: Final = b"\x1f\x8b"


class UnreadableTable(PerpendError):
    """A table file that cannot be used; the text is ``file: reason``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{shown(path)}: {reason}")
        self.path = path
        self.reason = reason


def check_table(path: str) -> None:
    """Read a table file to its end. Raises UnreadableTable if its bytes cannot be a table.

    Gzip members are compared with their length and checksum; text must not contain NUL.
    """
    kind = kind_of(head_of(path))
    for chunk in _chunks(path) if kind is not PARQUET else ():
        if b"\0" in chunk:
            raise UnreadableTable(path, "not text: it holds a NUL byte")


def holds_table(path: str, type_name: str | None, *, mapped: bool) -> bool:
    """Whether an input is a table of one object type, not a format that readers recognise."""
    kind = kind_of(head_of(path))
    return mapped or (kind is not None and kind.is_table and (kind is PARQUET or type_name is not None))


def head_of(path: str) -> bytes:
    """Return the first bytes of a file, unpacked if they are gzip."""
    if Path(path).is_dir():
        raise UnreadableTable(path, IS_DIRECTORY)
    return next(_chunks(path), b"")


def is_gzip(path: str) -> bool:
    """Whether a file starts like gzip."""
    with Path(path).open("rb") as stream:
        return stream.read(2) == _GZIP


def _chunks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked if they are gzip."""
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
