"""Rows that a collector reads from a cloud in, as they come, one snapshot of a store out. Memory does not grow with rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.intake.importing import Importing
from perpend.intake.piles import piece_of
from perpend.store.database import opened
from perpend.store.manifest import StoredSource
from perpend.store.spool import Spool
from perpend.tables.schema import ROW, SOURCE, unread
from perpend.tables.shred import stored_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from perpend.clouds.aws.cells import CollectedRow
    from perpend.clouds.aws.runs.claims import Collection
    from perpend.diagnostics.model import Diagnostic
    from perpend.ir.object_types import ObjectType
    from perpend.store.snapshot import Snapshot
    from perpend.store.store import Store


def store_collected(
    store: Store,
    rows: Iterable[CollectedRow],
    collected: Callable[[], Collection],
    *,
    types: Sequence[str],
    declared: Callable[[str], ObjectType | None],
    progress: Callable[[int], None] | None = None,
) -> tuple[Snapshot, list[Diagnostic]]:
    """Bring rows into a store as one snapshot, which comes into force at the end, with tables for all ``types``.

    ``collected`` is asked for sources, claims and calls once the rows are through. ``progress`` is told how many there are.
    """
    with store.writing() as run, opened(directories=[store.directory], spill=run.temporary) as connection:
        connection.execute("SET threads = 1")
        spools = {name: Spool(run.temporary / f"rows-{number}") for number, name in enumerate(types)}
        for number, row in enumerate(rows, 1):
            _append(spools[row.type_name], row)
            if progress:
                progress(number)
        importing = Importing(run, connection, declared=declared)
        pieces = {
            name: piece_of(connection, spool, _beside(spool.path), renumbered=True) for name, spool in sorted(spools.items())
        }
        found = collected()
        sources = [
            StoredSource(one.name, one.kind, one.observed_at, one.objects, one.accounts, coverage=one.coverage)
            for one in found.sources
        ]
        importing.add_pieces(sources, pieces, found.unread)
        return importing.commit(), importing.problems


def _append(spool: Spool, row: CollectedRow) -> None:
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
