"""Follow a relation of a collected object: return the objects that it leads to, or why they are not known.

Files and snapshots both use this module, so that they treat odd data alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.inventory import is_filled
from perpend.core.objects.object_types import is_unset
from perpend.core.values.partial_object import incomplete_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.objects.object_types import ObjectType

NO_OBJECT: Final = "is empty, though its key names an object"
OTHER_OBJECT: Final = "holds another object than its key names"
NO_ID: Final = "holds no object that has an Id"
OTHER_OWNER: Final = "lists an object whose key names another owner"
NOT_LISTED: Final = "is no list of objects"
NO_OWNER: Final = "holds objects, but there is no Id to find them by"


def lookup_target(
    object_type: ObjectType, fields: Mapping[str, Any], name: str, *, complete: bool
) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return the object that a lookup leads to, None if there is none, and the reason if that is not known.

    For a declared lookup of a collected object (not ``complete``), the key and the object under the lookup must agree. An
    object without an Id, such as `{}` or an error text, is not known.
    """
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        return None, "is no object"
    target = None if value is None or is_unset(value) else value
    lookup = object_type.lookups.get(name)
    if complete or lookup is None or not lookup.key or name not in fields:
        return target, None
    key = fields.get(lookup.key)
    if target is None:
        return None, None if key in (None, "") else NO_OBJECT
    if not is_filled(target.get("Id")):
        return None, NO_ID
    return target, OTHER_OBJECT if lookup.key in fields and key != target["Id"] else None


def child_objects(
    object_type: ObjectType, fields: Mapping[str, Any], name: str, *, complete: bool
) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """Return the known objects of a child list, and the reason if they contradict the list.

    For a declared list of a collected object (not ``complete``), a child with a key must name its owner.
    """
    items = fields.get(name)
    if items is None:
        return incomplete_list(fields, name) or (), None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return (), NOT_LISTED
    children = object_type.children.get(name)
    if complete or children is None or not children.key or not items:
        return items, None
    owner = fields.get("Id")
    if not is_filled(owner):
        return items, NO_OWNER
    return items, OTHER_OWNER if any(item.get(children.key, owner) != owner for item in items) else None
