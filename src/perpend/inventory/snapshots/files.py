"""Name the files of a store, and turn errors of the operating system into messages that name them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LONGEST_NAME: Final = 160
_UNSAFE: Final = re.compile(r"^\.|[^A-Za-z0-9_.-]+")
_SHOWN: Final = 200
_PATTERN: Final = frozenset("*?[")


class StoreError(PerpendError):
    """A store cannot be read or written; the text names the file and the reason."""


def shown(path: Path | str) -> str:
    """Return a path, or another text of a user, for a message: one line, bounded, every character visible."""
    text = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(path))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@contextmanager
def naming(path: Path, what: str = "cannot be written") -> Iterator[None]:
    """Turn errors of the operating system into a StoreError that names a path."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{shown(path)}: {what}: {reason_of(error)}") from None


def check_place(directory: str | Path) -> None:
    """Raise StoreError for a path that cannot be a store's directory: an S3 address, or a pattern in the eyes of engines."""
    if str(directory).startswith("s3:/"):
        raise StoreError(f"{shown(directory)}: an address, not a directory: open it with `remote_store`")
    if set(os.path.abspath(directory)) & _PATTERN:
        raise StoreError(f"{shown(directory)}: a store's path cannot have `*`, `?` or `[` in it")


def reason_of(error: OSError) -> str:
    """Return the reason of an OSError in words."""
    if error.errno == errno.ENOSPC:
        return "no space is left on the disk"
    return (error.strerror or str(error)).lower()


def is_there(path: Path) -> bool:
    """Whether a path exists. Raises OSError if that cannot be determined, where ``Path.exists`` may return False."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def entries_of(directory: Path) -> list[Path]:
    """Return the sorted entries of a directory, none if it does not exist. Raises OSError, unlike ``Path.glob``."""
    try:
        return sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def directory_name(table: str) -> str:
    """Return the directory name of a table: letters, digits and ``_.-~``, unique per table, never hidden."""
    name = _UNSAFE.sub(lambda match: "".join(f"~{byte:02x}" for byte in match[0].encode()), table)
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}~{hashlib.sha256(table.encode()).hexdigest()[:16]}"
    return name


def remove_bare(directory: Path, parts: Iterable[str], lock: Path) -> None:
    """Remove a directory if it has only empty ``parts`` and one lock in a directory of its own.

    A process that writes there at the same time creates them again.
    """
    with suppress(OSError):
        for part in parts:
            (directory / part).rmdir()
        if [lock] == list(lock.parent.iterdir()):
            lock.unlink()
            lock.parent.rmdir()
            directory.rmdir()
