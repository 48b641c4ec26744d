"""A directory that a build has written to in, the same without what the build made out. What people have changed stays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.core.errors import PerpendError
from perpend.reports.site.install import remove_empty
from perpend.reports.site.manifest import NAME, is_made, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


class NotBuilt(PerpendError):
    """A directory in which no build has left its manifest."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The paths that were deleted, and those that somebody has changed since, or that carry no mark of a build."""

    deleted: tuple[str, ...]
    edited: tuple[str, ...]


def clean_site(directory: Path) -> Cleaned:
    """Delete what the last build made in a directory, and the directories that are empty then. The directory itself stays.

    Raises :class:`NotBuilt`.
    """
    manifest = read_manifest(directory)
    if manifest is None:
        raise NotBuilt(f"{directory}: nothing in it was made by `perpend site build`")
    deleted, edited = [], []
    for path, wanted in sorted(manifest.files.items()):
        place = directory / path
        if not os.path.lexists(place):
            continue
        if is_made(directory, path, wanted):
            place.unlink()
            deleted.append(path)
        else:
            edited.append(path)
    (directory / NAME).unlink()
    remove_empty(directory, manifest.files)
    return Cleaned(tuple(deleted), tuple(edited))
