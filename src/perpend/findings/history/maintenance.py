"""Verify, rebuild and prune the files of a history."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.findings.history.state_machine_sql import LIFE
from perpend.findings.history.write.changes import lives_query
from perpend.findings.history.write.counts import COUNTED, add_counts, add_former_counts, begin_counting, read_last_counts
from perpend.findings.history.write.objects import registry_query
from perpend.inventory.snapshots.database import opened, pattern, rows_of, translate_errors
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.findings.history.manifest import HistoryManifest, RecordedType
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredFile


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of pruning: the numbers of keyframes dropped and of files removed."""

    keyframes: int
    files: int


def problems_of(place: HistoryStorage) -> Iterator[str]:
    """Yield the problems of a history: files that are missing, cut off or damaged, and tables that contradict each other."""
    head = place.head()
    damaged = False
    for file in head.files:
        try:
            place.path(file)
        except StoreError as error:
            damaged = True
            yield str(error)
    if damaged:
        return
    with _connected(place) as connection:
        read_last_counts(connection, [pattern(path) for path in place.paths(head.ledger)], head)
        for name, known in head.types.items():
            yield from _contradictions(connection, place, name, known)
            yield from _miscounts(connection, place, head, name)


def rebuild(place: HistoryStorage) -> list[str]:
    """Rebuild the newest row of each finding from the changes, if it is damaged, and return what was rebuilt.

    Raises StoreError if a file is damaged that cannot be rebuilt.
    """
    with place.committing():
        head = place.head()
        made: list[str] = []
        with _connected(place) as connection:
            types = {name: _made_anew(connection, place, name, known, made) for name, known in head.types.items()}
        after = replace(head, types=types)
        place.paths(head_files(after))
        place.replace_head(after, head)
        return made


def _made_anew(connection: Connection, place: HistoryStorage, name: str, known: RecordedType, made: list[str]) -> RecordedType:
    keyframes = {run: file for run, file in known.keyframes.items() if _is_whole(place, file)}
    if known.lives is None or _is_whole(place, known.lives):
        return replace(known, keyframes=keyframes)
    files = [pattern(path) for path in place.paths(known.past)]
    path = place.new_file("lives", name)
    query = f"FROM ({lives_query(None, files, of_many=True)}) ORDER BY policy_no, object_no"
    connection.execute(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
    made.append(f"{name}: the newest row of each finding")
    return replace(known, lives=place.stored_file(path), keyframes=keyframes)


def head_files(head: HistoryManifest) -> list[StoredFile]:
    """Return the files that a history needs: all but keyframes."""
    files = [file for known in head.types.values() for file in replace(known, keyframes={}).files]
    return [*head.ledger, *head.texts, *files]


def prune(place: HistoryStorage, *, keep: int, unused_for: float) -> Cleared:
    """Remove old keyframes, and files that no manifest has named for some seconds. Changes are never removed."""
    with place.committing():
        head = place.head()
        types, dropped = {}, 0
        for name, known in head.types.items():
            newest = sorted(known.keyframes)[max(0, len(known.keyframes) - keep) :]
            types[name] = replace(known, keyframes={run: known.keyframes[run] for run in newest})
            dropped += len(known.keyframes) - len(newest)
        after = replace(head, types=types)
        if dropped:
            place.replace_head(after, head)
        return Cleared(dropped, place.remove_leftovers(after, unused_for=unused_for))


@contextmanager
def _connected(place: HistoryStorage) -> Iterator[Connection]:
    with (
        scratch() as directory,
        opened(directories=[place.directory], spill=directory) as connection,
        translate_errors(place.directory),
    ):
        yield connection


def _is_whole(place: HistoryStorage, file: StoredFile) -> bool:
    try:
        place.path(file)
    except StoreError:
        return False
    return True


def _contradictions(connection: Connection, place: HistoryStorage, name: str, known: RecordedType) -> Iterator[str]:
    """Yield differences between the newest rows and the changes, and between values and rows."""
    files = [pattern(path) for path in place.paths((*known.past, *known.changes))]
    if known.known is None or not files:
        return
    base = pattern(place.path(known.lives)) if known.lives else None
    lives = lives_query(base, [pattern(path) for path in place.paths(known.changes)])
    columns = ", ".join(("policy_no", "object_no", "run", *LIFE))
    newest = f"SELECT {columns} FROM ({lives_query(None, files, of_many=True)})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE lives AS SELECT {columns} FROM ({lives})")
    differ = f"(FROM lives EXCEPT {newest}) UNION ALL ({newest} EXCEPT FROM lives)"
    if number := rows_of(connection, f"SELECT count(*) FROM ({differ})")[0][0]:
        yield f"{name}: {counted(number, 'finding')} whose state differs from their changes"
    wide = f"read_parquet([{pattern(place.path(known.known))}], hive_partitioning = false)"
    for policy in known.policies:
        query = (
            f"SELECT count(*) FROM lives AS l LEFT JOIN {wide} AS k ON k.object_no = l.object_no "
            f"WHERE l.policy_no = {policy} AND k.v{policy} IS DISTINCT FROM l.value"
        )
        if number := rows_of(connection, query)[0][0]:
            yield f"{name}: {counted(number, 'value')} of policy {policy} whose status differs from their findings"
    for file in known.past:
        least, most = known.spans[file.path]
        outside = f"FROM read_parquet({pattern(place.path(file))}, hive_partitioning = false) WHERE object_no NOT BETWEEN "
        if number := rows_of(connection, f"SELECT count(*) {outside}{least} AND {most}")[0][0]:
            yield f"{name}: {counted(number, 'change')} in the file of other objects"
    doubled = f"SELECT policy_no, object_no, run FROM read_parquet([{', '.join(files)}]) GROUP BY ALL HAVING count(*) > 1"
    if number := rows_of(connection, f"SELECT count(*) FROM ({doubled})")[0][0]:
        yield f"{name}: {counted(number, 'change')} stored twice"


def _miscounts(connection: Connection, place: HistoryStorage, head: HistoryManifest, name: str) -> Iterator[str]:
    """Yield a difference between the newest counts of a type and its values. Each run updates the counts of the run before."""
    known, policies = head.types[name], head.policies_of(name)
    if known.known is None or not known.policies:
        return
    registry = registry_query([pattern(path) for path in place.paths(known.objects)], name)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW registry AS {registry}")
    begin_counting(connection)
    values = f"read_parquet([{pattern(place.path(known.known))}], hive_partitioning = false)"
    add_counts(connection, values, {number: f"v{number}" for number in known.policies}, number="object_no")
    connection.execute("CREATE OR REPLACE TEMP TABLE counted AS FROM counts")
    begin_counting(connection)
    add_former_counts(connection, policies)
    total = " + ".join(status.value.lower() for status in COUNTED)
    of_ledger, of_values = (f"(SELECT * FROM {table} WHERE {total} > 0)" for table in ("counts", "counted"))
    differ = f"({of_ledger} EXCEPT {of_values}) UNION ({of_values} EXCEPT {of_ledger})"
    if number := rows_of(connection, f"SELECT count(DISTINCT (policy_no, account)) FROM ({differ})")[0][0]:
        yield f"{name}: {number:,} counts of the ledger differ from the values"
