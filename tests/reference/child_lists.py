"""Attach child lists to the objects of an inventory, by the keys of the children.

An object's own list counts, unless a child that is not in it names the object. Any other list needs a claim that all its
children were read. A key that matches no object may be damaged, so it leaves all lists of that relation unknown.
The reference for snapshots, which follow the same rules (``inventory.importers.child_lists``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account
from perpend.core.objects.claims import Claims, is_blank_key, unmatched_keys, unread_input
from perpend.core.objects.identity import scope_of
from perpend.core.objects.inventory import is_filled
from perpend.core.objects.object_types import MASTER_KEY
from perpend.core.values.partial_object import PartialObject, with_value
from perpend.inventory.readers.conflicts import contradiction
from perpend.language.program.required_columns import required_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perpend.core.objects.inventory import CloudObject, Inventory
    from perpend.core.objects.object_types import Children, ObjectType
    from perpend.core.schema.shred import RequiredFields
    from perpend.language.program.program import Program


NO_ID: Final = "cannot be known: there is no Id to find it by"


@dataclass(slots=True)
class _Parts:
    """The objects of one type by the key of their owner. ``doubt`` is the reason why no owner's list is known."""

    by_owner: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    doubt: str | None = None


def with_children(inventory: Inventory, programs: Iterable[Program], declared: Callable[[str], ObjectType]) -> Inventory:
    """Return an estate whose objects hold the lists that programs read of them, of objects that are in the estate as well."""
    read = _lists_of(required_fields(programs))
    claims = (claim for source in inventory.sources for claim in source.coverage)
    coverage = Claims((*map(unread_input, inventory.unread), *claims))
    objects = dict(inventory.objects)
    for type_name in inventory.objects:
        object_type = declared(type_name)
        for child in object_type.children.values():
            if child.name in read and child.key and child.type_name in inventory.objects and objects[type_name]:
                parts = _parts(inventory, type_name, child, declared(child.type_name))
                objects[type_name] = [
                    _with_list(object_, object_type, child, parts, coverage) for object_ in objects[type_name]
                ]
    return replace(inventory, objects=objects)


def _lists_of(wanted: RequiredFields) -> set[str]:
    below = (*wanted.lookups.values(), *wanted.children.values())
    return {*wanted.children, *(name for one in below for name in _lists_of(one))}


def _parts(inventory: Inventory, owner_type: str, child: Children, object_type: ObjectType) -> _Parts:
    parts = _Parts()
    lookups = [lookup.name for lookup in object_type.lookups.values() if lookup.key == child.key]
    is_master = child.key in object_type.fields and object_type.fields[child.key].kind == MASTER_KEY
    for object_ in inventory.objects[child.type_name]:
        fields = PartialObject(object_.fields, {}, contradiction(object_)) if object_.variants else object_.fields
        for named, owner in dict.fromkeys(
            _owner(reading.fields, child.key, lookups) for reading in (object_, *object_.variants)
        ):
            if is_filled(owner) and not is_blank_key(owner):
                parts.by_owner.setdefault(owner, []).append(fields)
            elif is_master or not named:
                parts.doubt = f"may hold more: some `{child.type_name}` do not say in `{child.key}` what they belong to"
    ids = {object_.id for object_ in inventory.objects[owner_type] if object_.id}
    unmatched = parts.by_owner.keys() - ids
    if unmatched and not all(is_account(one, AWS) for one in unmatched | ids):
        parts.doubt = unmatched_keys(child.type_name, child.key, owner_type)
    return parts


def _owner(fields: Mapping[str, Any], key: str, lookups: list[str]) -> tuple[bool, str | None]:
    """Return whether an object says what owns it, and the owner's Id, None for nobody.

    It says so in the key, or by what stands under its lookup: nothing at all, or an object with an Id. Not if these differ.
    """
    looked_up = [fields[name] for name in lookups if name in fields]
    if key in fields:
        stated = [fields[key]]
        if any(isinstance(owner, dict) and is_filled(owner.get("Id")) and owner["Id"] != fields[key] for owner in looked_up):
            return False, None
    else:
        stated = [
            owner and owner["Id"]
            for owner in looked_up
            if owner is None or (isinstance(owner, dict) and owner.get("Id", "") != "")
        ]
    is_said = bool(stated) and (stated[0] is None or isinstance(stated[0], str))
    return is_said, stated[0] if is_said else None


def _with_list(object_: CloudObject, object_type: ObjectType, child: Children, parts: _Parts, coverage: Claims) -> CloudObject:
    fields = _fields_with_list(object_.fields, object_type, child, parts, coverage)
    return object_._replace(
        fields=fields, variants=tuple(_with_list(variant, object_type, child, parts, coverage) for variant in object_.variants)
    )


def _fields_with_list(
    fields: Mapping[str, Any], object_type: ObjectType, child: Children, parts: _Parts, coverage: Claims
) -> Mapping[str, Any]:
    identity = fields.get("Id")
    belonging = parts.by_owner.get(identity, []) if is_filled(identity) else []
    reason = parts.doubt or (None if is_filled(identity) else NO_ID)
    if child.name in fields:
        stated = fields[child.name] or []
        if not isinstance(stated, list) or not all(isinstance(item, dict) for item in stated):
            return fields
        held = {identity for item in stated if is_filled(identity := item.get("Id"))}
        if any(not is_filled(part.get("Id")) or part["Id"] not in held for part in belonging):
            reason = reason or f"does not hold all `{child.type_name}` that say in `{child.key}` that they belong here"
        return _without(fields, child.name, reason) if reason else fields
    if reason:
        return _without(fields, child.name, reason)
    if reason := coverage.reason(child.type_name, child.name, scope_of(fields, object_type)):
        partly = _without(fields, child.name, reason)
        partly.incomplete[child.name] = belonging
        return partly
    return with_value(fields, child.name, belonging)


def _without(fields: Mapping[str, Any], name: str, reason: str) -> PartialObject:
    """Return fields of which one is not known, for a reason."""
    reasons, doubt, incomplete = (
        (fields.reasons, fields.doubt, fields.incomplete) if isinstance(fields, PartialObject) else ({}, None, {})
    )
    rest = {field_name: value for field_name, value in fields.items() if field_name != name}
    return PartialObject(rest, {**reasons, name: reason}, doubt, incomplete)
