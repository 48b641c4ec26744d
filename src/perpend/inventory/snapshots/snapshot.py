"""A stored snapshot for reading: its tables, and files that are compared with their hashes before use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from perpend.core.commit import digest_of
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import Claim
from perpend.core.objects.identity import scope_fields
from perpend.core.schema.tables import ROW, Join, Tables
from perpend.inventory.snapshots.files import StoreError, naming, shown
from perpend.inventory.snapshots.rows import stored_relation, table_relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from perpend.core.objects.claims import FailedCall
    from perpend.core.objects.object_types import ObjectType, Types
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.manifest import Failure, Manifest, StoredFile, StoredSource


RUNS: Final = "runs"
"""The directory of manifests, below a store's."""

DECLARED_OTHERWISE: Final = "is declared otherwise than when the snapshot was stored: import again"


class TableFiles(Mapping[str, tuple["Path", ...]]):
    """The Parquet files of each table. A table's files are compared with their hashes on first use.

    Raises StoreError with the file that is missing, truncated or damaged: sizes are checked at once, hashes on first use.
    """

    def __init__(self, directory: Path, stored: Mapping[str, Sequence[StoredFile]]) -> None:
        self._stored = stored
        self._found = {name: tuple(sized(directory / file.path, file) for file in files) for name, files in stored.items()}
        self._whole: set[str] = set()

    def __getitem__(self, table: str) -> tuple[Path, ...]:
        paths = self._found[table]
        if table not in self._whole:
            for path, stored in zip(paths, self._stored[table], strict=True):
                compare(path, stored)
            self._whole.add(table)
        return paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def placed(self, table: str) -> tuple[Path, ...]:
        """Return the paths of a table's files without checking them."""
        return self._found[table]

    def replaced(self, files: Mapping[str, tuple[Path, ...]]) -> TableFiles:
        """Return a copy with other files for some tables. They need no check: this process has just written them."""
        table_files = TableFiles.__new__(TableFiles)
        table_files._stored, table_files._found, table_files._whole = (
            self._stored,
            {**self._found, **files},
            self._whole | files.keys(),
        )
        return table_files

    @property
    def paths(self) -> list[Path]:
        """The paths of all tables' files, unchecked."""
        return [path for paths in self._found.values() for path in paths]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run as stored: its tables, and for each the Parquet files that hold its rows."""

    id: str
    tables: Tables
    files: TableFiles
    sources: tuple[StoredSource, ...]
    failures: tuple[Failure, ...]
    created: datetime
    content_hash: str
    engine: str
    directory: Path
    calls: tuple[FailedCall, ...] = ()

    def as_declared(self, types: Types) -> Snapshot:
        """Return the snapshot by the current declarations: relations that have changed since it was stored are unknown.

        Raises StoreError if readings of one object were merged with another deletion field.
        """
        for table in self.tables.by_name.values():
            object_type = types.by_name.get(table.type_name)
            now = object_type.deletion_field if object_type else None
            if now in table.columns and table.deletion not in (None, now):
                raise StoreError(
                    f"{shown(self.directory)}: snapshot {self.id} was stored when `{now}` did not say that a "
                    f"`{table.type_name}` is gone: bring the inputs in again with `perpend import`, then judge"
                )
        tables = {name: _as_declared(table, types.by_name.get(table.type_name)) for name, table in self.tables.by_name.items()}
        return replace(self, tables=replace(self.tables, by_name=tables))

    def with_misplaced_objects(self, types: Mapping[str, ObjectType]) -> Snapshot:
        """Return the snapshot with claims about types of which some objects are stored in other tables.

        Objects under a relation that was undeclared, or had another target, at the time of the import belong to its current
        target.
        """
        claims = tuple(dict.fromkeys(_strays(self.tables, types)))
        if not claims or not self.sources:
            return self
        first, *others = self.sources
        return replace(self, sources=(replace(first, coverage=(*first.coverage, *claims)), *others))

    def relation(self, table: str) -> str:
        """Return the SQL text of a table."""
        return table_relation(self.tables.by_name[table], self.files[table])

    def stored(self, table: str) -> str:
        """Return the SQL text of a table's columns as they are stored."""
        return stored_relation(self.files[table])

    def place(self, table: str) -> Path:
        """Return the first file of a table."""
        return self.files[table][0]


