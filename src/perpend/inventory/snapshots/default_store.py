"""The store that a scan keeps below the working directory if none is named."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.inventory.snapshots.files import StoreError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY: Final = ".perpend"
"""The private directory below the working directory. Git ignores it."""

DEFAULT_STORE: Final = f"{DIRECTORY}/store"
"""The store in it."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def existing_default_store() -> str | None:
    """Return the default store, None if it does not exist. Raises StoreError as ``default_store`` does."""
    if not os.path.lexists(DEFAULT_STORE):
        return None
    with _private_directory():
        return DEFAULT_STORE


def default_store() -> str:
    """Return the default store, after creating its directory for this user only.

    Raises StoreError if the directory may be in the hands of others, as in a cloned repository: it is a link, holds a link,
    belongs to another user, or is open to other users.
    """
    with _private_directory(create=True) as directory, suppress(FileExistsError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(".gitignore", flags, 0o600, dir_fd=directory), "w", encoding="utf-8") as stream:
            stream.write("*\n")
    return DEFAULT_STORE


@contextmanager
def _private_directory(*, create: bool = False) -> Iterator[int]:
    """Yield a descriptor of the private directory. Raises StoreError if it may be in the hands of others."""
    try:
        if create:
            with suppress(FileExistsError):
                os.mkdir(DIRECTORY, 0o700)
        directory = os.open(DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            status = os.fstat(directory)
            if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
                raise PermissionError(errno.EACCES, "another user may enter it")
            if any(path.is_symlink() for path in Path(DIRECTORY).rglob("*")):
                raise PermissionError(errno.EACCES, "there is a link in it")
            yield directory
        finally:
            os.close(directory)
    except OSError as error:
        step = "name a store with --store DIR" + (", or keep nothing with --no-store" if create else "")
        raise StoreError(f"{DIRECTORY}: cannot be used: {reason_of(error)}; {step}") from None
