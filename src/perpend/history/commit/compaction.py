"""A head in, one with fewer and larger files out: what was appended run by run is put together, changes by object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.history.commit.changes import lives_query
from perpend.history.commit.objects import SOUGHT, registry_query
from perpend.store.database import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perpend.history.head import HistoryHead, TypeKnown
    from perpend.history.place import HistoryPlace
    from perpend.store.database import Connection
    from perpend.store.manifest import StoredFile

MOST_CHANGES: Final = 16
"""How many files of changes are kept one by one."""

_MOST_PARTS: Final = 8


def compacted(connection: Connection, place: HistoryPlace, head: HistoryHead, made: list[Path]) -> HistoryHead:
    """Return a head of which no list of files is long. New files are added to ``made``; former ones are left where they are."""
    types = {name: _type_compacted(connection, place, name, known, head, made) for name, known in head.types.items()}
    ledger, texts = (_merged(connection, place, kind, files, made) for kind, files in _appended(head))
    return replace(head, types=types, ledger=ledger, texts=texts)


def _appended(head: HistoryHead) -> tuple[tuple[str, tuple[StoredFile, ...]], ...]:
    return (("ledger", head.ledger), ("texts", head.texts))


def _type_compacted(
    connection: Connection, place: HistoryPlace, name: str, known: TypeKnown, head: HistoryHead, made: list[Path]
) -> TypeKnown:
    def written(kind: str, query: str, form: str = "FORMAT parquet, COMPRESSION zstd") -> StoredFile:
        path = place.new_file(kind, name)
        made.append(path)
        connection.execute(f"COPY ({query}) TO {pattern(path)} ({form})")
        return place.taken(path)

    if len(known.objects) > _MOST_PARTS:
        query = registry_query([pattern(path) for path in place.paths(known.objects)])
        known = replace(known, objects=(written("objects", f"{query} ORDER BY object_no", SOUGHT),))
    if len(known.changes) <= MOST_CHANGES:
        return known
    changes = [pattern(path) for path in place.paths(known.changes)]
    base = pattern(place.path(known.lives)) if known.lives else None
    lives = written("lives", f"FROM ({lives_query(base, changes)}) ORDER BY policy_no, object_no")
    by_object = "FROM read_parquet([{}], hive_partitioning = false) ORDER BY object_no, policy_no, run"
    past = (*known.past, written("past", by_object.format(", ".join(changes))))
    if len(past) > _MOST_PARTS:
        past = (written("past", by_object.format(", ".join(pattern(path) for path in place.paths(past)))),)
    keyframes = {**known.keyframes, head.runs[-1].number: known.known} if known.known else known.keyframes
    return replace(known, lives=lives, changes=(), past=past, keyframes={run: file for run, file in keyframes.items() if file})


def _merged(
    connection: Connection, place: HistoryPlace, kind: str, files: Sequence[StoredFile], made: list[Path]
) -> tuple[StoredFile, ...]:
    if len(files) <= MOST_CHANGES:
        return tuple(files)
    path = place.new_file(kind)
    made.append(path)
    listed = ", ".join(pattern(found) for found in place.paths(files))
    read = f"FROM read_parquet([{listed}], hive_partitioning = false)"
    connection.execute(f"COPY ({read}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
    return (place.taken(path),)
