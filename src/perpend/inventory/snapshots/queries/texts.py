"""Find texts in columns of a snapshot: those with a prefix, and those most similar to a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import Form
from perpend.inventory.snapshots.database import name, pattern, translate_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot

_LEAST_LIKE: Final = 0.8
_NEAR: Final = 3


def texts_beginning(
    connection: Connection, snapshot: Snapshot, table: str, columns: Iterable[str], start: str, *, most: int
) -> list[str]:
    """Return texts of columns with a prefix, sorted. If there are many, the first found are returned.

    Files are not compared with their hashes: the result is for completion only.
    """
    some = f"SELECT found FROM ({{}}) WHERE starts_with(found, $1) LIMIT {100 * most}"
    return sorted(_texts(connection, snapshot, table, columns, f"SELECT DISTINCT found FROM ({some}) LIMIT {most}", start))[
        :most
    ]


def texts_like(connection: Connection, snapshot: Snapshot, table: str, columns: Iterable[str], wanted: str) -> list[str]:
    """Return the texts of columns that are most similar to a text, for each column the nearest first; none if none is near."""
    like = "jaro_winkler_similarity(lower(found), lower($1))"
    query = f"SELECT DISTINCT found, {like} AS alike FROM ({{}}) WHERE alike >= {_LEAST_LIKE} ORDER BY alike DESC, found"
    return _texts(connection, snapshot, table, columns, f"{query} LIMIT {_NEAR}", wanted)


def _texts(connection: Connection, snapshot: Snapshot, table: str, columns: Iterable[str], query: str, text: str) -> list[str]:
    """Return the result of a query over the texts of each column, every text once."""
    described = snapshot.tables.by_name.get(table)
    if described is None:
        return []
    files = f"read_parquet([{', '.join(map(pattern, snapshot.files.placed(table)))}], hive_partitioning=false)"
    texts: dict[str, None] = {}
    for column in dict.fromkeys(columns):
        if column in described.columns and described.columns[column].form is Form.TEXT:
            with translate_errors(snapshot.files.placed(table)[0]):
                rows = connection.execute(query.format(f"SELECT {name(column)} AS found FROM {files}"), [text]).fetchall()
            texts |= dict.fromkeys(str(row[0]) for row in rows)
    return list(texts)
