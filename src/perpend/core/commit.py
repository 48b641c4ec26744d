"""Commit files to disk by the one protocol of stores, histories, caches, journals and outputs (ADR 53).

Content is written in place, under a name that no reader knows yet. One rename of one name makes it current: readers see the
old or the new. A journal grows by whole lines. One form of lock keeps other writers out. Leftovers of killed writers are known
by their names: the holder of a lock removes them, and without a lock they go after a day. All functions raise OSError.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OWNER_ONLY: Final = 0o600
"""The mode of every file, unless the caller gives another one."""

UNUSED: Final = 86_400.0
"""For how many seconds a file that nothing names may still be read or written."""

_PART: Final = ".part"
_ATTEMPTS: Final = 20
_NO_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.EACCES)
"""The errors of directories that cannot be synced: network file systems, and directories that cannot be read."""

_UNSYNCED: Final[set[Path]] = set()
"""Directories that this process removes at the end of a block."""


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


def remove_tree(path: Path) -> None:
    """Remove a directory with its content. A missing directory is no error."""
    shutil.rmtree(path, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, a link, or a directory with its content. A missing one is no error."""
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def unsynced(directory: Path) -> Iterator[None]:
    """Sync nothing below a directory in the block: it is removed afterwards, so that nothing in it outlives a loss of power."""
    _UNSYNCED.add(directory)
    try:
        yield
    finally:
        _UNSYNCED.discard(directory)


def sync_directory(path: Path) -> None:
    """Sync a directory's entries to disk, if its file system can."""
    try:
        _sync(path, os.O_DIRECTORY)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def owner_only(path: str, flags: int) -> int:
    """Open a file for ``open(…, opener=owner_only)``: a new file gets the mode 0600."""
    return os.open(path, flags, OWNER_ONLY)


def no_link(path: str, flags: int) -> int:
    """Open a temporary for ``open(…, opener=no_link)``: if somebody has put a link in its place, raise OSError."""
    return os.open(path, flags | os.O_NOFOLLOW)


def finish(path: Path) -> tuple[str, int]:
    """Sync finished content and its name to disk with mode 0600; return its SHA-256 and size."""
    os.chmod(path, OWNER_ONLY)
    _sync(path)
    sync_directory(path.parent)
    return digest_of(path)


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file, in hexadecimal, and its size."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()


@contextmanager
def replacement(target: Path, *, mode: int | None = OWNER_ONLY, new: bool = False) -> Iterator[Path]:
    """Yield an empty file to write to. It replaces ``target`` if the block ends without an error, and is removed otherwise.

    ``mode``: None for the one that the umask gives. ``new``: raise FileExistsError if the target exists.
    """
    with temporary(target, mode=mode) as part:
        yield part
        if mode not in (None, OWNER_ONLY):
            part.chmod(mode)  # not before: the mode may forbid to write
        put(part, target, new=new)


def write_whole(path: Path, content: bytes, *, mode: int | None = OWNER_ONLY) -> None:
    """Replace a file by one with a content. After the return, it survives a loss of power."""
    with replacement(path, mode=mode) as part, open(part, "wb", opener=no_link) as stream:
        stream.write(content)


@contextmanager
def temporary(target: Path, *, mode: int | None = OWNER_ONLY, directory: bool = False) -> Iterator[Path]:
    """Yield a new file or directory next to ``target``. It is removed afterwards, unless :func:`put` has moved it.

    Temporaries of the same target that a killed process left behind are removed.
    """
    _remove_abandoned(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PART}")
    try:
        if directory:
            part.mkdir(mode=0o700)
        else:
            # O_EXCL follows no link that somebody else has put there.
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else OWNER_ONLY))
        yield part
    finally:
        remove(part)


def put(part: Path, target: Path, *, new: bool = False) -> None:
    """Sync a finished temporary to disk and give it its name in one step. A directory replaces an empty one or none.

    ``new``: raise FileExistsError if the target exists.
    """
    _sync(part)
    if new:
        _link(part, target)
    else:
        os.replace(part, target)
    sync_directory(target.parent)


