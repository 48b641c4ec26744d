"""An object as far as a reader may see it: related objects of other accounts are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.identity import account_of_fields
from perpend.core.objects.inventory import object_from_fields
from perpend.core.objects.object_types import UNKNOWN_TYPE
from perpend.core.values.partial_object import WITHHELD, PartialObject, doubt_of, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.object_types import ObjectType
    from perpend.server.scope import ReaderScope


def visible_object(object_: CloudObject, object_type: ObjectType, scope: ReaderScope, type_of: TypeOf) -> CloudObject:
    """Return an object of a reader's account, and of its related objects only those that the reader may see.

    It was read with their accounts; an object without a known account is withheld. What lies behind a withheld object is
    withheld with it.
    """
    fields = _visible(object_.fields, object_type, scope, type_of)
    variants = tuple(visible_object(one, object_type, scope, type_of) for one in object_.variants)
    seen = object_from_fields(fields, object_type, object_.origin)
    return seen._replace(variants=variants, account=object_.account, region=object_.region)


def _visible(fields: Mapping[str, Any], object_type: ObjectType, scope: ReaderScope, type_of: TypeOf) -> PartialObject:
    known, reasons = dict[str, Any](), dict(reasons_of(fields))
    incomplete = fields.incomplete if isinstance(fields, PartialObject) else {}
    for name, value in fields.items():
        if isinstance(value, dict) and _is_object(name, value, object_type):
            target = _type_of_lookup(name, object_type, type_of)
            if _is_visible(value, target, scope):
                known[name] = _visible(value, target, scope, type_of)
            else:
                reasons[name] = WITHHELD
        elif isinstance(value, list) and any(_is_object(name, one, object_type) for one in value):
            known[name] = [_listed(one, _type_of_lookup(name, object_type, type_of), scope, type_of) for one in value]
        else:
            known[name] = value
    of_lists = {
        name: [_listed(one, _type_of_lookup(name, object_type, type_of), scope, type_of) for one in listed]
        for name, listed in incomplete.items()
    }
    return PartialObject(known, reasons, doubt_of(fields), of_lists)


def _listed(child: Any, object_type: ObjectType, scope: ReaderScope, type_of: TypeOf) -> Any:
    """Return an object of a list. One that the reader may not see stays in it, and nothing is known of it."""
    if _is_visible(child, object_type, scope):
        return _visible(child, object_type, scope, type_of)
    return PartialObject({}, {}, WITHHELD)


def _is_object(name: str, value: Any, object_type: ObjectType) -> bool:
    """Whether a value is a related object. Snapshots return a document in a field as a plain dictionary."""
    return isinstance(value, PartialObject) or name in object_type.lookups or name in object_type.children


def _type_of_lookup(name: str, object_type: ObjectType, type_of: TypeOf) -> ObjectType:
    lookup, children = object_type.lookups.get(name), object_type.children.get(name)
    type_name = lookup.target if lookup else children.type_name if children else ""
    return type_of(type_name) if type_name else UNKNOWN_TYPE


def _is_visible(fields: Any, object_type: ObjectType, scope: ReaderScope) -> bool:
    """Whether a related object is of an account that a reader may see, by its own fields. Anything else is no object."""
    return scope.sees(account_of_fields(fields, object_type) if isinstance(fields, dict) else None)


if TYPE_CHECKING:
    TypeOf = Callable[[str], ObjectType]
