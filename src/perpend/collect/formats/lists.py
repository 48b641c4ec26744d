"""Objects with their child lists in, claims on what is in these lists out: they stand where each object states its own.

Whoever holds an object of a type elsewhere, without its list, speaks against the claim of a file to hold all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.ir.coverage import Scope
from perpend.ir.estate import is_root
from perpend.meaning.partly_known import PartlyKnown, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.collect.formats.unite import Dated
    from perpend.ir.estate import EstateObject, Source


def covers(scopes: Iterable[Scope], object_: EstateObject) -> bool:
    """Whether an object lies within one of some scopes."""
    return any(scope.covers(_scope_of(object_)) for scope in scopes)


def with_empty_list(dated: Dated, name: str) -> Dated:
    """Return an object with a list in which nothing is."""
    object_, seen_at = dated
    return object_._replace(fields=PartlyKnown({**object_.fields, name: []}, reasons_of(object_.fields))), seen_at


def standing(sources: Iterable[Source], objects: Mapping[str, Sequence[EstateObject]]) -> Iterator[Source]:
    """Yield sources with those of their claims on lists that no object speaks against."""
    left_open: dict[tuple[str, str], set[Scope]] = {}
    for source in sources:
        lists = []
        for claimed in source.list_claims:
            where = claimed.owner, claimed.relation
            if where not in left_open:
                left_open[where] = set(_left_open(objects.get(claimed.owner, ()), claimed.relation))
            if not any(claimed.claim.scope.meets(scope) for scope in left_open[where]):
                lists.append(claimed)
        coverage = (*source.coverage, *(claimed.claim for claimed in lists))
        yield replace(source, coverage=coverage, list_claims=tuple(lists)) if source.list_claims else source


def _left_open(owners: Iterable[EstateObject], relation: str) -> Iterator[Scope]:
    """Yield the scopes of the objects that do not state a list. A root user has none of what users list."""
    for owner in owners:
        if not is_root(owner.id) and any(relation not in reading.fields for reading in (owner, *owner.variants)):
            yield _scope_of(owner)


def _scope_of(object_: EstateObject) -> Scope:
    account = object_.fields.get("CA10__account__c")
    return Scope(account if isinstance(account, str) and account else None)
