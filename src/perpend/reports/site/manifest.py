"""Read and write the manifest of a build: the file ``.perpend-site.json`` in the output directory.

A later build uses it to skip unchanged pages. It is not trusted alone, because a repository could bring one: a file is only
overwritten or deleted if it has our mark, or is in our own directory.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from perpend.core.commit import write_whole

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = ".perpend-site.json"
"""The name of the manifest."""

OWN: Final = "perpend-site"
"""The directory, below a site's root, of all files without a mark: styles, script, search index, copies, lists of objects."""

MARK: Final = "Written by `perpend site build"
"""The mark in the first lines of each page, and of every other file outside :data:`OWN`."""

_VERSION: Final = 1
_MARKED: Final = 512


@dataclass(slots=True)
class SiteManifest:
    """The record of a build. ``inputs`` is the digest of all inputs, ``files`` has the digest of each file by path.

    ``pages`` has the fingerprint of each page's content, by path. ``files`` has pages and all other files. While a build
    replaces files, a file may have two digests, separated by a blank. ``shown`` has the copied images of each page.
    ``left_out``, ``errors`` and ``strangers`` are those of ``SiteBuild``.
    """

    engine: str = ""
    inputs: str = ""
    files: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    errors: int = 0
    strangers: int = 0

    def write(self, directory: Path) -> None:
        """Write the manifest into a directory, whole or not at all."""
        text = json.dumps({"version": _VERSION, **asdict(self)}, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
        write_whole(directory / NAME, text.encode(), mode=None)


def read_manifest(directory: Path) -> SiteManifest | None:
    """Return the manifest of a directory, None if it has no valid one. Paths outside the directory are dropped."""
    place = directory / NAME
    try:
        document = json.loads(place.read_text("utf-8")) if place.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        return None
    return SiteManifest(
        str(document.get("engine", "")),
        str(document.get("inputs", "")),
        _paths(document.get("files")),
        _paths(document.get("pages")),
        _shown(document.get("shown")),
        [*_shown({"": document.get("left_out")}).get("", ())],
        *(number if isinstance(number := document.get(name), int) else 0 for name in ("errors", "strangers")),
    )


def is_made(directory: Path, path: str, wanted: str) -> bool:
    """Whether a file is as a build wrote it: inside the directory, not a link, with the right digest, and with our mark."""
    content = _content(directory, path)
    return content is not None and digest(content) in wanted.split() and _is_marked(path, content)


def is_marked(directory: Path, path: str) -> bool:
    """Whether a file has the mark of a build, even if it was edited since."""
    content = _content(directory, path)
    return content is not None and _is_marked(path, content)


def changed_since(directory: Path, manifest: SiteManifest) -> tuple[list[str], list[str]]:
    """Return the files of a manifest that are gone, and those that were edited by hand.

    Only files at least as new as the manifest are read: an edit with an older time is missed.
    """
    written = (directory / NAME).stat().st_mtime_ns
    gone, changed = [], []
    for path, wanted in manifest.files.items():
        try:
            status = os.stat(directory / path)
        except OSError:
            gone.append(path)
            continue
        if status.st_mtime_ns >= written and not is_made(directory, path, wanted):
            changed.append(path)
    return gone, changed


def _content(directory: Path, path: str) -> bytes | None:
    """Return the content of a regular file below a directory, None if there is none, or a link leads outside."""
    place = directory / path
    root, real = os.path.realpath(directory), os.path.realpath(place.parent)
    if (real != root and not real.startswith(root + os.sep)) or place.is_symlink() or not place.is_file():
        return None
    return place.read_bytes()


def _is_marked(path: str, content: bytes) -> bool:
    return path.startswith(f"{OWN}/") or MARK.encode() in content[:_MARKED]


def digest(content: bytes) -> str:
    """Return the digest of a content."""
    return sha256(content).hexdigest()[:32]


def _paths(files: object) -> dict[str, str]:
    if not isinstance(files, dict):
        return {}
    return {path: str(value) for path, value in files.items() if _inside(path)}


def _shown(pages: object) -> dict[str, list[str]]:
    if not isinstance(pages, dict):
        return {}
    return {page: [path for path in paths if _inside(path)] for page, paths in pages.items() if isinstance(paths, list)}


def _inside(path: object) -> bool:
    """Whether a path leads to a place below the directory."""
    if not isinstance(path, str) or {"\\", "\0"} & set(path) or ":" in path.partition("/")[0]:
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))
