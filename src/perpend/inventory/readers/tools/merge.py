"""Merge the objects of other tools' files into one per type and Id, and decide which claims on child lists are valid.

Readings that agree are merged, others contradict each other. Of dated readings, as in AWS Config, the newest counts. The
order of files only decides which reading comes first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perpend.core.clouds.aws import is_root_user
from perpend.core.objects.claims import Claims, Scope
from perpend.core.objects.object_types import is_deletion_field
from perpend.core.values.partial_object import PartialObject, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject

    Dated = tuple[CloudObject, datetime | None]
    from collections.abc import Iterator, Sequence

    from perpend.core.objects.claims import ListClaim
    from perpend.core.objects.inventory import CloudObject, Source
    from perpend.inventory.readers.tools.contents import Found


def unite(readings: Iterable[Dated], age: Callable[[CloudObject], Any]) -> list[CloudObject]:
    """Return each Id once, in the order of first occurrence. All objects must have one type.

    ``age`` is a sort key for readings: the source observed last is the greatest.
    """
    groups: dict[str, list[Dated]] = {}
    for reading in readings:
        groups.setdefault(reading[0].id, []).append(reading)
    return [_one_of(_newest(group), age) for group in groups.values()]


def _newest(group: list[Dated]) -> list[CloudObject]:
    """Return the readings without a date, and the newest of the others."""
    last = max((time for _, time in group if time), default=None)
    return [reading for reading, time in group if time is None or time == last]


def _one_of(group: list[CloudObject], age: Callable[[CloudObject], Any]) -> CloudObject:
    united, readings = group[0], [group[0]]
    variants: list[CloudObject] = []
    for other in [*united.variants, *group[1:]]:
        together = None if variants or united.variants else _together(united.fields, other.fields)
        if together is not None:
            united = united._replace(fields=together)
            readings.append(other)
        elif _text(other.fields) != _text(group[0].fields):
            variants.append(other._replace(variants=()))
    if variants:
        return united._replace(variants=tuple(sorted(variants, key=lambda variant: _text(variant.fields))))
    return united._replace(origin=_oldest(united.fields, readings, age).origin, variants=())


def _oldest(fields: Mapping[str, Any], readings: list[CloudObject], age: Callable[[CloudObject], Any]) -> CloudObject:
    """Return the reading as old as the oldest field. A field is as old as the newest reading that has it."""
    latest = (max((reading for reading in readings if name in reading.fields), key=age) for name in fields)
    return min(latest, key=age, default=readings[0])


def _together(left: Mapping[str, Any], right: Mapping[str, Any]) -> PartialObject | None:
    """Return the fields of two readings together, None if they disagree."""
    if any(name in left and _text(left[name]) != _text(value) for name, value in right.items()):
        return None
    # A reading without a deletion time has seen the object exist.
    if any(is_deletion_field(name) and (left.get(name) or None) != (right.get(name) or None) for name in {*left, *right}):
        return None
    known = {**right, **left}
    reasons = {**reasons_of(right), **reasons_of(left)}
    return PartialObject(known, {name: reason for name, reason in reasons.items() if name not in known})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def covers(scopes: Iterable[Scope], object_: CloudObject | Found) -> bool:
    """Whether one of some scopes covers an object."""
    return any(scope.covers(_scope_of(object_)) for scope in scopes)


def with_empty_list(dated: Dated, name: str) -> Dated:
    """Return an object with an empty list."""
    object_, seen_at = dated
    return object_._replace(fields=PartialObject({**object_.fields, name: []}, reasons_of(object_.fields))), seen_at


def uncontradicted(sources: Sequence[Source], objects: Mapping[str, Sequence[CloudObject]]) -> Iterator[Source]:
    """Yield sources without those claims on child lists that some object contradicts.

    A claim on all lists of a file is void if another input has an owner that does not state its list.
    """
    claims = Claims(tuple(claim for source in sources for claim in source.coverage))
    stands: dict[ListClaim, bool] = {}
    for claimed in {one for source in sources for one in source.list_claims}:
        left_open = _left_open(objects.get(claimed.owner, ()), claimed.relation)
        stands[claimed] = not claimed.is_open(claims) and not any(map(claimed.claim.scope.meets, left_open))
    for source in sources:
        lists = tuple(claimed for claimed in source.list_claims if stands[claimed])
        yield replace(source, coverage=(*source.coverage, *(one.claim for one in lists)), list_claims=lists)


def _left_open(owners: Iterable[CloudObject], relation: str) -> Iterator[Scope]:
    """Yield the scopes of objects that do not state a list. Root users never have child lists."""
    for owner in owners:
        if not is_root_user(owner.id) and any(relation not in reading.fields for reading in (owner, *owner.variants)):
            yield _scope_of(owner)


def _scope_of(object_: CloudObject | Found) -> Scope:
    account = object_.fields.get("CA10__account__c")
    return Scope(account if isinstance(account, str) and account else None)
