"""Mark stale data of an inventory in memory as not known: the reference for snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perpend.core.objects.inventory import CloudObject, Inventory
from perpend.core.values.partial_object import PartialObject, doubt_of, reasons_of
from perpend.evaluation.verdicts.staleness import Freshness, mark_stale_coverage


def mark_stale_inventory(inventory: Inventory, freshness: Freshness | None) -> Inventory:
    """Return an inventory in which stale data are not known."""
    stale = freshness.reasons(inventory.sources) if freshness else {}
    if not stale:
        return inventory
    by_name = {inventory.sources[number].name: reason for number, reason in stale.items()}
    sources = [
        replace(source, coverage=coverage)
        for source, coverage in zip(inventory.sources, mark_stale_coverage(inventory.sources, stale), strict=True)
    ]
    objects = {name: [_aged(object_, by_name) for object_ in of_type] for name, of_type in inventory.objects.items()}
    return replace(inventory, sources=tuple(sources), objects=objects)


def _aged(object_: CloudObject, stale: Mapping[str, str]) -> CloudObject:
    reason = stale.get(object_.origin.source)
    variants = tuple(_aged(variant, stale) for variant in object_.variants)
    fields = object_.fields
    if reason is not None:
        fields = PartialObject(fields, reasons_of(fields), doubt_of(fields) or reason)
    return object_._replace(fields=fields, variants=variants)
