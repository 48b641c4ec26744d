"""A private directory for one run. It is removed afterwards, or by the next run if the process was killed."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from perpend.inventory.snapshots.files import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX: Final = "perpend-"
_LOCK: Final = "perpend.lock"
"""Held for as long as the directory is in use. A directory without one is not ours."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a new directory below the system's temporary directory; remove those of killed processes."""
    _remove_leftovers(Path(tempfile.gettempdir()))
    directory, lock = _new()
    try:
        yield directory
    finally:
        remove_tree(directory)
        lock.close()


def is_scratch(name: str) -> bool:
    """Whether a path is in such a directory, whose content is removed after the run."""
    path = Path(name)
    return path.parent.name.startswith(_PREFIX) and (path.parent / _LOCK).exists()


def _new() -> tuple[Path, IO[bytes]]:
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = (directory / _LOCK).open("xb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if directory.exists():
            return directory, lock
        lock.close()  # another process removed it before the lock was taken


def _remove_leftovers(parent: Path) -> None:
    """Remove directories of this user whose lock is free."""
    for lock_path in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):
            if lock_path.parent.is_symlink() or lock_path.parent.lstat().st_uid != os.getuid():
                continue
            with lock_path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(lock_path.parent)
