"""Watch files and directories, and call a function after each change."""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import TYPE_CHECKING, Final

from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS
from perpend.language.syntax.repository import TOPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_QUIET: Final = 0.25


class Watch:
    """Compares the names, sizes and times of files at intervals."""

    def __init__(self, places: Iterable[Path]) -> None:
        self.places = tuple(places)
        self.ended = threading.Event()
        self.seen = self.look()

    def look(self) -> frozenset[tuple[str, int, int]]:
        """Return path, time and size of each file. A changed set means a change."""
        return frozenset(state for place in self.places for state in _states(str(place)))

    def run(self, changed: Callable[[], object]) -> None:
        """Call ``changed`` after each change, until :meth:`end`."""
        pause = _QUIET
        while not self.ended.wait(pause):
            begun = monotonic()
            now = self.look()
            pause = max(_QUIET, 5 * (monotonic() - begun))
            if now != self.seen:
                self.seen = now
                changed()

    def end(self) -> None:
        """Stop watching."""
        self.ended.set()


def _states(place: str) -> Iterator[tuple[str, int, int]]:
    """Yield path, time and size of all files at or below a place. Links and hidden entries are skipped."""
    try:
        with os.scandir(place) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except NotADirectoryError:
        status = os.stat(place)
        yield place, status.st_mtime_ns, status.st_size
        return
    except OSError:
        return
    for entry in visible:
        yield from _state(entry)


def _state(entry: os.DirEntry[str]) -> Iterator[tuple[str, int, int]]:
    try:
        if entry.is_dir(follow_symlinks=False):
            yield from _states(entry.path)
            return
        status = entry.stat()
    except OSError:
        return
    yield entry.path, status.st_mtime_ns, status.st_size


def watched(root: Path) -> tuple[Path, ...]:
    """Return the files and directories of a repository that a site is built from."""
    return tuple(root / name for name in (*TOPS, ID_MAP, RULE_SECTIONS))
