"""Merge readings of ARNs that reports show more than once, as the readers do, and add rows of missing root users.

Memory does not grow with the reports.
"""

from __future__ import annotations

import json
from itertools import groupby, repeat
from typing import TYPE_CHECKING, Any, Final, Self

from perpend.core.objects.inventory import Origin
from perpend.inventory.importers.reports.owners import OWNERS
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.readers.credential_report import Reading
from perpend.inventory.readers.merge import ROW_FIELD, merge_readings, with_root_users
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.rows import copy, json_lines, parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.core.objects.inventory import CloudObject
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource

_AT_ONCE: Final = 2_048
_COLUMNS: Final = {
    "number": "BIGINT",
    "source": "INTEGER",
    "line": "BIGINT",
    "before": "BIGINT",
    "arn": "VARCHAR",
    "user": "VARCHAR",
    "document": "VARCHAR",
    "contradicted": "VARCHAR",
}
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False).encode


def settle_repeated(
    connection: Connection,
    readings: str,
    sources: Sequence[StoredSource],
    directory: Path,
    *,
    rivals: bool = False,
) -> tuple[str, str | None]:
    """Return the relation of one row per ARN of some readings: the line that represents all, and its document.

    ``readings`` has source, line, user, ARN and document of each; ``sources`` are ordered by rank. With ``rivals`` also return
    the relation of all readings of contradicted objects, grouped by object and numbered from 0; None if there are none.
    """
    rows = _rows_of(connection, f"FROM ({readings}) ORDER BY arn, source, line")
    groups = map(_rows_of_user, _settled(rows, sources), repeat([one.name for one in sources]))
    with _Spool(connection, directory / "repeated") as settled, _Spool(connection, directory / "rivals") as several:
        for remaining in groups:
            settled.add(remaining[0])
            for reading in remaining if rivals and len(remaining) > 1 else ():
                several.add(reading)
    return settled.stored(), several.stored() if several.rows else None


def unseen_roots(connection: Connection, sources: Sequence[StoredSource], directory: Path) -> str:
    """Return the text that stands for the rows of root users that exist all the same, of accounts in the table of owners.

    They have no line; ``before`` is that of the account's first user.
    """
    query = f'SELECT first.source, first.line, first."user", first.arn FROM {OWNERS} WHERE NOT has_root'
    with _Spool(connection, directory / "roots") as spool:
        for root in _roots(_rows_of(connection, query), sources):
            spool.add(root)
    return spool.stored()


def _rows_of(connection: Connection, query: str) -> Iterator[tuple[Any, ...]]:
    result = connection.execute(query)
    while rows := result.fetchmany(_AT_ONCE):
        yield from rows


def _settled(rows: Iterable[tuple[Any, ...]], sources: Sequence[StoredSource]) -> Iterator[CloudObject]:
    ranks = {one.name: rank for rank, one in enumerate(sources)}
    waiting: list[Reading] = []
    for arn, group in groupby(rows, key=lambda row: str(row[3])):
        account = _account(arn)
        waiting += [
            Reading(account, user, arn, row, Origin(sources[source].name, line), sources[source].observed_at)
            for source, line, user, _, row in group
        ]
        if len(waiting) >= _AT_ONCE:
            yield from merge_readings(waiting, ranks)[0]
            waiting = []
    yield from merge_readings(waiting, ranks)[0]


def _roots(rows: Iterable[tuple[Any, ...]], sources: Sequence[StoredSource]) -> Iterator[dict[str, Any]]:
    names = [one.name for one in sources]
    ranks = {name: rank for rank, name in enumerate(names)}
    for source, line, user, arn in rows:
        users, _ = merge_readings([Reading(_account(arn), user, arn, "{}", Origin(names[source], line), None)], ranks)
        yield from ({**_row_of(root, names), "before": line} for root in with_root_users(users) if root.origin.row is None)


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _rows_of_user(user: CloudObject, sources: Sequence[str]) -> list[dict[str, Any]]:
    return [_row_of(reading, sources) for reading in (user, *user.variants)]


def _row_of(user: CloudObject, sources: Sequence[str]) -> dict[str, Any]:
    return {
        "source": sources.index(user.origin.source),
        "line": user.origin.row,
        "arn": user.id,
        "user": user.name,
        "document": user.fields[ROW_FIELD],
        "contradicted": contradiction(user) if user.variants else None,
    }


class _Spool:
    """Rows kept in a file, numbered from 0."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.rows = 0
        self._connection = connection
        self._path = path.with_suffix(".ndjson")
        self._longest = 0

    def __enter__(self) -> Self:
        with naming(self._path):
            self._stream = self._path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *raised: object) -> None:
        with naming(self._path):
            self._stream.close()
            if isinstance(raised[1], OSError):
                raise raised[1]

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        line = _WRITTEN({"number": self.rows, **row})
        self.rows += 1
        self._longest = max(self._longest, 4 * len(line))
        self._stream.write(f"{line}\n")

    def stored(self) -> str:
        """Store the rows as Parquet, which takes less memory to read; return the text that stands for them."""
        target = self._path.with_suffix(".parquet")
        copy(self._connection, f"FROM {json_lines(self._path, _COLUMNS, self._longest)}", target, staging=True)
        return parquet(target)
