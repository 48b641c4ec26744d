"""Write collected rows to one snapshot of a store, with the objects of the previous snapshot that stay.

Memory use does not grow with the number of rows.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.items import list_of
from perpend.collectors.protocol import KEPT_FOR
from perpend.collectors.runs.previous_snapshot import carried_over_of, keep_earlier_claims, seen_of, used_objects
from perpend.core.schema.shred import stored_value
from perpend.core.schema.tables import ROW, SOURCE, Form, is_unfollowed, listed, unfollowed, unread
from perpend.core.values.partial_object import MISSING
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.importers.merge_relations import LISTED
from perpend.inventory.importers.object_batches import fragment_of
from perpend.inventory.importers.scopes import claim_mixed, partitions_of
from perpend.inventory.snapshots.database import name, opened, text, translate_errors
from perpend.inventory.snapshots.manifest import StoredSource
from perpend.inventory.snapshots.row_spool import RowSpool
from perpend.inventory.snapshots.rows import ROW_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from perpend.collectors.protocol import CollectedRow, Completeness, Seen
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.merge_relations import TableFragment
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store

COLLECTED_GROUP: Final = ROW_GROUP // 2
"""The number of rows in a row group of a table. It is small because the SDK needs memory, too."""


def store_collected(
    store: Store,
    rows: Iterable[CollectedRow],
    completeness: Callable[[Seen], Completeness],
    *,
    types: Sequence[str],
    declared: Callable[[str], ObjectType | None],
    progress: Callable[[int], None] | None = None,
    keep: timedelta = KEPT_FOR,
) -> tuple[Snapshot, list[Diagnostic], Completeness, CarriedOver]:
    """Write rows to a store as its new snapshot, with tables for all ``types``.

    ``completeness`` is called after the last row, with the counts of objects in the previous snapshot that are not among the
    rows. ``progress`` is called with the number of rows. Objects of the previous snapshot stay unless a complete listing shows
    that they have disappeared; these stay for ``keep``.
    """
    with (
        store.writing() as run,
        _current(store) as previous,
        opened(directories=[store.directory], spill=run.temporary) as connection,
    ):
        connection.execute("SET threads = 1")
        spools = {name: RowSpool(run.temporary / f"rows-{number}") for number, name in enumerate(types)}
        names = _ListNames(declared)
        for number, row in enumerate(rows, 1):
            _append(spools[row.type_name], row, names)
            if progress:
                progress(number)
        importing = Importing(run, connection, declared=declared, group=COLLECTED_GROUP)
        pieces = {
            name: _with_lists(fragment_of(connection, spool, _parquet(spool.path), ordered=False))
            for name, spool in sorted(spools.items())
        }
        with translate_errors(store.directory):
            collected = completeness(seen_of(connection, previous, pieces, declared=declared))
        sources = [
            StoredSource(
                source.name, source.kind, source.observed_at, source.objects, source.accounts, coverage=source.coverage
            )
            for source in collected.sources
        ]
        if previous is not None:
            sources = keep_earlier_claims(sources, previous)
        numbers = itertools.count()
        with translate_errors(store.directory):
            claim_mixed(sources, _partitions(connection, previous, collected))
            carried_over = carried_over_of(
                connection,
                previous,
                pieces,
                sources,
                declared=declared,
                new_path=lambda: run.temporary / f"previous-{next(numbers)}.parquet",
                keep=keep,
            )
        importing.add_fragments(sources, carried_over.collected, collected.unread)
        older = [type_name for type_name, number in carried_over.as_before.items() if number]
        importing.add_fragments(carried_over.sources, carried_over.pieces, (), older=older)
        return importing.commit(), importing.problems, collected, carried_over


def previously_used(store: Store, uses: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the objects of the current snapshot that the cloud's provider owns and an account used: Ids by type."""
    with _current(store) as previous:
        if previous is None or not any(type_name in previous.tables.by_name for type_name in uses):
            return {}
        with opened(directories=[store.directory]) as connection, translate_errors(store.directory):
            return used_objects(connection, previous, uses)


def previous_accounts(store: Store, kind: str) -> tuple[str, ...]:
    """Return the accounts in the current snapshot that a collection from a cloud has read, sorted."""
    with _current(store) as previous:
        sources = previous.sources if previous else ()
        return tuple(sorted({account for source in sources if source.kind == kind for account in source.accounts}))


def _partitions(connection: Connection, previous: Snapshot | None, collected: Completeness) -> set[tuple[str, str]]:
    """Return the partitions of the accounts that were collected, and of those in the previous snapshot."""
    tables = previous.tables.by_name.values() if previous else ()
    texts = [table.name for table in tables if table.rows and (key := table.columns.get("Id")) and key.form is Form.TEXT]
    stored = [f"SELECT * FROM {previous.relation(one)}" for one in texts] if previous else []
    return partitions_of(connection, stored, collected.partitions)


@contextmanager
def _current(store: Store) -> Iterator[Snapshot | None]:
    """Yield the current snapshot and protect it from removal; None if the store has none."""
    if store.current_run() is None:
        yield None
        return
    with store.reading() as snapshot:
        yield snapshot


class _ListNames:
    """The names of the child lists of each type, by type and key of the children."""

    def __init__(self, declared: Callable[[str], ObjectType | None]) -> None:
        self._declared = declared
        self._known: dict[str, dict[str, list[str]]] = {}

    def of(self, type_name: str) -> Mapping[str, list[str]]:
        """Return the names of the child lists of a type."""
        if type_name not in self._known:
            names = self._known[type_name] = {}
            declared = self._declared(type_name)
            for children in declared.children.values() if declared else ():
                names.setdefault(list_of(children.type_name, children.key), []).append(children.name)
        return self._known[type_name]


def _with_lists(piece: TableFragment) -> TableFragment:
    """Return a fragment in which a list that a row did not show is missing, and one that it showed in full is stated."""
    marks = sorted(mark for mark in piece.marks if is_unfollowed(mark))
    if not marks:
        return piece
    reasons = ", ".join(f"nullif(coalesce({name(mark)}, {text(MISSING)}), '') AS {name(mark)}" for mark in marks)
    return replace(piece, relation=f"(SELECT * REPLACE ({reasons}) FROM {piece.relation})")


def _append(spool: RowSpool, row: CollectedRow, names: _ListNames) -> None:
    """Add a row to a spool. An unknown field is null, and another column holds the reason. So does one of a child list."""
    values: dict[str, Any] = {ROW: len(spool), SOURCE: row.source}
    values |= {listed(key): LISTED for key in row.keys or ()}
    for shown, reason in (row.lists or {}).items():
        values |= {unfollowed(relation): reason for relation in names.of(row.type_name).get(shown, ())}
    _add_values(values, row.fields)
    for field_name, reason in row.reasons.items():
        values[field_name] = None
        values[unread(field_name)] = reason
    spool.append(values)


def _add_values(values: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for field_name, value in fields.items():
        stored, reason = stored_value(value)
        values[field_name] = stored
        if reason is not None:
            values[unread(field_name)] = reason


def _parquet(path: Path) -> Path:
    return path.with_suffix(".parquet")