class ReadableTables(Protocol):
    """Readable tables: of a snapshot, or staged."""

    @property
    def tables(self) -> Tables:
        """The layout of the tables."""

    @property
    def sources(self) -> tuple[StoredSource, ...]:
        """The sources of their rows."""

    def relation(self, table: str) -> str:
        """Return the SQL text of a table."""

    def place(self, table: str) -> Path:
        """Return the name of a table for errors."""


def snapshot_of(manifest: Manifest, directory: Path) -> Snapshot:
    """Return the snapshot of a manifest in a store's directory."""
    return Snapshot(
        manifest.run,
        Tables(manifest.tables),
        TableFiles(directory, manifest.files),
        manifest.sources,
        manifest.failures,
        manifest.created,
        manifest.content_hash,
        manifest.engine,
        directory,
        manifest.calls,
    )


def _strays(tables: Tables, types: Mapping[str, ObjectType]) -> Iterator[Claim]:
    """Yield claims that objects of a type are stored in a table of another type."""
    for table in tables.by_name.values():
        declared = types.get(table.type_name) if table.type_name else None
        if declared is None:
            continue
        leads = {each.name: each.target for each in declared.lookups.values()}
        leads |= {each.name: each.type_name for each in declared.children.values()}
        for name, join in {**table.lookups, **table.children}.items():
            other = tables.by_name.get(join.table)
            if other is not None and other.rows and leads.get(name, other.type_name) != other.type_name:
                yield Claim(leads[name], lacking=f"`{name}` of `{table.type_name}` {DECLARED_OTHERWISE}")


def _as_declared(table: Table, declared: ObjectType | None) -> Table:
    """Return a table whose relations are unknown if its type no longer declares them, or with another target."""
    if declared is None or not declared.declared or not table.type_name:
        return table
    scope = scope_fields(declared)
    lookups = {each.name: Join(each.name, each.target, each.key, "Id") for each in declared.lookups.values() if each.key}
    children = {
        each.name: Join(each.name, each.type_name, "Id", each.key, scope=scope)
        for each in declared.children.values()
        if each.key
    }
    return replace(table, lookups=_agreeing(table.lookups, lookups), children=_agreeing(table.children, children))


def _agreeing(joins: Mapping[str, Join], declared: Mapping[str, Join]) -> dict[str, Join]:
    return {
        name: join if _agree(join, declared.get(name)) else replace(join, lacking=DECLARED_OTHERWISE)
        for name, join in joins.items()
    }


def _agree(stored: Join, declared: Join | None) -> bool:
    if declared is None:
        # Undeclared relations have no key: only nested objects are stored.
        return stored.own == ROW
    leads = (stored.table, stored.own, stored.other) == (declared.table, declared.own, declared.other)
    return leads and stored.scope in (None, declared.scope)


def manifest_path(snapshot: Snapshot) -> Path:
    """Return the path of a snapshot's manifest, below its store's directory."""
    return snapshot.directory / RUNS / f"{snapshot.id}.json"


def sized(path: Path, stored: StoredFile) -> Path:
    """Return a file's path. Raises StoreError if it is missing or has another size than written."""
    with naming(path, "cannot be read"):
        size = path.stat().st_size
    if size != stored.size:
        how = "is cut off" if size < stored.size else "has grown"
        raise StoreError(f"{shown(path)}: {how}: {size} bytes where {stored.size} were written")
    return path


def compare(path: Path, stored: StoredFile) -> None:
    """Raise StoreError if a file's hash is not as written."""
    with naming(path, "cannot be read"):
        digest = digest_of(path)[0]
    if digest != stored.sha256:
        raise StoreError(f"{shown(path)}: is damaged: its SHA-256 has changed")
