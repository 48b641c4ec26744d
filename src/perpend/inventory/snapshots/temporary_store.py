"""A private directory for one run. It is removed afterwards, or by the next run if the process was killed."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from perpend.core.commit import lock, remove_tree, unsynced

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX: Final = "perpend-"
_LOCK: Final = "perpend.lock"
"""Held for as long as the directory is in use. A directory without one is not ours."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a new directory below the system's temporary directory; remove those of killed processes."""
    _remove_leftovers(Path(tempfile.gettempdir()))
    directory, locked = _new()
    with locked, unsynced(directory):
        try:
            yield directory
        finally:
            remove_tree(directory)


def _new() -> tuple[Path, IO[bytes]]:
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):  # another process removed it before the lock was taken
            return directory, lock(directory / _LOCK)


def _remove_leftovers(parent: Path) -> None:
    """Remove directories of this user whose lock is free."""
    for lock_path in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):
            if lock_path.parent.is_symlink() or lock_path.parent.lstat().st_uid != os.getuid():
                continue
            with lock(lock_path, create=False, wait=False):
                remove_tree(lock_path.parent)
