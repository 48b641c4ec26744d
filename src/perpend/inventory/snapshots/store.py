"""A directory of immutable snapshots: Parquet files and one manifest per run, and a pointer to the current one.

A snapshot exists once its manifest does; before that no reader sees it.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from perpend.core.commit import finish, lock, make_directory, remove_parts, remove_tree, sync_directory, write_whole
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.errors import about
from perpend.inventory.snapshots.files import (
    StoreError,
    check_place,
    directory_name,
    entries_of,
    is_there,
    naming,
    reason_of,
    remove_bare,
    shown,
)
from perpend.inventory.snapshots.manifest import (
    Damaged,
    Failure,
    Manifest,
    StoredFile,
    StoredSource,
    checksum_of,
    manifest_from,
    pointer_from,
    pointer_text,
    text_of,
)
from perpend.inventory.snapshots.snapshot import RUNS, snapshot_of
from perpend.inventory.snapshots.unfinished_collections import remove_unfinished
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.objects.claims import FailedCall
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.snapshot import Snapshot

IN_FORCE: Final = "manifest.json"
"""The name of the file that says which snapshot is in force: it is written with each import."""

_TABLES, _LOCKS, _TEMPORARY = "inventory", "locks", "tmp"
_RUN_DIRECTORY: Final = "run="

KEPT: Final = "extracts"
"""The directory of what engines keep of snapshots, below a directory named by the hash of each one's content."""


class NoSnapshot(StoreError):
    """The store has no snapshot, or not the given one."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The ids of snapshots that were removed, and of those that were skipped because they are being read, the oldest first."""

    removed: tuple[str, ...]
    in_use: tuple[str, ...]


