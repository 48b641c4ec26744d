"""The account and the region of an object, from its declared fields and its Id.

The declared owner comes first, then an Id that the owner's key holds, then the object's own Id. A value counts only if it
has the form that the object's cloud allows. ``inventory/snapshots/queries/identity.py`` adds the rows of stored owners and
the sources.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds import registry
from perpend.core.objects.claims import Scope
from perpend.core.objects.object_types import MASTER_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.objects.object_types import Lookup, ObjectType

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")


def owner_lookups(declared: ObjectType) -> tuple[Lookup, ...]:
    """Return the lookups to the owners of a type's objects: the declared master, else all lookups by a master key."""
    if declared.master is not None:
        lookup = declared.lookups.get(declared.master)
        return (lookup,) if lookup else ()
    fields = declared.fields
    return tuple(one for one in declared.lookups.values() if one.key in fields and fields[one.key].kind == MASTER_KEY)


@lru_cache(maxsize=1024)
def _words_of(field_name: str) -> str:
    return _WORDS.sub(" ", field_name.partition("__")[2].removesuffix("__c") or field_name).lower().strip()


def region_field(declared: ObjectType) -> str | None:
    """Return the field with the region of a type's objects, such as the one called region or region name."""
    cloud = registry.cloud_of_type(declared.name)
    names = {name: place for one in ([cloud] if cloud else registry.clouds()) for place, name in enumerate(one.region_fields)}
    with_region = [(names[words], name) for name in declared.fields if (words := _words_of(name)) in names]
    return min(with_region)[1] if with_region else None


def account_fields(declared: ObjectType) -> frozenset[str]:
    """Return the names of the fields from which :func:`account_of_fields` takes the account."""
    names = (declared.external_id_field, "Id", *(lookup.key for lookup in owner_lookups(declared)))
    return frozenset(filter(None, names))


def account_of_fields(fields: Mapping[str, Any], declared: ObjectType) -> str | None:
    """Return the account that an object's own fields name, None if they name none."""
    cloud = registry.cloud_of_type(declared.name)
    owners = [(one, owner) for one in owner_lookups(declared) if (owner := _owner_key(fields, one))]
    for lookup, key in owners:
        if _leads_to_account(declared, lookup) and registry.is_account(key, registry.cloud_of_type(lookup.target)):
            return key
    own = [value for name in (declared.external_id_field, "Id") if name and (value := _text(fields.get(name)))]
    if registry.is_account_type(declared.name):
        for value in reversed(own):
            if registry.is_account(value, cloud):
                return value
    named = (registry.account_of_id(value, cloud) for value in (*(key for _, key in owners), *own))
    return next(filter(None, named), None)


def region_of_fields(fields: Mapping[str, Any], declared: ObjectType) -> str | None:
    """Return the region that an object's own fields name, None if they name none."""
    cloud = registry.cloud_of_type(declared.name)
    stated = _text(fields.get(region_field(declared) or ""))
    if stated and registry.is_region(stated, cloud):
        return stated
    named = (
        registry.region_of_id(value, cloud)
        for name in (declared.external_id_field, "Id")
        if name and (value := _text(fields.get(name)))
    )
    return next(filter(None, named), None)


def scope_of(fields: Mapping[str, Any], declared: ObjectType) -> Scope:
    """Return the scope of an object, and so of everything that it can own, from its own fields."""
    return Scope(account_of_fields(fields, declared), region_of_fields(fields, declared))


def scope_fields(declared: ObjectType) -> str:
    """Return the owner's key and the region field of a type as one text: stored lists compare it with today's declaration."""
    lookup = declared.lookups.get(declared.master or "")
    account = "Id" if declared.master is None else lookup.key if lookup else ""
    return f"{account}/{region_field(declared) or ''}"


def account_sql(declared: ObjectType, value: Callable[[str], str], owners: Mapping[str, str]) -> str:
    """Return SQL for :func:`account_of_fields`.

    ``value`` returns the expression of a field as a text, null if it is empty or unknown. ``owners`` are expressions of the
    account of a stored owner, by lookup; they come after the owner's key and before all Ids.
    """
    cloud = registry.cloud_of_type(declared.name)
    lookups = [one for one in owner_lookups(declared) if one.key]
    parts: list[str] = []
    for lookup in lookups:
        if _leads_to_account(declared, lookup):
            form = registry.is_account_sql(value(lookup.key), registry.cloud_of_type(lookup.target))
            parts.append(f"CASE WHEN {form} THEN {value(lookup.key)} END")
    parts += owners.values()
    own = [value(name) for name in (declared.external_id_field, "Id") if name]
    if registry.is_account_type(declared.name):
        parts += [f"CASE WHEN {registry.is_account_sql(one, cloud)} THEN {one} END" for one in reversed(own)]
    parts += [registry.account_of_id_sql(one, cloud) for one in (*(value(lookup.key) for lookup in lookups), *own)]
    return f"coalesce({', '.join(dict.fromkeys(parts))})"


def region_sql(declared: ObjectType, value: Callable[[str], str], owners: Mapping[str, str]) -> str:
    """Return SQL for :func:`region_of_fields`. The region of a stored owner, from ``owners``, comes last."""
    cloud = registry.cloud_of_type(declared.name)
    parts: list[str] = []
    if stated := region_field(declared):
        parts.append(f"CASE WHEN {registry.is_region_sql(value(stated), cloud)} THEN {value(stated)} END")
    parts += [registry.region_of_id_sql(value(name), cloud) for name in (declared.external_id_field, "Id") if name]
    parts += owners.values()
    return f"coalesce({', '.join(dict.fromkeys(parts))})"


def _leads_to_account(declared: ObjectType, lookup: Lookup) -> bool:
    """Whether a lookup to an owner may lead to an account: its target is one, or is a declared master of no known cloud."""
    if registry.cloud_of_type(lookup.target) is None:
        return declared.master is not None
    return registry.is_account_type(lookup.target)


def _owner_key(fields: Mapping[str, Any], lookup: Lookup) -> str:
    """Return the key of an object's owner, or the Id of the owner that it holds; empty if neither is known."""
    owner = fields.get(lookup.name)
    return _text(fields.get(lookup.key)) or (_text(owner.get("Id")) if isinstance(owner, dict) else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
