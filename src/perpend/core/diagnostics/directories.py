"""A path in, out what keeps it from being read as a directory, or where it stands. Refuses to know what should stand in it."""

from __future__ import annotations

from pathlib import Path


def no_directory(path: str | Path) -> str | None:
    """Return what a path is instead of a directory, None where it is one.

    >>> no_directory("/")
    """
    if Path(path).is_dir():
        return None
    return "is a file, not a directory" if Path(path).exists() else "there is no such directory"


def place_below_here(path: str | Path) -> str:
    """Return where a path stands below the working directory (POSIX), empty for this itself and for what stands elsewhere."""
    try:
        place = Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (OSError, ValueError):  # a working directory that has been deleted, a path that is not below it
        return ""
    return "" if place == "." else place
