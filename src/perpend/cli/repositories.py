"""Which repository and which policies a command means: ids, globs, frameworks, and what is unknown about them."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from perpend.diagnostics.model import suggestion
from perpend.errors import PerpendError
from perpend.load.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIBRARY = Path(__file__).parent.parent / "library"
"""The policy repository that Perpend brings along."""


class UnknownName(PerpendError):
    """A policy, section, type or other entity that the repository does not have."""


def open_repository(directory: str | None) -> Repository:
    """Return the repository at a directory, with the library's object types as fallback; the library itself for None."""
    library = Repository(LIBRARY)
    return library if directory is None else Repository(directory, fallback=library)


def repository_here(directory: str | None) -> Repository:
    """Return the repository at a directory; for None the one that the working directory holds, else the library."""
    if directory is None and any(Path(top).is_dir() for top in ("ce", "frameworks")):
        return open_repository(".")
    return open_repository(directory)


def entity_id(name: str) -> str:
    """Return a name as an id: one leading slash, none at the end, whatever separators it was typed with."""
    return posixpath.normpath("/" + name.replace("\\", "/").strip("/"))


def ids_from_paths(names: Sequence[str], repository: Repository) -> list[str]:
    """Return names with paths of existing files and directories of the repository turned into ids."""
    root = repository.files.root.resolve()
    paths = [Path(name).resolve() if Path(name).exists() else None for name in names]
    if root in paths or "/" in names:
        return []
    return [
        f"/{path.relative_to(root).as_posix()}" if path and path.is_relative_to(root) and path != root else name
        for name, path in zip(names, paths, strict=True)
    ]


def select(names: Sequence[str], ids: Iterable[str], what: str) -> list[str]:
    """Return the ids that names mean: an id, a glob, a unique last part, or a directory above. All ids for no names."""
    known = list(ids)
    if not names:
        return known
    chosen: dict[str, None] = {}
    for name in names:
        found = _matches(name, known)
        if not found:
            raise UnknownName(f"unknown {what} '{printable(name)}'{did_you_mean(name, known)}")
        chosen |= dict.fromkeys(found)
    return list(chosen)


def _matches(name: str, known: Sequence[str]) -> list[str]:
    wanted = entity_id(name)
    if wanted in known:
        return [wanted]
    if any(sign in name for sign in "*?["):
        return [item for item in known if fnmatchcase(item, wanted) or fnmatchcase(item, f"/*{wanted}")]
    below = [item for item in known if item.startswith(f"{wanted}/")]
    return below or [item for item in known if f"{item}/".endswith(f"{wanted}/") or f"{wanted}/" in item]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest of the known names by its last part, else nothing."""
    last = name.strip("/").rpartition("/")[2]
    parts = {item.rpartition("/")[2]: item.rpartition("/")[2] for item in known}
    near = next((part for part in parts if last and last.casefold() in part.casefold()), None)
    if near is not None:
        return f" (did you mean '{printable(near)}'?)"
    found = suggestion(last, parts)
    return f" ({found.replace('`', chr(39))})" if found else ""


def printable(text: str) -> str:
    """Return a user's own text for an error line: one line, bounded, control characters visible."""
    return text.encode("unicode_escape").decode("ascii")[:200] if not text.isprintable() else text[:200]
