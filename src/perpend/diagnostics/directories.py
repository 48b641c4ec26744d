"""A path in, out what keeps it from being read as a directory. Refuses to know what should stand in it."""

from __future__ import annotations

from pathlib import Path


def no_directory(path: str | Path) -> str | None:
    """Return what a path is instead of a directory, None where it is one.

    >>> no_directory("/")
    """
    if Path(path).is_dir():
        return None
    return "is a file, not a directory" if Path(path).exists() else "there is no such directory"
