"""A store on object storage: files are fetched into a local directory when they are read, and uploaded when they are finished.

Files are immutable, so the directory caches them. A snapshot exists once its manifest does, which is never overwritten. One
more object points to the current snapshot, and is replaced only by a writer that has read its last value.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from perpend.core.commit import digest_of, make_directory, replacement, write_whole
from perpend.core.user_cache import private_directory
from perpend.inventory.snapshots.files import StoreError, naming, reason_of, shown
from perpend.inventory.snapshots.manifest import checksum_of, pointer_text, text_of
from perpend.inventory.snapshots.store import IN_FORCE, NoSnapshot, Pruned, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.inventory.snapshots.manifest import Manifest, StoredFile
    from perpend.inventory.snapshots.remote.s3 import ObjectStorage
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import RunWriter

_RUNS: Final = "runs/"
_TABLES: Final = "inventory/"
_RUN_DIRECTORY: Final = "run="
_ATTEMPTS: Final = 50
_ABANDONED: Final = timedelta(days=1)
"""How long files may stand without a manifest before they are left by a writer that died: an upload takes hours at most."""


def mirror_directory(endpoint: str | None, address: str) -> Path:
    """Return the local directory of the store at an address, below the user's cache directory.

    Raises StoreError if other users could have written to it: its files say what was evaluated before.
    """
    try:
        return private_directory("stores", hashlib.sha256(f"{endpoint} {address}".encode()).hexdigest()[:32])
    except OSError as error:
        place, step = shown(str(error.filename)), "set XDG_CACHE_HOME to a directory of your own"
        raise StoreError(f"{place}: cannot keep a copy of {shown(address)}: {reason_of(error)}; {step}") from None


class MirroredStore(Store):
    """The snapshots at one address of object storage, cached in a local directory."""

    def __init__(self, space: ObjectStorage, directory: Path | None = None) -> None:
        super().__init__(directory or mirror_directory(space.endpoint, space.address))
        self._space = space
        self.place = space.address
        self.refresh()

    def refresh(self) -> None:
        """Fetch all manifests, and remove local ones that no longer exist remotely."""
        with naming(self.directory):
            make_directory(self.directory / _RUNS)
        there = {listed.name.removeprefix(_RUNS) for listed in self._space.names(_RUNS)}
        with naming(self.directory), self.committing():
            here = {f"{run}.json" for run in self.runs()}
            for name in sorted(there - here):
                manifest = self._space.get(_RUNS + name)
                if manifest is not None and "/" not in name and not name.startswith("."):
                    write_whole(self.directory / _RUNS / name, manifest[0])
            for name in here - there:
                self._remove_unread(name.removesuffix(".json"))
            pointer = self._space.get(IN_FORCE)
            if pointer is None:
                (self.directory / IN_FORCE).unlink(missing_ok=True)
            else:
                write_whole(self.directory / IN_FORCE, pointer[0])

    @contextmanager
    def reading(self, run: str | None = None) -> Iterator[Snapshot]:
        """Yield a snapshot whose files are local; missing ones are fetched first."""
        self.refresh()
        run_id = self.current_run() if run is None else run
        if run_id is None:
            raise NoSnapshot(f"{shown(self.place)}: holds no snapshot yet; `perpend import` makes one")
        for files in self._manifest(run_id).files.values():
            for file in files:
                self._fetch(file)
        with super().reading(run_id) as snapshot:
            yield snapshot

    @contextmanager
    def writing(self) -> Iterator[RunWriter]:
        """Yield a new run, as a store does."""
        self.refresh()
        with super().writing() as run:
            yield run

    def make_current(self, manifest: Manifest) -> None:
        """Upload a run's files, then its manifest, then the pointer. If interrupted, the former snapshot stays current."""
        for files in manifest.files.values():
            for file in files:
                self._space.put_file(file.path, self.directory / file.path)
        text = text_of(manifest)
        if not self._space.put(f"{_RUNS}{manifest.run}.json", text.encode()):
            raise StoreError(f"{shown(self.place)}: a snapshot {manifest.run} already exists")
        self._point(pointer_text(manifest.run, checksum_of(text)).encode())
        super().make_current(manifest)

    def prune(self, *, keep: int) -> Pruned:
        """Remove all snapshots but the newest ``keep`` and the current one, remotely and locally, and files of dead writers.

        Readers on other machines have local copies. ``in_use`` are the snapshots that are read on this machine.
        """
        self.refresh()
        pruned = super().prune(keep=keep)
        self._space.remove([f"{_RUNS}{run}.json" for run in pruned.removed])
        known, now = set(self.runs()), datetime.now(UTC)
        left = []
        for listed in self._space.names(_TABLES):
            run = listed.name.split("/")[2].removeprefix(_RUN_DIRECTORY) if listed.name.count("/") > 2 else ""
            if run in pruned.removed or (run not in known and now - listed.written > _ABANDONED):
                left.append(listed.name)
        self._space.remove(left)
        return pruned

    def _point(self, content: bytes) -> None:
        """Write the pointer to the current snapshot, unless another writer has changed it since it was read."""
        for _ in range(_ATTEMPTS):
            pointer = self._space.get(IN_FORCE)
            if self._space.put(IN_FORCE, content, instead_of=pointer[1] if pointer else None):
                return
        raise StoreError(f"{shown(self.place)}: too many writers at once; the snapshot is stored, but is not the current one")

    def _fetch(self, file: StoredFile) -> None:
        """Fetch a file unless it is local. Raises StoreError if its content is not as written."""
        path, name = self.directory / file.path, f"{self.place}/{file.path}"
        if not path.resolve().is_relative_to(self.directory.resolve()):
            raise StoreError(f"{shown(name)}: is outside of the store")
        with suppress(OSError):
            if path.stat().st_size == file.size:
                return
        with naming(path):
            make_directory(path.parent)
            with replacement(path) as part:
                if not self._space.fetch(file.path, part):
                    raise StoreError(f"{shown(name)}: is missing")
                if digest_of(part) != (file.sha256, file.size):
                    raise StoreError(f"{shown(name)}: is damaged: its SHA-256 has changed")
