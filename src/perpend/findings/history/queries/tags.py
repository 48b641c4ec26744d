"""The tags of objects, and whether they are in use, from the current snapshot of a history's store. A history keeps neither."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from perpend.core.values.tags import TAGS_FIELD
from perpend.inventory.snapshots.database import text
from perpend.inventory.snapshots.queries.identity import filled
from perpend.inventory.snapshots.queries.in_use import in_use
from perpend.inventory.snapshots.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from perpend.core.objects.object_types import ObjectType
    from perpend.findings.history.storage import HistoryStorage

NO_TAGS: Final = (
    "SELECT NULL::VARCHAR AS type, NULL::VARCHAR AS object_id, NULL::VARCHAR AS tags, NULL::BOOLEAN AS in_use LIMIT 0"
)
"""The query for the tags of no object."""


@contextmanager
def stored_tags(place: HistoryStorage, types: Callable[[str], ObjectType | None]) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield the query for the tags of objects, a row for each object of a type that may have some, and its files.

    Its columns are ``type``, ``object_id``, ``tags``, a JSON object, null if the object's tags are not known, and ``in_use``,
    null if that is not known. ``types`` gives the declared types.
    """
    with Store(place.store).reading() as snapshot:
        parts = []
        for table in snapshot.tables.by_name.values():
            declared = types(table.type_name) if table.type_name else None
            if not table.type_name or (TAGS_FIELD not in table.columns and (declared is None or declared.in_use is None)):
                continue
            values = f"{filled(table, 'Id', 'o')} AS object_id, {filled(table, TAGS_FIELD, 'o')} AS tags"
            used = in_use(snapshot, declared, types)
            rows = f"SELECT {values}, {used} AS in_use FROM {snapshot.relation(table.name)} AS o"
            tags = object_or_null("any_value(tags)")
            columns = f"{text(table.type_name)} AS type, object_id, {tags} AS tags, bool_or(in_use) AS in_use"
            parts.append(f"SELECT {columns} FROM ({rows}) GROUP BY 1, 2")
        yield " UNION ALL ".join(parts) or NO_TAGS, tuple(snapshot.files.paths)


def object_or_null(tags: str) -> str:
    """Return the expression of tags, null if they are no JSON object."""
    return f"CASE WHEN json_valid({tags}) AND json_type({tags}) = 'OBJECT' THEN {tags} END"
