"""Check directories, and shorten paths below the working directory."""

from __future__ import annotations

from pathlib import Path


def why_not_a_directory(path: str | Path) -> str | None:
    """Return why a path is not a directory, None if it is one.

    >>> no_directory("/")
    """
    if Path(path).is_dir():
        return None
    return "is a file, not a directory" if Path(path).exists() else "there is no such directory"


def path_below_working_directory(path: str | Path) -> str:
    """Return a path relative to the working directory (POSIX). Empty for this directory itself and for paths outside it."""
    try:
        place = Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (OSError, ValueError):  # the working directory was deleted, or the path is not below it
        return ""
    return "" if place == "." else place
