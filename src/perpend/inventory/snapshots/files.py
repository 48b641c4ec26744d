"""Write files of the store atomically and durably, readable by their owner only."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OWNER_ONLY: Final = 0o600
"""The mode of every file of a store."""

_LONGEST_NAME: Final = 160
_ATTEMPTS: Final = 20
_UNSAFE: Final = re.compile(r"^\.|[^A-Za-z0-9_.-]+")
_SHOWN: Final = 200
_PATTERN: Final = frozenset("*?[")


class StoreError(PerpendError):
    """A store cannot be read or written; the text names the file and the reason."""


def shown(path: Path | str) -> str:
    """Return a path, or another text of a user, for a message: one line, bounded, every character visible."""
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in str(path))
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


def make_directory(path: Path) -> Path:
    """Create a directory, and its missing parents, for the owner only; return it."""
    for _ in range(_ATTEMPTS):
        if path.is_dir():
            return path
        make_directory(path.parent)
        # Another process may remove an empty parent at this moment: try again.
        with suppress(FileNotFoundError):
            path.mkdir(mode=0o700, exist_ok=True)
            sync_directory(path.parent)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file atomically, with mode 0600. After the return, it survives a loss of power."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    sync_directory(path.parent)


def settle(path: Path) -> tuple[str, int]:
    """Sync a finished file to disk with mode 0600; return its SHA-256 and size."""
    with path.open("rb") as stream:
        os.fchmod(stream.fileno(), OWNER_ONLY)
        os.fsync(stream.fileno())
    return digest_of(path)


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file, in hexadecimal, and its size."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()


def sync_directory(path: Path) -> None:
    """Sync a directory's entries to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove a directory with its content. A missing directory is no error."""
    shutil.rmtree(path, ignore_errors=True)


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
