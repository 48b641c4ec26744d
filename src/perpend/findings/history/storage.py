"""The files of a history: written whole, with a manifest that is replaced in one step, and one writer at a time.

Files that the manifest does not name do not count, and are removed once nobody can be reading them.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.findings.history.manifest import HEAD, HistoryManifest, history_manifest_from, manifest_text
from perpend.inventory.snapshots.database import pattern
from perpend.inventory.snapshots.files import (
    StoreError,
    directory_name,
    is_there,
    make_directory,
    naming,
    settle,
    shown,
    sync_directory,
    write_whole,
)
from perpend.inventory.snapshots.manifest import Damaged, StoredFile
from perpend.inventory.snapshots.snapshot import compare, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DIRECTORY: Final = "history"
"""Where a history is, below its store."""

_IN_USE: Final = 86_400.0
"""For how many seconds a file that no head names any more may still be read."""


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
            locks = make_directory(self.store / "locks")
            stream = open(locks / DIRECTORY, "ab")  # noqa: SIM115  # closed below, whatever comes
        with stream:
            os.fchmod(stream.fileno(), 0o600)
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def new_file(self, kind: str, type_name: str = "") -> Path:
        """Return an unused path in an existing directory."""
        with naming(self.directory):
            below = self.directory / kind
            directory = make_directory(below / directory_name(type_name) if type_name else below)
        return directory / f"{secrets.token_hex(8)}.parquet"

    def taken(self, path: Path) -> StoredFile:
        """Return the manifest entry of a finished file, after syncing it to disk."""
        with naming(path):
            stored = StoredFile(str(path.relative_to(self.directory)), *settle(path))
            sync_directory(path.parent)
        return stored

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

    def replace_head(self, head: HistoryManifest, before: HistoryManifest) -> None:
        """Replace the manifest. Files that only the previous one names stay for their readers."""
        for dropped in {file.path for file in before.files} - {file.path for file in head.files}:
            with suppress(OSError):
                os.utime(self.directory / dropped)
        with naming(self.directory / HEAD):
            write_whole(self.directory / HEAD, manifest_text(head).encode())

    def remove_leftovers(self, head: HistoryManifest, *, unused_for: float = _IN_USE) -> int:
        """Remove files that the manifest does not name and nobody has used for some seconds; return their number."""
        named, removed = {file.path for file in head.files}, 0
        for path in self.directory.rglob("*"):
            is_ours = path.suffix == ".parquet" or path.name.endswith(".part")
            if not is_ours or str(path.relative_to(self.directory)) in named:
                continue
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime >= unused_for:
                    path.unlink()
                    removed += 1
        return removed


class WholeFiles:
    """Paths of a history's files as SQL literals. Each file is verified against its checksum once, on first use."""

    def __init__(self, place: HistoryStorage) -> None:
        self._place = place
        self._whole: dict[StoredFile, str] = {}

    def paths(self, files: Iterable[StoredFile]) -> list[str]:
        """Return the paths of files. Raises StoreError if one is missing, cut off or damaged."""
        asked = list(files)
        self._whole |= {file: pattern(self._place.path(file)) for file in asked if file not in self._whole}
        return [self._whole[file] for file in asked]

    def relation(self, *files: StoredFile) -> str:
        """Return the SQL relation of files."""
        return f"read_parquet([{', '.join(self.paths(files))}], hive_partitioning = false)"
