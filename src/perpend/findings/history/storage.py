"""The files of a history: content that its manifest names, and one writer at a time. ``core.commit`` has the protocol."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.commit import UNUSED, finish, lock, make_directory, remove_unnamed, replace_index
from perpend.findings.history.manifest import HEAD, HistoryManifest, history_manifest_from, manifest_text
from perpend.inventory.snapshots.database import pattern
from perpend.inventory.snapshots.files import StoreError, directory_name, is_there, naming, shown
from perpend.inventory.snapshots.manifest import Damaged, StoredFile
from perpend.inventory.snapshots.snapshot import compare, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

DIRECTORY: Final = "history"
"""Where a history is, below its store."""


class HistoryStorage:
    """The files of one store's history. Nothing is created before something is written."""

    def __init__(self, store: str | Path) -> None:
        self.store = Path(store)
        self.directory = self.store / DIRECTORY

    def head(self) -> HistoryManifest:
        """Return the manifest; an empty one if there is no history. Raises StoreError for a damaged one."""
        path = self.directory / HEAD
        with naming(path, "cannot be read"):
            if not is_there(path):
                return HistoryManifest()
            text = path.read_bytes().decode("utf-8", errors="replace")
        try:
            return history_manifest_from(text)
        except Damaged as error:
            raise StoreError(f"{shown(path)}: {error}") from None

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Hold the lock that protects the manifest; other writers wait."""
        with naming(self.directory):
            make_directory(self.directory)
            locked = lock(make_directory(self.store / "locks") / DIRECTORY)
        with locked:
            yield

    def new_file(self, kind: str, type_name: str = "") -> Path:
        """Return an unused path in an existing directory."""
        with naming(self.directory):
            below = self.directory / kind
            directory = make_directory(below / directory_name(type_name) if type_name else below)
        return directory / f"{secrets.token_hex(8)}.parquet"

    def stored_file(self, path: Path) -> StoredFile:
        """Return the manifest entry of a finished file, after syncing it to disk."""
        with naming(path):
            return StoredFile(str(path.relative_to(self.directory)), *finish(path))

    def path(self, file: StoredFile) -> Path:
        """Return the path of a file. Raises StoreError if it is missing, cut off or damaged."""
        if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise StoreError(f"{shown(self.directory / HEAD)}: names a file that is not its own: {shown(file.path)}")
        path = sized(self.directory / file.path, file)
        compare(path, file)
        return path

    def paths(self, files: Iterable[StoredFile]) -> list[Path]:
        """Return the paths of files, as ``path`` does."""
        return [self.path(file) for file in files]

    def replace_head(self, head: HistoryManifest, before: HistoryManifest, *, now: datetime | None = None) -> None:
        """Replace the manifest. Files that only the previous one names stay for their readers, for a day from ``now``."""
        old, new = ([file.path for file in one.files] for one in (before, head))
        with naming(self.directory / HEAD):
            replace_index(self.directory / HEAD, manifest_text(head).encode(), before=old, after=new, now=_seconds(now))

    def remove_leftovers(self, head: HistoryManifest, *, unused_for: float = UNUSED, now: datetime | None = None) -> int:
        """Remove files that the manifest does not name and nobody has used for some seconds; return their number."""
        named = [file.path for file in head.files]
        return remove_unnamed(self.directory / HEAD, named, unused_for=unused_for, now=_seconds(now))


def _seconds(now: datetime | None) -> float | None:
    return None if now is None else now.timestamp()


class WholeFiles:
    """Paths of a history's files as SQL literals. Each file is verified against its checksum once, on first use."""

    def __init__(self, place: HistoryStorage) -> None:
        self._place = place
        self._whole: dict[StoredFile, str] = {}

    def paths(self, files: Iterable[StoredFile]) -> list[str]:
        """Return the paths of files. Raises StoreError if one is missing, cut off or damaged."""
        wanted = list(files)
        self._whole |= {file: pattern(self._place.path(file)) for file in wanted if file not in self._whole}
        return [self._whole[file] for file in wanted]

    def relation(self, *files: StoredFile) -> str:
        """Return the SQL relation of files."""
        return f"read_parquet([{', '.join(self.paths(files))}], hive_partitioning = false)"
