"""Put a finished site in place of the last one, and delete it again. Files that no build wrote stay.

The file ``.perpend-site.json`` in a site lists the files of its build with their digests. It is not trusted alone, because a
repository could bring one: a file is only replaced or deleted if it has our mark, or is in our own directory.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from perpend.core.commit import put, remove_tree, temporary
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.errors import PerpendError
from perpend.language.syntax.files import parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME: Final = ".perpend-site.json"
"""The name of the list of a build's files."""

OWN: Final = "perpend-site"
"""The directory, below a site's root, of all files without a mark: styles, script, search index, copies."""

MARK: Final = "Written by `perpend site build"
"""The mark in the first lines of each page, and of every other file outside :data:`OWN`."""

_VERSION: Final = 1
_MARKED: Final = 512
_NAMED: Final = 3


class PathConflict(PerpendError):
    """A place where no site can be put: no directory, or with files of others at the paths of pages."""


class NotBuilt(PerpendError):
    """A directory without the list of a build."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The deleted paths, and the paths of files that were edited by hand or have no mark of a build."""

    deleted: tuple[str, ...]
    edited: tuple[str, ...]


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Yield an empty directory next to ``out``, and delete it afterwards, unless it was put in place."""
    if os.path.lexists(out) and (wrong := why_not_a_directory(out)):
        raise PathConflict(f"{out}: {wrong}")
    with ExitStack() as stack:
        with _refused(out, "written"):
            out.parent.mkdir(parents=True, exist_ok=True)
            staged = stack.enter_context(temporary(out, directory=True))
        yield staged


def put_in_place(staged: Path, out: Path, *, force: bool = False) -> list[str]:
    """Put a finished site in place of ``out`` as a whole. Return the files that stay because they were edited by hand.

    Files that no build wrote move into the new directory. ``force`` replaces edited files that still have the mark of a build.
    """
    new = {path: digest((staged / path).read_bytes()) for path in _files(staged)}
    old = _listed(out) or {}
    staying = [
        path
        for path in _of_others(out, old, new)
        if not (force and path in old and is_marked(path, _content(out, path) or b""))
    ]
    edited = [path for path in staying if path in old]
    for path in edited:
        if path in new:
            (staged / path).unlink()
            new[path] = old[path]
    _refuse_conflicts(staged, out, new, staying)
    text = json.dumps({"version": _VERSION, "files": new}, separators=(",", ":"), sort_keys=True)
    (staged / NAME).write_text(text, "ascii")
    with _refused(out, "replaced"):
        _swap(staged, out, staying)
    return edited


def _swap(staged: Path, out: Path, staying: Iterable[str]) -> None:
    """Give the new directory the name of the old one. The old one goes when all that stays has moved."""
    if not out.exists() or not any(out.iterdir()):
        staged.chmod(0o755)
        put(staged, out)
        return
    staged.chmod(out.stat().st_mode & 0o777)
    aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}.old")
    put(out, aside)
    try:
        put(staged, out)
    except OSError:
        put(aside, out)
        raise
    for path in staying:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        os.rename(aside / path, out / path)
    remove_tree(aside)


def clean_site(directory: Path) -> Cleaned:
    """Delete the files of the last build in a directory, and directories that are empty then. The directory itself stays.

    Raise :class:`NotBuilt`.
    """
    files = _listed(directory)
    if files is None:
        raise NotBuilt(f"{directory}: it has no manifest of `perpend site build`")
    deleted, edited = [], []
    for path, wanted in sorted(files.items()):
        if _is_made(directory, path, wanted):
            (directory / path).unlink()
            deleted.append(path)
        elif os.path.lexists(directory / path):
            edited.append(path)
    (directory / NAME).unlink()
    for folder in sorted({folder for path in files for folder in parents(path)}, key=len, reverse=True):
        place = directory / folder
        if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
            place.rmdir()
    return Cleaned(tuple(deleted), tuple(edited))


def digest(content: bytes) -> str:
    """Return the digest of a content."""
    return sha256(content).hexdigest()[:32]


def is_marked(path: str, content: bytes) -> bool:
    """Whether a file has the mark of a build, or is where files cannot have one."""
    return path.startswith(f"{OWN}/") or MARK.encode() in content[:_MARKED]


@contextmanager
def _refused(out: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PathConflict(f"{out}: cannot be {what}: {(error.strerror or str(error)).lower()}") from None


def _files(directory: Path) -> Iterator[str]:
    return (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


def _of_others(out: Path, old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return files, links and directories that no build wrote."""
    folders = {folder for path in (*old, *new) for folder in parents(path)}

    def below(folder: str) -> Iterator[str]:
        for name in sorted(os.listdir(out / folder)):
            path = f"{folder}/{name}" if folder else name
            place = out / path
            if path in folders and place.is_dir() and not place.is_symlink():
                yield from below(path)
            elif path != NAME and not any(_is_made(out, path, files[path]) for files in (old, new) if path in files):
                yield path

    return list(below("")) if out.exists() else []


def _refuse_conflicts(staged: Path, out: Path, new: dict[str, str], staying: Iterable[str]) -> None:
    conflicts = [path for path in staying if os.path.lexists(staged / path) or any(folder in new for folder in parents(path))]
    if conflicts:
        more = f" and {len(conflicts) - _NAMED:,} more" if len(conflicts) > _NAMED else ""
        listed = f"{', '.join(conflicts[:_NAMED])}{more}"
        raise PathConflict(f"{out}: has other files at the paths of pages: {listed}; nothing was written")


def _listed(directory: Path) -> dict[str, str] | None:
    """Return the files of the last build with their digests, None without a valid list. Paths that lead out are dropped."""
    place = directory / NAME
    try:
        document = json.loads(place.read_text("utf-8")) if place.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("version") != _VERSION or not isinstance(document.get("files"), dict):
        return None
    return {path: str(value) for path, value in document["files"].items() if _leads_inside(path)}


def _is_made(directory: Path, path: str, wanted: str) -> bool:
    """Whether a file is as a build wrote it: inside the directory, not a link, with the right digest, and with our mark."""
    content = _content(directory, path)
    return content is not None and digest(content) == wanted and is_marked(path, content)


def _content(directory: Path, path: str) -> bytes | None:
    """Return the content of a regular file below a directory, None if there is none, or a link leads outside."""
    place = directory / path
    root, real = os.path.realpath(directory), os.path.realpath(place.parent)
    if (real != root and not real.startswith(root + os.sep)) or place.is_symlink() or not place.is_file():
        return None
    return place.read_bytes()


def _leads_inside(path: str) -> bool:
    """Whether a path leads to a place below the directory."""
    if {"\\", "\0"} & set(path) or ":" in path.partition("/")[0]:
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))
