"""Move finished files into place, and delete them again. Files that no build wrote are never overwritten or deleted."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import put, temporary
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.errors import PerpendError
from perpend.reports.site.manifest import NAME, SiteManifest, digest, is_made, is_marked, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN: Final = 3


class PathConflict(PerpendError):
    """A file that no build wrote has the path of a page."""


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Yield an empty directory on the same disk as ``out``, and delete it afterwards."""
    parent, stack = out if out.is_dir() and not _can_swap(out) else out.parent, ExitStack()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        directory = stack.enter_context(temporary(parent / out.name, directory=True))
    except OSError as error:
        raise PathConflict(f"{out}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    with stack:
        yield directory


def install(staged: Path, out: Path, old: SiteManifest | None, new: SiteManifest, *, force: bool = False) -> list[str]:
    """Move the staged files into place, and delete files of the last build that are not needed. Return the files that stayed.

    A new directory appears as a whole. In an existing one each file is replaced as a whole, and the manifest lists the build's
    files at any time. A file that was edited by hand stays, unless ``force`` is set and the file has the mark of a build.
    """
    new.write(staged)
    if _can_swap(out):
        staged.chmod(0o755)
        put(staged, out)
        return []
    ours = old.files if old else {}
    _reject_foreign(staged, out, ours, new.files)
    edited = [path for path in _staged(staged) if path in ours and _is_changed(out, path, ours[path], new.files[path], force)]
    _restore_edited(staged, edited, ours, new)
    both = {path: f"{ours[path]} {new.files[path]}" for path in ours.keys() & new.files.keys()}
    replace(new, inputs="", files={**ours, **new.files, **both}, pages={}).write(out)
    for path in _staged(staged):
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / path, target)
    edited += [path for path in ours if path not in new.files and not _delete(out, path, ours[path])]
    new.write(out)
    return edited


def _is_changed(out: Path, path: str, before: str, wanted: str, force: bool) -> bool:
    """Whether an existing file must stay, because it was edited by hand since the last build."""
    target = out / path
    if not os.path.lexists(target) or _same(target, wanted) or is_made(out, path, before):
        return False
    return not (force and is_marked(out, path))


def _restore_edited(staged: Path, edited: Iterable[str], ours: dict[str, str], new: SiteManifest) -> None:
    """Drop the new versions of files that stay.

    The manifest has the digests of the last build, and the next build tries again.
    """
    for path in edited:
        (staged / path).unlink()
        new.files[path] = ours[path]
        new.inputs = ""
        if path in new.pages:
            new.pages[path] = ""


def remove_empty(out: Path, paths: Iterable[str]) -> None:
    """Delete the empty directories of deleted files."""
    for directory in sorted({str(Path(path).parent) for path in paths}, key=len, reverse=True):
        while directory not in (".", ""):
            try:
                (out / directory).rmdir()
            except OSError:
                break
            directory = os.path.dirname(directory)


def _can_swap(out: Path) -> bool:
    """Whether a directory can be put in place as a whole: it does not exist, or is empty."""
    return not out.is_symlink() and (not out.exists() or (out.is_dir() and not any(out.iterdir())))


def _staged(staged: Path) -> list[str]:
    paths = []
    for directory, _, names in os.walk(staged):
        paths += [os.path.relpath(os.path.join(directory, name), staged).replace(os.sep, "/") for name in names if name != NAME]
    return sorted(paths)


def _reject_foreign(staged: Path, out: Path, ours: dict[str, str], new: dict[str, str]) -> None:
    if out.exists() and (wrong := why_not_a_directory(out)):
        raise PathConflict(f"{out}: {wrong}")
    inside = _Inside(out)
    foreign = []
    for path in _staged(staged):
        target = out / path
        stranger = os.path.lexists(target) and path not in ours and not _same(target, new[path])
        if stranger or target.is_dir() or not inside.holds(os.path.dirname(path)):
            foreign.append(path)
    if foreign:
        more = f" and {len(foreign) - _SHOWN:,} more" if len(foreign) > _SHOWN else ""
        listed = f"{', '.join(foreign[:_SHOWN])}{more}"
        raise PathConflict(f"{out}: has other files at the paths of pages: {listed}; nothing was written")


class _Inside:
    """Knows which directories are really below a root, and not outside through a link."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._known: dict[str, bool] = {}

    def holds(self, directory: str) -> bool:
        """Whether a directory, existing or not, is below the root, and no file has its path or that of a parent."""
        if directory not in self._known:
            real = os.path.realpath(os.path.join(self._root, directory))
            below = real == self._root or real.startswith(self._root + os.sep)
            free = not os.path.lexists(real) or os.path.isdir(real)
            self._known[directory] = below and free and (not directory or self.holds(os.path.dirname(directory)))
        return self._known[directory]


def _same(path: Path, wanted: str) -> bool:
    return path.is_file() and not path.is_symlink() and digest(path.read_bytes()) == wanted


def _delete(out: Path, path: str, wanted: str) -> bool:
    """Delete a file of the last build, unless it was edited by hand. Return whether it is gone."""
    if not os.path.lexists(out / path):
        return True
    if not is_made(out, path, wanted):
        return False
    (out / path).unlink()
    remove_empty(out, [path])
    return True


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
        raise NotBuilt(f"{directory}: it has no manifest of `perpend site build`")
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
