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

_RESERVED = ("expectedResult", "context")
_NAME_FIELDS = {"CA10__CaAwsUser__c": "CA10__userName__c"}
_ARN_FIELD = "CA10__arn__c"
_PROGRESS_STEP = 4096


def read_objects(
    content: bytes, source: str, *, type_name: str, progress: Callable[[int], None] | None = None
) -> list[EstateObject]:
    """Return the objects in file order. Raises UnusableContent naming the position of the first that cannot be used."""
    objects = []
    for position, entry in read_array(content):
        objects.append(_object_of(entry, type_name, Origin(source, position)))
        if progress and position % _PROGRESS_STEP == 0:
            progress(position)
    if progress:
        progress(len(objects))
    return objects


def _object_of(entry: Any, type_name: str, origin: Origin) -> EstateObject:
    if not isinstance(entry, dict):
        raise UnusableContent(f"entry {origin.row} of the array is {kind_of(entry)} where an object is expected")
    fields = {name: value for name, value in entry.items() if name not in _RESERVED}
    identity = fields.get("Id")
    if not _is_filled(identity):
        found = "is missing" if "Id" not in fields else "is empty" if identity == "" else f"is {kind_of(identity)}"
        raise UnusableContent(f"object {origin.row} of the array: its `Id` {found} where text is expected")
    name_fields = ("Name", _NAME_FIELDS.get(type_name, "Name"), "Id")
    name = next(fields[name_field] for name_field in name_fields if _is_filled(fields.get(name_field)))
    arn = fields.get(_ARN_FIELD)
    external_id = arn if _is_filled(arn) else identity
    return EstateObject(type_name, identity, name, external_id, fields, origin)


def _is_filled(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