class Store:
    """The snapshots of one directory. It is created on the first write."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.place = str(directory)
        check_place(directory)

    def snapshot(self, run: str | None = None, *, verify: bool = False) -> Snapshot:
        """Return a snapshot by its id, the current one for None.

        Raises NoSnapshot, or StoreError with the file that is missing, truncated or damaged. Sizes are checked now, hashes when
        a table's files are used; ``verify`` checks all of them. Pruning may remove its files at any time.
        """
        with self.reading(run) as snapshot:
            for table in snapshot.files if verify else ():
                snapshot.files[table]
            return snapshot

    @contextmanager
    def reading(self, run: str | None = None) -> Iterator[Snapshot]:
        """Yield a snapshot, as ``snapshot`` returns it, and protect it from pruning meanwhile."""
        locked, manifest = self._locked(run)
        with locked:
            yield snapshot_of(manifest, self.directory)

    def runs(self) -> list[str]:
        """Return the ids of all snapshots, the oldest first."""
        with naming(self.directory, "cannot be read"):
            written = entries_of(self.directory / RUNS)
        return sorted(path.stem for path in written if path.suffix == ".json" and not path.name.startswith("."))

    def current_run(self) -> str | None:
        """Return the id of the current snapshot, None if there is none."""
        pointer = self._pointer()
        return pointer[0] if pointer else None

    def snapshots(self) -> list[Manifest]:
        """Return the manifests of all snapshots, the oldest first. Files are not checked."""
        return [self._manifest(run) for run in self.runs()]

    @contextmanager
    def writing(self) -> Iterator[RunWriter]:
        """Yield a new run. Its ``commit()`` makes it the current snapshot; without that, all that it wrote is removed."""
        is_new = not self.directory.exists()
        with naming(self.directory):
            for part in (RUNS, _TABLES, _LOCKS, _TEMPORARY):
                make_directory(self.directory / part)
            self.remove_leftovers()
            run = RunWriter(self, *self._new_lock())
        try:
            yield run
        finally:
            run.end()
            if is_new:
                remove_bare(self.directory, (RUNS, _TABLES, _TEMPORARY), self.directory / _LOCKS / "commit")

    def prune(self, *, keep: int) -> Pruned:
        """Remove unfinished runs, and all snapshots but the newest ``keep``, the current one and those that are being read."""
        with naming(self.directory):
            if not is_there(self.directory):
                return Pruned((), ())
        with naming(self.directory), self.committing():
            in_use = {*self.runs()[max(0, len(self.runs()) - keep) :], self.current_run()}
            old = [run for run in self.runs() if run not in in_use]
            removed = tuple(run for run in old if self._remove_unread(run))
            hashes = {manifest.content_hash for manifest in self.snapshots()}
            for path in self._listed(KEPT):
                if path.name not in hashes:
                    remove_tree(path)
        self.remove_leftovers()
        remove_unfinished(self.directory)
        return Pruned(removed, tuple(run for run in old if run not in removed))

    def _remove_unread(self, run: str) -> bool:
        """Remove a manifest unless its snapshot is being read; return whether it was removed. Its files become leftovers.

        A reader that arrives meanwhile waits, and finds no manifest.
        """
        path = self._path_of(run)
        try:
            with lock(path, create=False, wait=False):
                path.unlink()
                sync_directory(path.parent)
        except BlockingIOError:
            return False
        return True

    def remove_leftovers(self) -> list[str]:
        """Remove the files of runs whose writer is dead; return their ids. Runs of living writers stay."""
        with self.committing():
            for directory in (self.directory, self.directory / RUNS):
                remove_parts(directory)
        unknown = {path.name.removeprefix(_RUN_DIRECTORY) for table in self._listed(_TABLES) for path in entries_of(table)}
        leftovers = unknown - set(self.runs())
        leftovers |= {path.stem for path in self._listed(_LOCKS) if path.suffix == ".lock"}
        leftovers |= {path.name.removeprefix(_RUN_DIRECTORY) for path in self._listed(_TEMPORARY)}
        removed = []
        for run in sorted(leftovers):
            with self._dead(run) as dead:
                if dead and run not in self.runs():
                    self.remove_run(run)
                    removed.append(run)
                if dead:
                    remove_tree(self.temporary(run))
                    self._lock_of(run).unlink(missing_ok=True)
        return removed

    def remove_run(self, run: str) -> None:
        """Remove the files of a run, and directories that become empty."""
        for table in self._listed(_TABLES):
            remove_tree(table / f"{_RUN_DIRECTORY}{run}")
            with suppress(OSError):
                table.rmdir()

    def temporary(self, run: str) -> Path:
        """Return the directory for temporary files of a run."""
        return self.directory / _TEMPORARY / f"{_RUN_DIRECTORY}{run}"

    def table_directory(self, table: str, run: str) -> Path:
        """Return the directory of a table's files; ``table`` is a directory name."""
        return self.directory / _TABLES / table / f"{_RUN_DIRECTORY}{run}"

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Hold the lock for changes of the current snapshot; one process at a time."""
        with lock(make_directory(self.directory / _LOCKS) / "commit"):
            yield

    def make_current(self, manifest: Manifest) -> None:
        """Write a run's manifest, then the pointer. If interrupted between the two, the former snapshot stays current."""
        text = text_of(manifest)
        write_whole(self._path_of(manifest.run), text.encode())
        write_whole(self.directory / IN_FORCE, pointer_text(manifest.run, checksum_of(text)).encode())

    def _new_lock(self) -> tuple[str, IO[bytes]]:
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        return run, lock(self._lock_of(run))

    def _lock_of(self, run: str) -> Path:
        return self.directory / _LOCKS / f"{run}.lock"

    @contextmanager
    def _dead(self, run: str) -> Iterator[bool]:
        """Yield whether a run's writer is dead, and keep others from taking the run's lock meanwhile."""
        try:
            locked = lock(self._lock_of(run), create=False, wait=False)
        except FileNotFoundError:
            yield True
        except BlockingIOError:
            yield False
        else:
            with locked:
                yield True

    def _locked(self, run: str | None) -> tuple[IO[bytes], Manifest]:
        """Return the manifest of a run, the current one for None, and the open file that protects it from pruning."""
        tried = None
        while True:
            locked_run, checksum = (run, None) if run is not None else self._in_force()
            locked = _shared_lock(self._path_of(locked_run))
            if locked is None and run is None and tried != locked_run:
                tried = locked_run  # another run may have become current and pruned this one meanwhile
                continue
            try:
                manifest = self._manifest(locked_run, checksum)
            except StoreError:
                if locked is not None:
                    locked.close()
                raise
            if locked is not None:
                return locked, manifest

    def _in_force(self) -> tuple[str, str]:
        """Return the current run and the checksum of its manifest."""
        pointer = self._pointer()
        if pointer is None:
            what = why_not_a_directory(self.directory) or "holds no snapshot yet"
            raise about(self.directory, NoSnapshot(f"{shown(self.directory)}: {what}; `perpend import` makes one"))
        return pointer

    def _pointer(self) -> tuple[str, str] | None:
        """Return the current run and the checksum of its manifest, None if there is none."""
        path = self.directory / IN_FORCE
        with naming(self.directory, "cannot be read"):
            if not is_there(path):
                return None
        try:
            return pointer_from(self._text(path))
        except Damaged as error:
            raise StoreError(f"{shown(path)}: {error}{self._hint()}") from None

    def _path_of(self, run: str) -> Path:
        """Return the path of a run's manifest. Raises NoSnapshot for hidden names and names with separators."""
        if "/" in run or run.startswith("."):
            raise self._absent(run)
        return self.directory / RUNS / f"{run}.json"

    def _manifest(self, run: str, checksum: str | None = None) -> Manifest:
        with naming(path := self._path_of(run), "cannot be read"):
            is_written = is_there(path)
        if not is_written:
            if checksum is not None:
                raise StoreError(f"{shown(path)}: is missing, although it is of the current snapshot{self._hint()}")
            raise self._absent(run)
        text = self._text(path)
        try:
            if checksum is not None and checksum_of(text) != checksum:
                raise Damaged("its checksum is not that of the current snapshot")
            return manifest_from(text)
        except Damaged as error:
            raise StoreError(f"{shown(path)}: {error}") from None

    def _absent(self, run: str) -> NoSnapshot:
        return NoSnapshot(f"{shown(self.directory)}: holds no snapshot {shown(run)}; `perpend inventory ls` lists them")

    def _text(self, path: Path) -> str:
        with naming(path, "cannot be read"):
            return path.read_bytes().decode("utf-8", errors="replace")

    def _hint(self) -> str:
        if runs := self.runs():
            return f"; name another snapshot with --run: {runs[-1]} is the newest that was stored"
        return "; the store holds no other snapshot: collect or import into a new store"

    def _listed(self, part: str) -> list[Path]:
        return entries_of(self.directory / part)


