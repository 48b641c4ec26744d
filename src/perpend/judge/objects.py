"""One object of an estate or of a stored snapshot, by whatever people call it: its id, its ARN, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.analyze.names import UnknownName, did_you_mean, printable
from perpend.ir.estate import ROOT_NAME, ROOT_USER, Origin, object_from_fields
from perpend.judge.stored import wanted_of
from perpend.store.database import opened
from perpend.store.nest import Nest, rows_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.ir.estate import Estate, EstateObject
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program
    from perpend.store.snapshot import Snapshot

_MOST_COMPARED: Final = 20_000


def object_named(estate: Estate, type_name: str, name: str) -> EstateObject:
    """Return the one object of a type that a name means. Raises UnknownName where there is none, or several."""
    objects = estate.objects.get(type_name, ())
    return _the_one(objects, type_name, name, [judged.name for judged in objects[:_MOST_COMPARED]])


def stored_object_named(snapshot: Snapshot, program: Program, object_type: ObjectType, name: str) -> EstateObject:
    """Return the one stored object that a name means, with what a program reads of it. Raises UnknownName as above."""
    snapshot.check_spelling()
    columns = [column for column in ("Id", object_type.external_id_field, object_type.name_field, "Name") if column]
    with opened(paths=snapshot.files.paths) as connection:
        rows = rows_with(connection, snapshot, object_type.name, columns, ROOT_NAME if name == ROOT_USER else name)
        numbers = [row for row, _ in rows]
        wanted = wanted_of([program], object_type)
        found = Nest(connection, snapshot).objects(object_type.name, numbers, wanted) if rows else []
    objects = [
        object_from_fields(fields, object_type, Origin(snapshot.sources[source].name, row))
        for (row, source), fields in zip(rows, found, strict=True)
    ]
    return _the_one(objects, object_type.name, name, [])


def _the_one(objects: Sequence[EstateObject], type_name: str, name: str, known: Sequence[str]) -> EstateObject:
    by_id = [judged for judged in objects if name in (judged.id, judged.external_id)]
    matches = by_id or [judged for judged in objects if judged.name == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(printable(judged.id) for judged in matches[:5])
        raise UnknownName(f"'{printable(name)}' names {len(matches)} objects: {listed}")
    raise UnknownName(f"no object '{printable(name)}' of type {type_name} among the inputs{did_you_mean(name, known)}")
