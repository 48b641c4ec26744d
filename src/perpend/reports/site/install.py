"""Finished files in a place beside, moved to where they belong. What a build has not made is never written over or deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.directories import no_directory
from perpend.core.errors import PerpendError
from perpend.reports.site.manifest import NAME, SiteManifest, digest, is_made, is_marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN: Final = 3


class InTheWay(PerpendError):
    """A file that a build has not made stands where a page belongs."""


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Yield an empty directory on the same disk as ``out``, and take away afterwards what is left of it."""
    parent = out if out.is_dir() and not _can_swap(out) else out.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=parent))
    except OSError as error:
        raise InTheWay(f"{out}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def install(staged: Path, out: Path, old: SiteManifest | None, new: SiteManifest, *, force: bool = False) -> list[str]:
    """Move the staged files into place and delete those of the last build that are no more; return what was left alone.

    A directory that is not there yet appears whole. In one that is there, each file is replaced whole, and the manifest
    says at any time which files are ours. A file that somebody has changed stays, unless ``force`` and it has our mark.
    """
    new.write(staged)
    if _can_swap(out):
        staged.chmod(0o755)
        if out.is_dir():
            out.rmdir()
        staged.rename(out)
        return []
    ours = old.files if old else {}
    _refuse_strangers(staged, out, ours, new.files)
    kept = [path for path in _staged(staged) if path in ours and _is_changed(out, path, ours[path], new.files[path], force)]
    _keep(staged, kept, ours, new)
    both = {path: f"{ours[path]} {new.files[path]}" for path in ours.keys() & new.files.keys()}
    replace(new, inputs="", files={**ours, **new.files, **both}, pages={}).write(out)
    for path in _staged(staged):
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / path, target)
    kept += [path for path in ours if path not in new.files and not _delete(out, path, ours[path])]
    new.write(out)
    return kept


def _is_changed(out: Path, path: str, before: str, wanted: str, force: bool) -> bool:
    """Whether the file in the place of a new one must stay, as somebody has changed it since the last build."""
    target = out / path
    if not os.path.lexists(target) or _same(target, wanted) or is_made(out, path, before):
        return False
    return not (force and is_marked(out, path))


def _keep(staged: Path, kept: Iterable[str], ours: dict[str, str], new: SiteManifest) -> None:
    """Take back what was made for files that stay. The manifest has what was written last, and the next build tries again."""
    for path in kept:
        (staged / path).unlink()
        new.files[path] = ours[path]
        new.inputs = ""
        if path in new.pages:
            new.pages[path] = ""


def remove_empty(out: Path, paths: Iterable[str]) -> None:
    """Delete the directories of files that are gone, as far as they are empty."""
    for directory in sorted({str(Path(path).parent) for path in paths}, key=len, reverse=True):
        while directory not in (".", ""):
            try:
                (out / directory).rmdir()
            except OSError:
                break
            directory = os.path.dirname(directory)


def _can_swap(out: Path) -> bool:
    """Whether a directory can be put in place as a whole: there is none yet, or it is empty."""
    return not out.is_symlink() and (not out.exists() or (out.is_dir() and not any(out.iterdir())))


def _staged(staged: Path) -> list[str]:
    paths = []
    for directory, _, names in os.walk(staged):
        paths += [os.path.relpath(os.path.join(directory, name), staged).replace(os.sep, "/") for name in names if name != NAME]
    return sorted(paths)


def _refuse_strangers(staged: Path, out: Path, ours: dict[str, str], new: dict[str, str]) -> None:
    if out.exists() and (wrong := no_directory(out)):
        raise InTheWay(f"{out}: {wrong}")
    inside = _Inside(out)
    strange = []
    for path in _staged(staged):
        target = out / path
        stranger = os.path.lexists(target) and path not in ours and not _same(target, new[path])
        if stranger or target.is_dir() or not inside.holds(os.path.dirname(path)):
            strange.append(path)
    if strange:
        more = f" and {len(strange) - _SHOWN:,} more" if len(strange) > _SHOWN else ""
        listed = f"{', '.join(strange[:_SHOWN])}{more}"
        raise InTheWay(f"{out}: has files of others where pages belong: {listed}; nothing was written")


class _Inside:
    """Tells which directories below a root really are below it, and not behind a link that leads elsewhere."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._known: dict[str, bool] = {}

    def holds(self, directory: str) -> bool:
        """Whether a directory, there or not yet there, is below the root, and no file in its place or above it."""
        if directory not in self._known:
            real = os.path.realpath(os.path.join(self._root, directory))
            below = real == self._root or real.startswith(self._root + os.sep)
            free = not os.path.lexists(real) or os.path.isdir(real)
            self._known[directory] = below and free and (not directory or self.holds(os.path.dirname(directory)))
        return self._known[directory]


def _same(path: Path, wanted: str) -> bool:
    return path.is_file() and not path.is_symlink() and digest(path.read_bytes()) == wanted


def _delete(out: Path, path: str, wanted: str) -> bool:
    """Delete a file of the last build; one that somebody has changed since is left alone."""
    if not os.path.lexists(out / path):
        return True
    if not is_made(out, path, wanted):
        return False
    (out / path).unlink()
    remove_empty(out, [path])
    return True