class RunWriter:
    """A snapshot that is being written. It holds a lock until it ends."""

    def __init__(self, store: Store, run: str, lock: IO[bytes]) -> None:
        self.store = store
        self.id = run
        self.created = datetime.now(UTC)
        self.sources: list[StoredSource] = []
        self.failures: list[Failure] = []
        self.calls: list[FailedCall] = []
        self._lock = lock
        self._tables: dict[str, Table] = {}
        self._files: dict[str, tuple[StoredFile, ...]] = {}
        self._directories: dict[str, str] = {}
        self.temporary = make_directory(store.temporary(run))

    def directory_of(self, table: str) -> Path:
        """Create and return the directory for a table's files. Raises StoreError if two tables would share one."""
        name = directory_name(table)
        other = self._directories.setdefault(name.casefold(), table)
        if other != table:
            raise StoreError(f"the object types {shown(other)} and {shown(table)} differ only in case")
        with naming(self.store.directory):
            return make_directory(self.store.table_directory(name, self.id))

    def add(self, table: Table, files: list[Path]) -> None:
        """Add a finished table with its finished files."""
        stored = []
        for path in files:
            with naming(path):
                stored.append(StoredFile(str(path.relative_to(self.store.directory)), *finish(path)))
        self._tables[table.name] = table
        self._files[table.name] = tuple(stored)

    def commit(self, engine: str) -> Snapshot:
        """Make the run the current snapshot and return it. ``engine`` names the program that wrote the files."""
        manifest = Manifest(
            self.id,
            self.created,
            f"perpend {__version__}, {engine}",
            tuple(self.sources),
            tuple(self.failures),
            self._tables,
            self._files,
            calls=tuple(self.calls),
        )
        with naming(self.store.directory), self.store.committing():
            self.store.make_current(manifest)
        return self.store.snapshot(self.id)

    def end(self) -> None:
        """Release the lock; remove the files of the run, unless its manifest exists."""
        remove_tree(self.temporary)
        # The manifest may exist although the commit failed after it; then the run is complete and stays.
        if self.id not in self.store.runs():
            self.store.remove_run(self.id)
        Path(self._lock.name).unlink(missing_ok=True)
        self._lock.close()


def _shared_lock(path: Path) -> IO[bytes] | None:
    """Return the open file of a manifest, which protects it from pruning; None if there is no such file."""
    try:
        return lock(path, create=False, shared=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{shown(path)}: cannot be read: {reason_of(error)}") from None
