"""Rows that a collector reads from a cloud in, as they come, one snapshot of a store out. Memory does not grow with rows."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.runs.previous_snapshot import KEPT_FOR, seen_of, staying_of
from perpend.core.schema.shred import stored_value
from perpend.core.schema.tables import ROW, SOURCE, Form, unread
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.importers.object_batches import piece_of
from perpend.inventory.importers.partitions import claim_mixed, partitions_of
from perpend.inventory.snapshots.database import opened, storing
from perpend.inventory.snapshots.manifest import StoredSource
from perpend.inventory.snapshots.row_spool import RowSpool
from perpend.inventory.snapshots.rows import ROW_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from perpend.collectors.aws.accounts.completeness import Collection, Seen
    from perpend.collectors.aws.work_units import CollectedRow
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store

COLLECTED_GROUP: Final = ROW_GROUP // 2
"""Rows per row group of tables: what the SDK has loaded stays in memory beside them."""


def store_collected(
    store: Store,
    rows: Iterable[CollectedRow],
    collected: Callable[[Seen], Collection],
    *,
    types: Sequence[str],
    declared: Callable[[str], ObjectType | None],
    progress: Callable[[int], None] | None = None,
    keep: timedelta = KEPT_FOR,
) -> tuple[Snapshot, list[Diagnostic], Collection, CarriedOver]:
    """Bring rows into a store as one snapshot, which comes into force at the end, with tables for all ``types``.

    ``collected`` is asked for sources, claims and calls once the rows are through, and told what the store held before that is
    not among them. ``progress`` is told how many rows there are.
    Of the snapshot that was in force, what is not listed anew stays; what has disappeared stays for ``keep``.
    """
    with (
        store.writing() as run,
        _in_force(store) as former,
        opened(directories=[store.directory], spill=run.temporary) as connection,
    ):
        connection.execute("SET threads = 1")
        spools = {name: RowSpool(run.temporary / f"rows-{number}") for number, name in enumerate(types)}
        for number, row in enumerate(rows, 1):
            _append(spools[row.type_name], row)
            if progress:
                progress(number)
        importing = Importing(run, connection, declared=declared, group=COLLECTED_GROUP)
        pieces = {
            name: piece_of(connection, spool, _beside(spool.path), ordered=False) for name, spool in sorted(spools.items())
        }
        with storing(store.directory):
            collection = collected(seen_of(connection, former, pieces, declared=declared))
        sources = [
            StoredSource(
                source.name, source.kind, source.observed_at, source.objects, source.accounts, coverage=source.coverage
            )
            for source in collection.sources
        ]
        numbers = itertools.count()
        with storing(store.directory):
            claim_mixed(sources, _partitions(connection, former, collection))
            staying = staying_of(
                connection,
                former,
                pieces,
                sources,
                declared=declared,
                new_path=lambda: run.temporary / f"former-{next(numbers)}.parquet",
                keep=keep,
            )
        importing.add_pieces(sources, staying.collected, collection.unread)
        importing.add_pieces(staying.sources, staying.pieces, ())
        return importing.commit(), importing.problems, collection, staying


def _partitions(connection: Connection, former: Snapshot | None, collection: Collection) -> set[tuple[str, str]]:
    """Return the partitions of the accounts that were collected, and of those in the snapshot that was in force."""
    tables = former.tables.by_name.values() if former else ()
    texts = [table.name for table in tables if (key := table.columns.get("Id")) and key.form is Form.TEXT]
    stored = [f"SELECT * FROM {former.relation(one)}" for one in texts] if former else []
    return partitions_of(connection, stored, collection.partitions)


@contextmanager
def _in_force(store: Store) -> Iterator[Snapshot | None]:
    """Yield the snapshot in force, None where there is none; nobody removes it meanwhile."""
    if store.run_in_force() is None:
        yield None
        return
    with store.reading() as snapshot:
        yield snapshot


def _append(spool: RowSpool, row: CollectedRow) -> None:
    """Add a row to the rows of its type: what is not known is null, with the reason beside it."""
    values: dict[str, Any] = {ROW: len(spool), SOURCE: row.source}
    _add_values(values, row.fields)
    for name, reason in row.reasons.items():
        values[name] = None
        values[unread(name)] = reason
    spool.append(values)


def _add_values(values: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        stored, odd = stored_value(value)
        values[name] = stored
        if odd is not None:
            values[unread(name)] = odd


def _beside(path: Path) -> Path:
    return path.with_suffix(".parquet")
