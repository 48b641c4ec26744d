"""Write files of a repository: all new files or none, edited files in one step, and never outside the repository."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.authoring.scaffold.edits import edited
from perpend.core.commit import replacement, write_whole
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.authoring.scaffold.edits import EditedFile

_MARK: Final = b"\xef\xbb\xbf"


class NotWritten(PerpendError):
    """A file cannot be written, or must not be."""


def write_new(root: Path, files: Mapping[str, str]) -> list[Path]:
    """Write new files below a root, with the directories that they need, and return their paths.

    Raise :class:`NotWritten`, and write none, if one exists already, is outside the root, or cannot be written.
    """
    for path in files:
        _require_free(root, path)
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
            _remove(made)
    return [root / path for path in files]


def write_edits(root: Path, files: Iterable[EditedFile]) -> None:
    """Write the files with their edits, each in one step. Raise :class:`NotWritten`."""
    for file in files:
        rewrite(root, file.path, file.text, edited(file.text, file.edits))


def rewrite(root: Path, path: str, before: str, after: str) -> None:
    """Replace the text of a file. Its byte order mark and its mode stay.

    Raise :class:`NotWritten` if the text is not ``before`` any more, or the file is outside the root or not writable.
    """
    real = Path(os.path.realpath(root / path))
    if not real.is_relative_to(os.path.realpath(root)):
        raise NotWritten(f"{root / path}: is outside the repository; the file is unchanged")
    try:
        content = real.read_bytes()
        mark = _MARK if content.startswith(_MARK) else b""
        if content != mark + before.encode("utf-8"):
            raise NotWritten(f"{root / path}: has changed in the meantime; the file is unchanged")
        write_whole(real, mark + after.encode("utf-8"), mode=stat.S_IMODE(real.stat().st_mode))
    except OSError as error:
        raise NotWritten(f"{root / path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _require_free(root: Path, path: str) -> None:
    place = root / path
    if os.path.lexists(place):
        raise NotWritten(f"{place}: exists already; nothing was written")
    downwards = (root, *reversed([above for above in place.parents if above != root and above.is_relative_to(root)]))
    above = next(above for above in downwards if not os.path.lexists(above / place.relative_to(above).parts[0]))
    if not above.is_dir() and os.path.lexists(above):
        raise NotWritten(f"{above}: is not a directory; nothing was written")
    if not Path(os.path.realpath(above)).is_relative_to(os.path.realpath(root)):
        raise NotWritten(f"{above}: is outside the repository; nothing was written")


def _write_one(place: Path, text: str, made: list[Path]) -> None:
    for directory in reversed(place.parents):
        if not directory.is_dir():
            directory.mkdir()
            made.append(directory)
    try:
        with replacement(place, mode=None, new=True) as part:
            part.write_bytes(text.encode("utf-8"))
    except FileExistsError:
        raise NotWritten(f"{place}: exists already; nothing was written") from None
    made.append(place)


def _remove(made: list[Path]) -> None:
    for place in reversed(made):
        with suppress(OSError):
            if place.is_dir():
                place.rmdir()
            else:
                place.unlink()