def replace_index(
    index: Path, content: bytes, *, before: Iterable[str], after: Iterable[str], now: float | None = None
) -> None:
    """Replace an index of content, under a lock. ``before`` and ``after`` are the files that the old and the new one name.

    A file that only the old one names stays for its readers, until :func:`remove_unnamed` finds it unused for a day from
    ``now``: seconds since 1970, by default those of the clock.
    """
    for dropped in set(before) - set(after):
        with suppress(OSError):
            os.utime(index.parent / dropped, None if now is None else (now, now))
    write_whole(index, content)


def remove_unnamed(index: Path, named: Iterable[str], *, unused_for: float = UNUSED, now: float | None = None) -> int:
    """Remove content and temporaries below an index that it does not name and nothing has touched for some seconds.

    Return their number. The caller holds the lock of the index.
    """
    in_use, removed, moment = set(named), 0, time.time() if now is None else now
    for path in index.parent.rglob("*"):
        is_ours = path.suffix in (".parquet", _PART)
        if not is_ours or str(path.relative_to(index.parent)) in in_use:
            continue
        with suppress(FileNotFoundError):
            if moment - path.stat().st_mtime >= unused_for:
                path.unlink()
                removed += 1
    return removed


def remove_parts(directory: Path) -> None:
    """Remove the temporaries in a directory. The caller holds the lock that its writers take."""
    for path in directory.glob(f".*{_PART}"):
        path.unlink(missing_ok=True)


def lock(path: Path, *, create: bool = True, shared: bool = False, wait: bool = True) -> IO[bytes]:
    """Return an open file that is locked until it is closed. It still has its name when the lock is taken.

    ``shared``: many may hold the lock at once, and it is taken from a file system without locks as well. Raises
    BlockingIOError if another holder exists and the caller does not ``wait``, and FileNotFoundError if the file does not exist
    and is not to be created.
    """
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        with ExitStack() as failed:
            stream = failed.enter_context(open(path, "rb" if shared else "a+b" if create else "r+b", opener=owner_only))
            try:
                fcntl.flock(stream, how)
            except OSError as error:
                if isinstance(error, BlockingIOError) or not shared:
                    raise
            with suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(stream.fileno())):
                    failed.pop_all()
                    return stream


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of a file as its only holder."""
    try:
        lock(path, create=False, shared=True, wait=False).close()
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class Journal:
    """A file of lines that one process extends. It is locked until it is closed.

    Lines survive a killed process. A loss of power may take the newest ones, so that their work is done again. Raises
    BlockingIOError if another process extends it.
    """

    def __init__(self, path: Path) -> None:
        self._stream = lock(path, wait=False)

    def lines(self) -> Iterator[bytes]:
        """Yield all lines, then cut off half a line at the end."""
        self._stream.seek(0)
        length = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            length += len(line)
            yield line
        self.truncate(length)

    def truncate(self, length: int) -> None:
        """Cut off everything after the first bytes."""
        self._stream.truncate(length)

    def append(self, text: str) -> None:
        """Add a line, or several with line ends between them."""
        self._stream.write(f"{text}\n".encode())
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _sync(path: Path, flags: int = 0) -> None:
    if path in _UNSYNCED or not _UNSYNCED.isdisjoint(path.parents):
        return
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(part: Path, target: Path) -> None:
    """Give a file a name that must be free: by a hard link, or by a move on file systems without links."""
    try:
        os.link(part, target)
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        os.rename(part, target)


def _remove_abandoned(target: Path) -> None:
    """Remove the temporaries of a target that nothing has touched for a day."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}{re.escape(_PART)}")
    with suppress(OSError):
        for name in os.listdir(target.parent):
            path = target.with_name(name)
            if ours.fullmatch(name) and time.time() - path.lstat().st_mtime >= UNUSED:
                remove(path)
