"""Nested objects in, one object per type and Id out: what is nested under declared relations stands in its own type.

Readings of one object are united where they agree; where they do not, the object says so. Refuses to know files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.ir.estate import is_filled
from perpend.ir.relations import NO_OWNER, NOT_LISTED, children_of, lookup_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perpend.ir.estate import Origin
    from perpend.ir.object_types import Children, Lookup, ObjectType

_MOST_NAMED: Final = 6


@dataclass(slots=True)
class Entry:
    """One object: its own fields, where it was read, why it is not to be believed.

    ``listed`` are the declared child lists that the data had, ``unfollowed`` says of declared relations why it is not
    known where they lead.
    """

    fields: dict[str, Any]
    source: int
    origin: Origin | None = None
    contradicted: str | None = None
    listed: set[str] = field(default_factory=set)
    unfollowed: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Pile:
    """The objects of one type: those with an Id, and those without. ``whole``: they were imported as such.

    ``lost`` are the texts by field that a reading of an object had and its entry has not, since it has another one.
    """

    by_id: dict[str, Entry] = field(default_factory=dict)
    nameless: list[Entry] = field(default_factory=list)
    whole: bool = False
    lost: dict[str, set[str]] = field(default_factory=dict)

    def note_lost(self, kept: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Note the texts of another reading that are not among those that are kept."""
        for name, value in other.items():
            if is_filled(value) and name in kept and kept[name] != value:
                self.lost.setdefault(name, set()).add(value)

    def __iter__(self) -> Iterator[Entry]:
        yield from self.by_id.values()
        yield from self.nameless

    def __len__(self) -> int:
        return len(self.by_id) + len(self.nameless)


class Objects:
    """All objects of a run. ``declared`` gives what is declared of a type by its API name, None where nothing is."""

    def __init__(self, declared: Callable[[str], ObjectType | None]) -> None:
        self.by_type: dict[str, Pile] = {}
        self._declared = declared

    def add(
        self,
        type_name: str,
        fields: Mapping[str, Any],
        *,
        source: int,
        origin: Origin | None = None,
        contradicted: str | None = None,
    ) -> None:
        """Take in an object that was imported as such, and all that is nested in it."""
        self.pile(type_name).whole = True
        self._take(type_name, fields, Entry({}, source, origin, contradicted))

    def pile(self, type_name: str) -> Pile:
        """Return the objects of a type, to be added to."""
        return self.by_type.setdefault(type_name, Pile())

    def _take(self, type_name: str, fields: Mapping[str, Any], entry: Entry) -> None:
        declared = self._declared(type_name)
        lookups = {one.name: one for one in declared.lookups.values() if one.key} if declared else {}
        children = {one.name: one for one in declared.children.values() if one.key} if declared else {}
        entry.fields = {name: value for name, value in fields.items() if name not in lookups and name not in children}
        if declared is None:
            self._place(self.pile(type_name), entry)
            return
        for name in (one for one in fields if one in lookups):
            self._take_lookup(entry, declared, fields, lookups[name])
        for name in (one for one in fields if one in children):
            self._take_children(entry, declared, fields, children[name])
        self._place(self.pile(type_name), entry)

    def _take_lookup(self, entry: Entry, declared: ObjectType, fields: Mapping[str, Any], lookup: Lookup) -> None:
        target, reason = lookup_target(declared, fields, lookup.name, complete=False)
        if target is None and reason is None:
            self.pile(lookup.target)
        if reason is not None:
            entry.unfollowed[lookup.name] = reason
        elif lookup.key not in fields:
            entry.fields[lookup.key] = target["Id"] if target else None
        if target is not None:
            self._take(lookup.target, target, Entry({}, entry.source, entry.origin))

    def _take_children(self, entry: Entry, declared: ObjectType, fields: Mapping[str, Any], children: Children) -> None:
        items, reason = children_of(declared, fields, children.name, complete=False)
        if reason is not None:
            entry.unfollowed[children.name] = reason
        if reason == NOT_LISTED:
            return
        entry.listed.add(children.name)
        self.pile(children.type_name)
        for item in items if reason != NO_OWNER else ():
            child = item if children.key in item else {**item, children.key: fields["Id"]}
            self._take(children.type_name, child, Entry({}, entry.source, entry.origin))

    def _place(self, pile: Pile, entry: Entry) -> None:
        identity = entry.fields.get("Id")
        if not is_filled(identity):
            if not isinstance(identity, str | None):
                del entry.fields["Id"]
            pile.nameless.append(entry)
            return
        first = pile.by_id.setdefault(identity, entry)
        if first is not entry:
            pile.note_lost(first.fields, entry.fields)
            _unite(first, entry)


def _unite(first: Entry, other: Entry) -> None:
    """Add to an object what another reading of it says more; note what the two disagree about."""
    clashes = []
    for name, value in other.fields.items():
        if name not in first.fields:
            first.fields[name] = value
        elif not _same(first.fields[name], value):
            clashes.append(name)
    first.listed |= other.listed
    first.unfollowed = {**other.unfollowed, **first.unfollowed}
    first.contradicted = first.contradicted or other.contradicted
    if clashes and first.contradicted is None:
        first.contradicted = _contradiction(sorted(clashes), first, other)


def _contradiction(names: list[str], first: Entry, other: Entry) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    origins = [one.origin for one in (first, other) if one.origin]
    places = ", ".join(dict.fromkeys(f"{one.source}:{one.row}" if one.row else one.source for one in origins))
    return f"sources contradict each other about {', '.join(names[:_MOST_NAMED])}{more}{f' ({places})' if places else ''}"


def _same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same: ``1`` is ``1.0`` but not ``true``."""
    if left is right:
        return True
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right or (left != left and right != right))
