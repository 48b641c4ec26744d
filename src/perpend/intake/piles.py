"""The objects of one type in, pieces of its table and of the tables below it out. Refuses to know other types' objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perpend.intake.pieces import Piece
from perpend.intake.spool import Spool
from perpend.meaning.partly_known import MISSING
from perpend.store.database import name
from perpend.store.files import shown
from perpend.store.rows import PHYSICAL, SYSTEM, check_names, copy, json_lines, parquet
from perpend.tables.schema import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_companion, unfollowed
from perpend.tables.shred import add_object, part_of, parts_of, wanted_of_everything

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from perpend.intake.objects import Entry, Pile
    from perpend.ir.object_types import ObjectType
    from perpend.store.database import Connection
    from perpend.tables.shred import Part


@dataclass(frozen=True, slots=True)
class Shredded:
    """A part of a pile, and its rows as a piece."""

    part: Part
    piece: Piece


def shred_pile(
    connection: Connection,
    type_name: str,
    pile: Pile,
    *,
    declared: ObjectType | None,
    whole: Collection[str],
    new_path: Callable[[], Path],
) -> Iterator[Shredded]:
    """Yield the table of a pile and the tables below it. ``whole`` are the types whose objects were imported as such."""
    spools: dict[str, Spool] = {}

    def rows(table: str) -> Spool:
        return spools.setdefault(table, Spool(new_path()))

    root = part_of(type_name, wanted_of_everything(entry.fields for entry in pile), rows=rows)
    for part in parts_of(root):
        check_names({*part.wanted.values, *part.lookups, *part.children, "Id"}, shown(part.name))
    unknown = unknown_lists(declared, whole)
    for entry in pile:
        add_object(root, entry.fields, complete=False, more=_marks(entry, unknown))
    for part in parts_of(root):
        owned = frozenset() if part is root else frozenset((OWNER,))
        yield Shredded(part, _piece(connection, spools[part.name], owned, new_path()))


def unknown_lists(declared: ObjectType | None, whole: Collection[str]) -> dict[str, str]:
    """Return the child lists of a type that are not known where the data do not hold them, each with the reason."""
    children = declared.children.values() if declared else ()
    return {one.name: MISSING for one in children if one.key and one.type_name not in whole}


def _marks(entry: Entry, unknown: Mapping[str, str]) -> dict[str, Any]:
    marks: dict[str, Any] = {SOURCE: entry.source}
    if entry.contradicted is not None:
        marks[CONTRADICTED] = entry.contradicted
    reasons = {relation: reason for relation, reason in unknown.items() if relation not in entry.listed}
    return marks | {unfollowed(relation): reason for relation, reason in (reasons | entry.unfollowed).items()}


def _piece(connection: Connection, spool: Spool, system: frozenset[str], target: Path) -> Piece:
    spool.close()
    forms, marks = spool.forms, spool.marks | system
    columns = {one: kind for one, kind in SYSTEM.items() if one in marks or one in (ROW, SOURCE)}
    columns |= {one: "JSON" if form is Form.VARIANT else PHYSICAL[form] for one, form in forms.items()}
    columns |= {one: "VARCHAR" for one in sorted(marks) if is_companion(one)}
    texts = ", ".join(f"CAST({name(one)} AS VARCHAR) AS {name(one)}" for one, kind in columns.items() if kind == "JSON")
    every = f"* REPLACE ({texts})" if texts else "*"
    copy(connection, f"SELECT {every} FROM {json_lines(spool.path, columns, 4 * spool.longest)}", target, staging=True)
    spool.path.unlink()
    return Piece(parquet(target), forms, len(spool), marks - {ROW, SOURCE})
