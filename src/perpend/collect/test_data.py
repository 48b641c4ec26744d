"""A JSON array of objects in test-data form in, objects of one given type out.

Source: language specification, section 6. Refuses to know what the fields mean; expectations are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from perpend.collect.json_text import kind_of, read_array
from perpend.collect.unusable import UnusableContent
from perpend.ir.estate import EstateObject, Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.ir.object_types import ObjectType

_RESERVED = ("expectedResult", "context")
_PROGRESS_STEP = 4096


def read_objects(
    content: bytes, source: str, *, object_type: ObjectType, progress: Callable[[int], None] | None = None
) -> list[EstateObject]:
    """Return the objects in file order. Raises UnusableContent naming the position of the first that cannot be used.

    ``object_type`` says which fields hold an object's name and external id, and which lookup leads to its owner.
    """
    objects = []
    for position, entry in read_array(content):
        objects.append(_object_of(entry, object_type, Origin(source, position)))
        if progress and position % _PROGRESS_STEP == 0:
            progress(position)
    if progress:
        progress(len(objects))
    return objects


def _object_of(entry: Any, object_type: ObjectType, origin: Origin) -> EstateObject:
    if not isinstance(entry, dict):
        raise UnusableContent(f"entry {origin.row} of the array is {kind_of(entry)} where an object is expected")
    fields = {name: value for name, value in entry.items() if name not in _RESERVED}
    identity = fields.get("Id")
    if not _is_filled(identity):
        found = "is missing" if "Id" not in fields else "is empty" if identity == "" else f"is {kind_of(identity)}"
        raise UnusableContent(f"object {origin.row} of the array: its `Id` {found} where text is expected")
    name = _first_filled(fields, object_type.name_field, "Name", "Id")
    external_id = _first_filled(fields, object_type.external_id_field, "Id")
    return EstateObject(object_type.name, identity, name, external_id, fields, origin, _master_of(fields, object_type, origin))


def _master_of(fields: dict[str, Any], object_type: ObjectType, origin: Origin) -> EstateObject | None:
    """Return the object that the type's master lookup leads to, None where the type or the object names none."""
    lookup = object_type.lookups.get(object_type.master or "")
    owner = fields.get(lookup.name) if lookup else None
    if lookup is None or not isinstance(owner, dict) or not _is_filled(owner.get("Id")):
        return None
    return EstateObject(lookup.target, owner["Id"], _first_filled(owner, "Name", "Id"), owner["Id"], owner, origin)


def _first_filled(fields: dict[str, Any], *names: str | None) -> str:
    """Return the first of the named fields that holds a text; the last of them always does."""
    return next(str(fields[name]) for name in names if name and _is_filled(fields.get(name)))


def _is_filled(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
