"""Texts in, files of a repository out: new ones all or none, changed ones in one step, never outside of the repository."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK: Final = b"\xef\xbb\xbf"
_MODE: Final = 0o666


class NotWritten(PerpendError):
    """A file that cannot be written, or that must not be."""


def write_new(root: Path, files: Mapping[str, str]) -> list[Path]:
    """Write new files below a root, and the directories that they need; return their paths.

    All are written, or none: raises NotWritten where one is there already, leads out of the root, or cannot be written.
    """
    for path in files:
        _refuse_taken(root, path)
    made: list[Path] = []
    done = False
    try:
        for path, text in files.items():
            _write_one(root / path, text, made)
        done = True
    except OSError as error:
        raise NotWritten(f"{root}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        if not done:
            _take_back(made)
    return [root / path for path in files]


def rewrite(root: Path, path: str, before: str, after: str) -> None:
    """Put a text into the place of the one that a file holds, with its byte order mark and its mode.

    Raises NotWritten where the file holds something else by now, leads out of the root, or cannot be written.
    """
    real = Path(os.path.realpath(root / path))
    if not real.is_relative_to(os.path.realpath(root)):
        raise NotWritten(f"{root / path}: leads out of the repository; nothing was written there")
    try:
        content = real.read_bytes()
        mark = _MARK if content.startswith(_MARK) else b""
        if content != mark + before.encode("utf-8"):
            raise NotWritten(f"{root / path}: has changed meanwhile; nothing was written there")
        with _beside(real, mark + after.encode("utf-8")) as temporary:
            shutil.copymode(real, temporary)
            os.replace(temporary, real)
    except OSError as error:
        raise NotWritten(f"{root / path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _refuse_taken(root: Path, path: str) -> None:
    place = root / path
    if os.path.lexists(place):
        raise NotWritten(f"{place}: is there already; nothing was written")
    downwards = (root, *reversed([above for above in place.parents if above != root and above.is_relative_to(root)]))
    above = next(above for above in downwards if not os.path.lexists(above / place.relative_to(above).parts[0]))
    if not above.is_dir() and os.path.lexists(above):
        raise NotWritten(f"{above}: is no directory; nothing was written")
    if not Path(os.path.realpath(above)).is_relative_to(os.path.realpath(root)):
        raise NotWritten(f"{above}: leads out of the repository; nothing was written")


def _write_one(place: Path, text: str, made: list[Path]) -> None:
    for directory in reversed(place.parents):
        if not directory.is_dir():
            directory.mkdir()
            made.append(directory)
    with _beside(place, text.encode("utf-8")) as temporary:
        temporary.chmod(_MODE & ~_mask())
        _link(temporary, place)
        made.append(place)


def _link(temporary: Path, place: Path) -> None:
    """Give a file its name, which nothing may have yet; where a file system has no links, by moving it there."""
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise NotWritten(f"{place}: is there already; nothing was written") from None
    except OSError:
        if os.path.lexists(place):
            raise NotWritten(f"{place}: is there already; nothing was written") from None
        os.rename(temporary, place)


@contextmanager
def _beside(place: Path, content: bytes) -> Iterator[Path]:
    """Yield a file with a content in the directory of a place; what is left of it is taken away."""
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".perpend-", suffix=".part")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _take_back(made: list[Path]) -> None:
    for place in reversed(made):
        with suppress(OSError):
            if place.is_dir():
                place.rmdir()
            else:
                place.unlink()
