"""Return SQL for whether stored objects are in use, as their type declares it (``inUse`` in ``type.yaml``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.schema.tables import Form, unfollowed, unread
from perpend.inventory.snapshots.database import name
from perpend.inventory.snapshots.queries.identity import filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Join, Table
    from perpend.inventory.snapshots.snapshot import ReadableTables

UNKNOWN: Final = "CAST(NULL AS BOOLEAN)"


def in_use(readable: ReadableTables, declared: ObjectType | None, types: Callable[[str], ObjectType | None]) -> str:
    """Return the expression of whether the rows ``o`` of a type's table are in use; null if that is not known.

    An object is in use if the declared child list has an object that did not disappear, or if the declared field is not empty.
    ``types`` gives the declared types of children.
    """
    if declared is None or declared.in_use is None:
        return UNKNOWN
    table = readable.tables.by_name[declared.name]
    if declared.in_use in declared.children:
        join = table.children.get(declared.in_use)
        return UNKNOWN if join is None or join.lacking is not None else _has_children(readable, join, types)
    return _has_value(table, declared.in_use)


def _has_children(readable: ReadableTables, join: Join, types: Callable[[str], ObjectType | None]) -> str:
    below, child = readable.tables.by_name[join.table], types(join.table)
    gone = filled(below, child.deletion_field if child else None, "c")
    rows = f"SELECT 1 FROM {readable.relation(join.table)} AS c WHERE c.{name(join.other)} = o.{name(join.own)}"
    is_known = f"o.{name(unfollowed(join.name))} IS NULL" if join.partial else "true"
    return f"CASE WHEN EXISTS ({rows} AND {gone} IS NULL) THEN true WHEN {is_known} THEN false END"


def _has_value(table: Table, field: str) -> str:
    column = table.columns.get(field)
    if column is None or column.form is not Form.TEXT:
        return UNKNOWN
    has_value = f"{filled(table, field, 'o')} IS NOT NULL"
    return f"CASE WHEN o.{name(unread(field))} IS NULL THEN {has_value} END" if column.partial else has_value
