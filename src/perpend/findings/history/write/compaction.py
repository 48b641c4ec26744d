"""Compact the files of a history: merge files that were appended run by run, and sort changes by object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.write.changes import LIVES_COLUMNS, lives_query, sortable
from perpend.findings.history.write.objects import SOUGHT, registry_query
from perpend.inventory.snapshots.database import pattern, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perpend.findings.history.manifest import HistoryManifest, RecordedType
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredFile

MOST_CHANGES: Final = 16
"""How many files of changes are kept one by one."""

PIECE: Final = 500_000
"""How many changes, on average, stand in a file of those that were put together; more where there were too many files."""

_MOST_PIECES: Final = 32

_MOST_PARTS: Final = 8
_BY_POLICY: Final = "ORDER BY policy_no, object_no"


def compacted(connection: Connection, place: HistoryStorage, head: HistoryManifest, made: list[Path]) -> HistoryManifest:
    """Return a manifest without long lists of files. New files are added to ``made``; replaced ones are left in place."""
    types = {
        name: _type_compacted(_Writing(connection, place, name, made), name, known, head.runs[-1].number)
        for name, known in head.types.items()
    }
    ledger, texts = (_merged(connection, place, kind, files, made) for kind, files in _appended(head))
    return replace(head, types=types, ledger=ledger, texts=texts)


def _appended(head: HistoryManifest) -> tuple[tuple[str, tuple[StoredFile, ...]], ...]:
    return (("ledger", head.ledger), ("texts", head.texts))


@dataclass(frozen=True, slots=True)
class _Writing:
    """The writer of compacted tables of one type. New files are added to ``made``."""

    connection: Connection
    place: HistoryStorage
    type_name: str
    made: list[Path]

    def table(self, kind: str, query: str, form: str = "FORMAT parquet, COMPRESSION zstd") -> StoredFile:
        """Write a table, and return its file."""
        path = self.place.new_file(kind, self.type_name)
        self.made.append(path)
        self.connection.execute(f"COPY ({query}) TO {pattern(path)} ({form})")
        return self.place.stored_file(path)

    def by_object(self, files: Sequence[StoredFile]) -> dict[StoredFile, tuple[int, int]]:
        """Write changes sorted by object, in files so small that a query for one object reads little; return their spans."""
        rows = f"read_parquet([{', '.join(pattern(path) for path in self.place.paths(files))}], hive_partitioning = false)"
        least, most, number = rows_of(self.connection, f"SELECT min(object_no), max(object_no), count(*) FROM {rows}")[0]
        if not number:
            return {}
        width = -(-(most - least + 1) // min(_MOST_PIECES, -(-number // PIECE)))
        times = rows_of(self.connection, f"SELECT DISTINCT (object_no - {least}) // {width} FROM {rows} ORDER BY 1")
        spans = [(least + piece * width, least + (piece + 1) * width - 1) for (piece,) in times]
        order = "ORDER BY object_no, policy_no, run"
        columns = sortable()
        return {
            self.table(
                "past", f"SELECT {columns} FROM {rows} WHERE object_no BETWEEN {span[0]} AND {span[1]} {order}", SOUGHT
            ): span
            for span in spans
        }


def _type_compacted(writing: _Writing, name: str, known: RecordedType, run: int) -> RecordedType:
    place = writing.place
    if len(known.objects) > _MOST_PARTS:
        query = registry_query([pattern(path) for path in place.paths(known.objects)], name)
        known = replace(known, objects=(writing.table("objects", f"{query} ORDER BY object_no", SOUGHT),))
    if len(known.changes) <= MOST_CHANGES:
        return known
    changes = [pattern(path) for path in place.paths(known.changes)]
    base = pattern(place.path(known.lives)) if known.lives else None
    lives = writing.table("lives", f"SELECT {sortable(LIVES_COLUMNS)} FROM ({lives_query(base, changes)}) {_BY_POLICY}")
    spans = writing.by_object(known.changes)
    past = (*known.past, *spans)
    after = replace(known, past=past, spans={**known.spans, **{file.path: span for file, span in spans.items()}})
    if any(len(after.past_of([least])) > _MOST_PARTS for least, _ in after.spans.values()):
        spans = writing.by_object(past)
        after = replace(after, past=tuple(spans), spans={file.path: span for file, span in spans.items()})
    keyframes = {**known.keyframes, run: known.known} if known.known else known.keyframes
    return replace(after, lives=lives, changes=(), keyframes=keyframes, past_run=run)


def _merged(
    connection: Connection, place: HistoryStorage, kind: str, files: Sequence[StoredFile], made: list[Path]
) -> tuple[StoredFile, ...]:
    if len(files) <= MOST_CHANGES:
        return tuple(files)
    # Older files that are larger than all newer ones together stay: a row is copied seldom, however long the history is.
    first = len(files) - 1
    while first and files[first - 1].size <= sum(file.size for file in files[first:]):
        first -= 1
    path = place.new_file(kind)
    made.append(path)
    listed = ", ".join(pattern(path) for path in place.paths(files[first:]))
    read = f"FROM read_parquet([{listed}], hive_partitioning = false)"
    connection.execute(f"COPY ({read}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
    return (*files[:first], place.stored_file(path))
