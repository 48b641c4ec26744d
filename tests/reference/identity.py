"""Give the objects of an inventory their accounts and regions, in Python: the reference for ``inventory.snapshots.queries``.

The owner's key comes first, then the owner's own account, then an Id, then the one account of all sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from perpend.core.clouds import registry
from perpend.core.objects.identity import account_of_fields, owner_lookups, region_of_fields
from perpend.core.objects.inventory import Inventory
from perpend.core.objects.object_types import Lookup, ObjectType


def with_identity(inventory: Inventory, declared: Callable[[str], ObjectType]) -> Inventory:
    """Return an inventory whose objects have their accounts and regions. One that an object brings along stays."""
    accounts = {account for source in inventory.sources for account in source.accounts}
    for type_name, of_type in inventory.objects.items():
        accounts.update(filter(None, (account_of_fields(one.fields, declared(type_name)) for one in of_type)))
    of_sources = next(iter(accounts)) if len(accounts) == 1 else None
    objects = {
        type_name: [
            one._replace(
                account=one.account or _account(one.fields, declared(type_name), declared) or of_sources,
                region=one.region or _region(one.fields, declared(type_name), declared),
            )
            for one in of_type
        ]
        for type_name, of_type in inventory.objects.items()
    }
    return replace(inventory, objects=objects)


def _account(fields: Mapping[str, Any], kind: ObjectType, declared: Callable[[str], ObjectType]) -> str | None:
    for lookup in owner_lookups(kind):
        owner = fields.get(lookup.name)
        key = fields.get(lookup.key) or (owner.get("Id") if isinstance(owner, dict) else None)
        cloud = registry.cloud_of_type(lookup.target)
        may_be_account = registry.is_account_type(lookup.target) if cloud else kind.master is not None
        if may_be_account and isinstance(key, str) and registry.is_account(key, cloud):
            return key
    of_owners = (_account(owner, declared(lookup.target), declared) for lookup, owner in _owners(fields, kind))
    return next(filter(None, of_owners), None) or account_of_fields(fields, kind)


def _region(fields: Mapping[str, Any], kind: ObjectType, declared: Callable[[str], ObjectType]) -> str | None:
    of_owners = (_region(owner, declared(lookup.target), declared) for lookup, owner in _owners(fields, kind))
    return region_of_fields(fields, kind) or next(filter(None, of_owners), None)


def _owners(fields: Mapping[str, Any], kind: ObjectType) -> list[tuple[Lookup, Mapping[str, Any]]]:
    return [(one, owner) for one in owner_lookups(kind) if isinstance(owner := fields.get(one.name), dict)]
