"""Shred the objects of one type into the fragments of its table and of nested tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.schema.shred import add_object, all_fields_of, part_of, parts_of
from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_companion, listed, unfollowed
from perpend.inventory.importers.merge_relations import LISTED, TableFragment, unstated_lists
from perpend.inventory.snapshots.database import name
from perpend.inventory.snapshots.files import shown
from perpend.inventory.snapshots.row_spool import RowSpool
from perpend.inventory.snapshots.rows import PHYSICAL, SYSTEM, check_names, copy, json_lines, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.shred import Part
    from perpend.inventory.importers.objects import Entry, ObjectBatch
    from perpend.inventory.snapshots.database import Connection


@dataclass(frozen=True, slots=True)
class Shredded:
    """A table made by shredding, and its rows as a fragment."""

    part: Part
    piece: TableFragment


def shred_batch(
    connection: Connection,
    type_name: str,
    pile: ObjectBatch,
    *,
    declared: ObjectType | None,
    new_path: Callable[[], Path],
) -> Iterator[Shredded]:
    """Yield the table of a batch of objects and its nested tables."""
    spools: dict[str, RowSpool] = {}

    def rows(table: str) -> RowSpool:
        return spools.setdefault(table, RowSpool(new_path()))

    root = part_of(type_name, all_fields_of(entry.fields for entry in pile), rows=rows)
    for part in parts_of(root):
        check_names({*part.wanted.values, *part.lookups, *part.children, "Id"}, shown(part.name))
    unknown = unstated_lists(declared)
    for entry in pile:
        add_object(root, entry.fields, complete=False, more=_marks(entry, unknown))
    for part in parts_of(root):
        owned = frozenset() if part is root else frozenset((OWNER,))
        yield Shredded(part, fragment_of(connection, spools[part.name], new_path(), system=owned))


def _marks(entry: Entry, unknown: Mapping[str, str]) -> dict[str, Any]:
    marks: dict[str, Any] = {SOURCE: entry.source}
    if entry.contradicted is not None:
        marks[CONTRADICTED] = entry.contradicted
    reasons = {relation: reason for relation, reason in unknown.items() if relation not in entry.listed}
    marks |= {unfollowed(relation): reason for relation, reason in (reasons | entry.unfollowed).items()}
    return marks | {listed(key): LISTED for key in entry.owners}


def fragment_of(
    connection: Connection, spool: RowSpool, target: Path, *, system: frozenset[str] = frozenset(), ordered: bool = True
) -> TableFragment:
    """Write the rows of a spool to a file and return it as a fragment. Not ``ordered`` saves memory: rows keep no order."""
    spool.close()
    forms, marks = spool.forms, spool.marks | system
    columns = {column: kind for column, kind in SYSTEM.items() if column in marks or column in (ROW, SOURCE)}
    columns |= {column: "JSON" if form is Form.VARIANT else PHYSICAL[form] for column, form in forms.items()}
    columns |= {column: "VARCHAR" for column in sorted(marks) if is_companion(column)}
    texts = ", ".join(
        f"CAST({name(column)} AS VARCHAR) AS {name(column)}" for column, kind in columns.items() if kind == "JSON"
    )
    every = f"* REPLACE ({texts})" if texts else "*"
    # DuckDB reads JSON in chunks of any size; sorting makes row groups depend on row numbers only.
    lines = json_lines(spool.path, columns, 4 * spool.longest)
    copy(connection, f"SELECT {every} FROM {lines}{f' ORDER BY {name(ROW)}' if ordered else ''}", target, staging=True)
    spool.path.unlink()
    return TableFragment(parquet(target), forms, len(spool), marks - {ROW, SOURCE})
