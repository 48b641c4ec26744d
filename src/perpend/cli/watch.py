"""Watch a repository for changes: ``perpend site serve`` and ``perpend test --watch``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.extras import extra_packages
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS
from perpend.language.syntax.repository import TOPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.language.syntax.repository import Repository

_TIMEOUT: Final = 100
"""How long to wait for a change before looking again whether the caller has another question, in milliseconds."""


class Watch:
    """The changes of a repository's files, and of ``more`` files and directories, as sets of paths."""

    def __init__(self, root: Path, *more: Path | None) -> None:
        places = (*(root / name for name in (*TOPS, ID_MAP, RULE_SECTIONS)), *filter(None, more))
        self._places = [Path(os.path.realpath(place)) for place in places]
        self._changed: set[str] = set()
        self._open()

    def __iter__(self) -> Iterator[set[str]]:
        """Wait for changes, and yield their paths, until Ctrl-C. Changes while the caller works are yielded afterwards."""
        while True:
            if self.is_changed():
                changed, self._changed = self._changed, set()
                self._open()  # new directories need a watch; nothing is lost, as the caller reads the files after this
                yield changed

    def is_changed(self) -> bool:
        """Whether there are changes that were not yielded yet."""
        for stream in self._streams:
            self._changed |= {path for _, path in next(stream) if self._counts(Path(path))}
        return bool(self._changed)

    def _open(self) -> None:
        with extra_packages("site", "watching files"):
            from watchfiles import watch
        # A file that is written whole replaces the former one: only the directory above it sees that.
        above = {place.parent for place in self._places if place.parent.is_dir()}
        below = {place for place in self._places if place.is_dir()}
        self._streams = [
            watch(*places, watch_filter=None, recursive=recursive, rust_timeout=_TIMEOUT, yield_on_timeout=True)
            for places, recursive in ((above, False), (below, True))
        ]
        self.is_changed()  # the watch begins with the first question

    def _counts(self, path: Path) -> bool:
        """Whether a path is a watched file, or below a watched directory and not hidden there."""
        for place in self._places:
            if path.is_relative_to(place):
                return not any(part.startswith(".") for part in path.relative_to(place).parts)
        return False


def run_on_changes(run: Callable[[], int], repository: Repository) -> int:
    """Run, and run again after each change, until Ctrl-C. An error is printed and does not end the watch.

    A file may be unreadable for a moment, while an editor writes it.
    """
    root = repository.files.root
    watch = Watch(root)
    waiting = f"watching {root} (Ctrl-C ends)"
    code = run()
    click.echo(waiting)
    for paths in watch:
        changed = sorted(os.path.relpath(path, os.path.realpath(root)) for path in paths)
        others = f" and {counted(len(changed) - 1, 'other file')} have" if changed[1:] else " has"
        click.echo(inert(f"\n{visible(changed[0])}{others} changed"))
        try:
            run()
        except BrokenPipeError:
            raise
        except (PerpendError, OSError) as error:
            click.echo(f"perpend: not run: {error}", err=True)
        click.echo(waiting)
    return code
