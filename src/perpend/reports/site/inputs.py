"""Compute the digest of all inputs of a site. If it is the same, the site is up to date."""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.language.syntax.repository import Repository

_PACKAGE: Final = Path(__file__).parents[2]
_CHUNK: Final = 1 << 20


@cache
def engine_digest() -> str:
    """Return the digest of Perpend's code, templates and styles, as of the first call in the process."""
    paths = (
        path
        for room in _PACKAGE.iterdir()
        if room.name != "library"
        for path in (room.rglob("*") if room.is_dir() else (room,))
        if path.suffix in (".py", ".html", ".css", ".js", ".svg")
    )
    return _digest(_file_parts(_PACKAGE, sorted(paths)))


def inputs_digest(repository: Repository, more: Iterable[Path], settings: Iterable[str]) -> str:
    """Return the digest of a repository, its library, further files and directories, and settings."""
    parts = [*settings]
    for source in (repository, repository.fallback):
        if source is not None:
            root = source.files.root
            rated = source.files.tree((RATINGS,)).files if os.path.lexists(root / RATINGS) else ()
            paths = [root / path for path in sorted((*source.tree.files, *rated))]
            parts.append(_digest(_file_parts(root, [*paths, *(root / name for name in (ID_MAP, RULE_SECTIONS))])))
    for place in more:
        paths = (
            [Path(directory) / name for directory, _, names in os.walk(place) for name in names] if place.is_dir() else [place]
        )
        parts.append(_digest(_file_parts(place, sorted(paths))))
    return _digest(part.encode("utf-8", "surrogatepass") for part in parts)


def names_digest(repository: Repository, more: Iterable[str]) -> str:
    """Return the digest of the names of all files: links in texts depend on which files exist, not on their content."""
    return _digest(name.encode("utf-8", "surrogatepass") for name in sorted((*repository.tree.files, *more)))


def _file_parts(root: Path, paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        yield os.fsencode(os.path.relpath(path, root))
        yield _content_digest(path)


def _content_digest(path: Path) -> bytes:
    """Return the digest of a file's content. A special file, such as a pipe, is never opened: reading it could block."""
    digest = sha256()
    try:
        if not path.is_file():
            return b"absent"
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return b"absent"
    return digest.digest()


def _digest(parts: Iterable[bytes]) -> str:
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]
