"""A directory that a build has written to in, the same without what the build made out. What people have changed stays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.errors import PerpendError
from perpend.site.install import remove_empty
from perpend.site.manifest import NAME, digest, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


class NotBuilt(PerpendError):
    """A directory in which no build has left its manifest."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The paths that were deleted, and those that somebody has changed since they were made."""

    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def clean_site(directory: Path) -> Cleaned:
    """Delete what the last build made in a directory, and the directories that are empty then. The directory itself stays.

    Raises :class:`NotBuilt`.
    """
    manifest = read_manifest(directory)
    if manifest is None:
        raise NotBuilt(f"{directory}: nothing in it was made by `perpend site build`")
    deleted, kept = [], []
    for path, wanted in sorted(manifest.files.items()):
        place = directory / path
        if not os.path.lexists(place):
            continue
        if _is_ours(directory, place, wanted):
            place.unlink()
            deleted.append(path)
        else:
            kept.append(path)
    (directory / NAME).unlink()
    remove_empty(directory, manifest.files)
    return Cleaned(tuple(deleted), tuple(kept))


def _is_ours(directory: Path, place: Path, wanted: str) -> bool:
    """Whether a file is still what the build wrote, and inside: not behind a link."""
    real = os.path.realpath(place.parent)
    root = os.path.realpath(directory)
    if real != root and not real.startswith(root + os.sep):
        return False
    return not place.is_symlink() and place.is_file() and digest(place.read_bytes()) == wanted
