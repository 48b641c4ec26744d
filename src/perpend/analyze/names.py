"""Names that people write in, ids of a repository out: whole ids, globs, last parts, folders; what is unknown is told so.

Refuses to know what the ids stand for.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from perpend.diagnostics.model import suggestion
from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UnknownName(PerpendError):
    """A policy, section, type or other entity that the repository does not have."""


def entity_id(name: str) -> str:
    """Return a name as an id: one leading slash, none at the end, whatever separators it was typed with."""
    return posixpath.normpath("/" + name.replace("\\", "/").strip("/"))


def ids_named(names: Sequence[str], ids: Iterable[str], what: str) -> list[str]:
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
        return [entity for entity in known if fnmatchcase(entity, wanted) or fnmatchcase(entity, f"/*{wanted}")]
    below = [entity for entity in known if entity.startswith(f"{wanted}/")]
    return below or [entity for entity in known if f"{entity}/".endswith(f"{wanted}/") or f"{wanted}/" in entity]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest of the known names by its last part, else nothing."""
    last = name.strip("/").rpartition("/")[2]
    parts = dict.fromkeys(entity.rpartition("/")[2] for entity in known)
    near = next((part for part in parts if last and last.casefold() in part.casefold()), None)
    if near is not None:
        return f" (did you mean '{printable(near)}'?)"
    found = suggestion(last, parts)
    return f" ({found.replace('`', chr(39))})" if found else ""


def printable(text: str) -> str:
    """Return a user's own text for an error line: one line, bounded, control characters visible."""
    return text.encode("unicode_escape").decode("ascii")[:200] if not text.isprintable() else text[:200]
