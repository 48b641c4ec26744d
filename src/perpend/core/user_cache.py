"""The user's cache directory, and a cache of small files below it: private, bounded, and silent.

Only directories and files that belong to this user, and that nobody else may write, are used. No link is followed. If a read
or a write of a small file fails, the caller works without the cache.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import make_directory
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE: Final = Path(__file__).parents[1]

MOST_FILES: Final = 40
MOST_BYTES: Final = 32 * 2**20
"""The most bytes in one cache, and so in one of its files."""

_DIGEST: Final = 32
_OTHERS_MAY_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_MAY_ENTER: Final = stat.S_IRWXG | stat.S_IRWXO


def cache_directory() -> Path | None:
    """Return the directory for Perpend's caches, None if the user has no home. Source: XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):
        return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "perpend"
    return None


@cache
def module_states(*packages: str) -> tuple[tuple[str, int, int], ...]:
    """Return the names, sizes and times of the modules in some packages of Perpend. They change while one is developed.

    They belong in the key of a result that these packages compute: the version alone is the same for all states of a clone.
    """
    modules = []
    pending = [_PACKAGE / name for name in packages]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir() and entry.name != "__pycache__":
                    pending.append(Path(entry.path))
                elif entry.name.endswith(".py"):
                    status = entry.stat()
                    modules.append((os.path.relpath(entry.path, _PACKAGE), status.st_size, status.st_mtime_ns))
    return tuple(sorted(modules))


def private_directory(*names: str) -> Path:
    """Return a directory below Perpend's caches, created for this user only. Its files may be opened by their paths.

    Raises OSError with the path of the first directory that others could replace or write to.
    """
    top = cache_directory()
    if top is None:
        raise FileNotFoundError(errno.ENOENT, "the user has no home directory", "~")
    above = make_directory(top.parent).stat()
    if above.st_uid not in (0, os.geteuid()):
        raise _refused("belongs to another user", top.parent)
    if above.st_mode & _OTHERS_MAY_WRITE and not above.st_mode & stat.S_ISVTX:
        raise _refused("others may write to it", top.parent)
    with _open_private(top, *names, create=True):
        return top.joinpath(*names)


@dataclass(frozen=True, slots=True)
class UserCache:
    """The cache in one directory. It is created on the first write. Names of files contain no slash."""

    directory: Path

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None if it is missing, doubtful or damaged."""
        with suppress(OSError), self._opened(create=False) as directory:
            content = _read(directory, name)
            if content is not None and hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
                return content[_DIGEST:]
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole, or not at all. Then remove the files that were not used for longest, beyond the limits."""
        if len(content) > MOST_BYTES:
            return
        with suppress(OSError), self._opened(create=True) as directory:
            unfinished = f".{secrets.token_hex(8)}"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with open(os.open(unfinished, flags, 0o600, dir_fd=directory), "wb") as stream:
                    stream.write(hashlib.sha256(content).digest() + content)
                os.replace(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
            except OSError:
                os.unlink(unfinished, dir_fd=directory)
                raise
            _remove_oldest(directory)

    @contextmanager
    def _opened(self, *, create: bool) -> Iterator[int]:
        """Yield a descriptor of the directory. Raises OSError if it, or its parent, may be in the hands of others."""
        if create:
            _create(self.directory)
        with _open_private(self.directory.parent, self.directory.name) as directory:
            yield directory


@contextmanager
def _open_private(top: Path, *names: str, create: bool = False) -> Iterator[int]:
    """Yield a descriptor of a directory below ``top``. Raises OSError with the first path that others could have changed."""
    with ExitStack() as opened:
        directory, path = None, top
        for forbidden, name in zip((*[_OTHERS_MAY_WRITE] * len(names), _OTHERS_MAY_ENTER), ("", *names), strict=True):
            path /= name
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name or top, 0o700, dir_fd=directory)
            if path.is_symlink():
                raise _refused("is a link", path)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            directory = os.open(name or top, flags, dir_fd=directory)
            opened.callback(os.close, directory)
            _raise_unless_own(os.fstat(directory), forbidden, path)
        assert directory is not None
        yield directory


def _create(directory: Path) -> None:
    """Create a directory with those above it, for this user only. Raises OSError below a directory of another user."""
    missing = [directory]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    if os.stat(missing[-1].parent).st_uid != os.geteuid():
        raise _refused("belongs to another user", missing[-1].parent)
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(0o700)


def _raise_unless_own(status: os.stat_result, forbidden: int, path: Path) -> None:
    if status.st_uid != os.geteuid():
        raise _refused("belongs to another user", path)
    if status.st_mode & forbidden:
        raise _refused("is open to other users", path)


def _refused(reason: str, path: Path) -> PermissionError:
    return PermissionError(errno.EACCES, reason, str(path))


def _read(directory: int, name: str) -> bytes | None:
    """Return the content of a file of this user's, None if it is not a regular file or too large."""
    # O_NONBLOCK: opening a pipe that has no writer would block.
    with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory), "rb") as stream:
        status = os.fstat(stream.fileno())
        _raise_unless_own(status, _OTHERS_MAY_WRITE, Path(name))
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES + _DIGEST:
            return None
        os.utime(stream.fileno())  # the files that were used last are kept
        return stream.read(MOST_BYTES + _DIGEST + 1)


def _remove_oldest(directory: int) -> None:
    """Remove files beyond the limits, and the remains of unfinished writes."""
    files = []
    for name in os.listdir(directory):
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            files.append((status.st_mtime_ns, status.st_size, name))
    total = 0
    for number, (_, size, name) in enumerate(sorted(files, reverse=True), 1):
        total += size
        if number > MOST_FILES or total > MOST_BYTES:
            with suppress(FileNotFoundError):  # another process removed it
                os.unlink(name, dir_fd=directory)
