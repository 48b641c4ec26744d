"""The tags of objects, from the current snapshot of a history's store. A history itself keeps no tags."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.core.values.tags import TAGS_FIELD
from perpend.inventory.snapshots.database import text
from perpend.inventory.snapshots.queries.identity import filled
from perpend.inventory.snapshots.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage

NO_TAGS: Final = "SELECT NULL::VARCHAR AS type, NULL::VARCHAR AS object_id, NULL::VARCHAR AS tags LIMIT 0"
"""The query for the tags of no object."""


@contextmanager
def stored_tags(place: HistoryStorage) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield the query for the tags of objects, a row for each object of a type whose tags were asked for, and its files.

    Its columns are ``type``, ``object_id`` and ``tags``, a JSON object, null if the object's tags are not known.
    """
    with Store(place.store).reading() as snapshot:
        tables = [table for table in snapshot.tables.by_name.values() if table.type_name and TAGS_FIELD in table.columns]
        parts = []
        for table in tables:
            tags = object_or_null(f"any_value({filled(table, TAGS_FIELD, 'o')})")
            columns = f"{text(table.type_name)} AS type, {filled(table, 'Id', 'o')} AS object_id, {tags} AS tags"
            parts.append(f"SELECT {columns} FROM {snapshot.relation(table.name)} AS o GROUP BY 1, 2")
        yield " UNION ALL ".join(parts) or NO_TAGS, tuple(snapshot.files.paths)


def object_or_null(tags: str) -> str:
    """Return the expression of tags, null if they are no JSON object."""
    return f"CASE WHEN json_valid({tags}) AND json_type({tags}) = 'OBJECT' THEN {tags} END"
