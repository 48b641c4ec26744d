"""Objects with their child lists in, claims on what is in these lists out: they stand where all objects state their own.

Whoever holds an object of a type elsewhere, without its list, speaks against the claim of a file to hold all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.objects.claims import Claims, Scope
from perpend.core.objects.inventory import is_root
from perpend.core.values.partial_object import PartialObject, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.claims import ListClaim
    from perpend.core.objects.inventory import CloudObject, Source
    from perpend.inventory.readers.tools.merge import Dated


def covers(scopes: Iterable[Scope], object_: CloudObject) -> bool:
    """Whether an object lies within one of some scopes."""
    return any(scope.covers(_scope_of(object_)) for scope in scopes)


def with_empty_list(dated: Dated, name: str) -> Dated:
    """Return an object with a list in which nothing is."""
    object_, seen_at = dated
    return object_._replace(fields=PartialObject({**object_.fields, name: []}, reasons_of(object_.fields))), seen_at


def standing(sources: Sequence[Source], objects: Mapping[str, Sequence[CloudObject]]) -> Iterator[Source]:
    """Yield sources with those of their claims on lists that no object speaks against."""
    claims = Claims(tuple(claim for source in sources for claim in source.coverage))
    stands: dict[ListClaim, bool] = {}
    for claimed in {one for source in sources for one in source.list_claims}:
        left_open = _left_open(objects.get(claimed.owner, ()), claimed.relation)
        stands[claimed] = not claimed.is_open(claims) and not any(map(claimed.claim.scope.meets, left_open))
    for source in sources:
        lists = tuple(claimed for claimed in source.list_claims if stands[claimed])
        yield replace(source, coverage=(*source.coverage, *(one.claim for one in lists)), list_claims=lists)


def _left_open(owners: Iterable[CloudObject], relation: str) -> Iterator[Scope]:
    """Yield the scopes of the objects that do not state a list. A root user has none of what users list."""
    for owner in owners:
        if not is_root(owner.id) and any(relation not in reading.fields for reading in (owner, *owner.variants)):
            yield _scope_of(owner)


def _scope_of(object_: CloudObject) -> Scope:
    account = object_.fields.get("CA10__account__c")
    return Scope(account if isinstance(account, str) and account else None)
