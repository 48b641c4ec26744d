"""Delete the files that a build wrote to a directory. Files that were edited by hand stay."""

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
    """A directory without the manifest of a build."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The deleted paths, and the paths of files that were edited by hand or have no mark of a build."""

    deleted: tuple[str, ...]
    edited: tuple[str, ...]


def clean_site(directory: Path) -> Cleaned:
    """Delete the files of the last build in a directory, and directories that are empty then. The directory itself stays.

    Raise :class:`NotBuilt`.
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
