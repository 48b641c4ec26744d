"""The store that a scan keeps below the working directory if none is named."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from perpend.inventory.snapshots.files import StoreError, reason_of

DIRECTORY: Final = ".perpend"
"""The private directory below the working directory. Git ignores it."""

DEFAULT_STORE: Final = f"{DIRECTORY}/store"
"""The store in it."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def default_store() -> str:
    """Return the default store, after creating its directory for this user only.

    Raises StoreError if the directory may be in the hands of others, as in a cloned repository: it is a link, holds a link,
    belongs to another user, or is open to other users.
    """
    try:
        with suppress(FileExistsError):
            os.mkdir(DIRECTORY, 0o700)
        directory = os.open(DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _refused(reason_of(error)) from None
    try:
        status = os.fstat(directory)
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
            raise _refused("another user may enter it")
        if any(path.is_symlink() for path in Path(DIRECTORY).rglob("*")):
            raise _refused("there is a link in it")
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with open(os.open(".gitignore", flags, 0o600, dir_fd=directory), "w", encoding="utf-8") as stream:
                stream.write("*\n")
    except OSError as error:
        raise _refused(reason_of(error)) from None
    finally:
        os.close(directory)
    return DEFAULT_STORE


def _refused(reason: str) -> StoreError:
    return StoreError(f"{DIRECTORY}: cannot be used: {reason}; name a store with --store DIR, or keep nothing with --no-store")
