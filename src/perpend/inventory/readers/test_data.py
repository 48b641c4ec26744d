"""A JSON array of objects in test-data form in, objects of one given type out.

Source: language specification, section 6. Refuses to know what the fields mean; expectations are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.inventory import CloudObject, Origin, is_filled, object_from_fields
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.json_text import described, in_two_spellings, read_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.core.objects.object_types import ObjectType

_RESERVED = ("expectedResult", "context")
_RELATION = "__r"
_PROGRESS_STEP = 4096


def read_objects(
    content: bytes, source: str, *, object_type: ObjectType, progress: Callable[[int], None] | None = None
) -> list[CloudObject]:
    """Return the objects in file order. Raises UnusableContent naming the position of the first that cannot be used.

    ``object_type`` says which fields hold an object's name and external id, and which lookup leads to its owner.
    """
    objects = []
    for position, entry in read_array(content):
        objects.append(_object_of(entry, object_type, Origin(source, position, "entry")))
        if progress and position % _PROGRESS_STEP == 0:
            progress(position)
    if progress:
        progress(len(objects))
    return objects


def _object_of(entry: Any, object_type: ObjectType, origin: Origin) -> CloudObject:
    if not isinstance(entry, dict):
        raise UnusableContent(f"entry {origin.row} of the array is {described(entry)} where an object is expected")
    fields = {name: value for name, value in entry.items() if name not in _RESERVED}
    twice = _in_two_spellings(fields)
    if twice:
        raise UnusableContent(f"object {origin.row} of the array: the key {excerpt(twice)} stands in it in two spellings")
    identity = fields.get("Id")
    if not is_filled(identity):
        fault = "is missing" if "Id" not in fields else "is empty" if identity == "" else f"is {described(identity)}"
        raise UnusableContent(f"object {origin.row} of the array: its `Id` {fault} where text is expected")
    return object_from_fields(fields, object_type, origin)


def _in_two_spellings(fields: dict[str, Any]) -> str:
    """Return a key of an object, or of one under its relations, that is there twice but for upper and lower case, else nothing.

    A table can hold one of them only. Keys of what a field holds are not looked at: tags may differ in nothing else.
    """
    related = [value for name, value in fields.items() if name.endswith(_RELATION) and isinstance(value, dict | list)]
    others = (one for value in related for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))
    return next(iter(in_two_spellings(fields)), "") or next(filter(None, map(_in_two_spellings, others)), "")
