"""Collect nested objects into one object per type and Id. Objects under declared relations move to their own type.

Readings of one object are merged if they agree, else the object is marked as contradicted.
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.inventory import is_filled, places_in_words
from perpend.core.objects.object_types import ObjectType
from perpend.core.objects.relations import NO_OWNER, NOT_LISTED, child_objects, lookup_target
from perpend.core.values.partial_object import PartialObject, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from perpend.core.objects.inventory import Origin
    from perpend.core.objects.object_types import Children, Lookup
    from perpend.inventory.importers.observation_order import Age

LISTED_OTHERWISE: Final = "is another list in another place of the data"
_MOST_NAMED: Final = 6


@dataclass(slots=True)
class Entry:
    """One object: its own fields, its source, and the reason if it is contradicted.

    ``whole``: it was imported itself, not nested in another object. ``listed`` has the declared child lists of the data, each
    with the identities of its objects. ``owners`` are the objects whose lists contain it, by the child's key. ``unfollowed``
    has the reasons why declared relations are unknown. ``seen`` are the sources of its fields, for an object merged from
    several readings: for each field the last source that had it; ``source`` is the oldest of them. ``cited``: it was only
    nested under lookups, which refer to an object but do not prove that it exists.
    """

    fields: dict[str, Any]
    source: int
    origin: Origin | None = None
    contradicted: str | None = None
    whole: bool = False
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    owners: dict[str, Entry] = field(default_factory=dict)
    unfollowed: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    cited: bool = False


@dataclass(slots=True)
class ObjectBatch:
    """The objects of one type: ``by_id``, ``same_id`` with the same Id and another owner, and those without an Id.

    ``lost`` are texts by field that some reading had, but not the entry. ``renamed`` maps the new Ids of rivals to the former
    ones. ``united``: some objects were merged from several readings that know different fields.
    """

    by_id: dict[str, Entry] = field(default_factory=dict)
    same_id: dict[str, list[Entry]] = field(default_factory=dict)
    nameless: list[Entry] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)
    united: bool = False

    def note_lost(self, entry_fields: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Record the texts of another reading that the entry does not keep."""
        for name, value in other.items():
            if is_filled(value) and name in entry_fields and entry_fields[name] != value:
                self.lost.setdefault(name, set()).add(value)

    def __iter__(self) -> Iterator[Entry]:
        yield from self.by_id.values()
        for same_id in self.same_id.values():
            yield from same_id
        yield from self.nameless


class Objects:
    """All objects of a run. ``declared`` returns the declaration of a type by its API name, None if there is none.

    ``age`` orders sources by number: the source observed last is the greatest.
    """

    def __init__(self, declared: Callable[[str], ObjectType | None], age: Callable[[int], Age]) -> None:
        self._age = age
        self.by_type: dict[str, ObjectBatch] = {}
        self._declared = declared

    def add(
        self,
        type_name: str,
        fields: Mapping[str, Any],
        *,
        source: int,
        origin: Origin | None = None,
        contradicted: str | None = None,
        others: Iterable[tuple[Mapping[str, Any], int, Origin]] = (),
    ) -> None:
        """Add an imported object and all objects nested in it.

        ``others`` are further readings with their sources, which contradict this one. Only their nested objects are added: they
        exist whichever reading is right.
        """
        entry = self._take(type_name, fields, Entry({}, source, origin, contradicted, whole=True))
        for other, number, place in others:
            self.pile(type_name).note_lost(fields, other)
            more = {name: value for name, value in other.items() if name not in fields or fields[name] != value}
            self._take_nested(type_name, {"Id": other.get("Id"), **more}, entry, Entry({}, number, place))

    def cite(self, type_name: str, fields: Mapping[str, Any], *, source: int, origin: Origin) -> None:
        """Add an object to which another one only refers by a lookup."""
        self._take(type_name, fields, Entry({}, source, origin, cited=True))

    def pile(self, type_name: str) -> ObjectBatch:
        """Return the batch of a type, to add objects to."""
        return self.by_type.setdefault(type_name, ObjectBatch())

    def _take_nested(self, type_name: str, fields: Mapping[str, Any], entry: Entry, reading: Entry) -> None:
        """Add the objects nested in another reading of an entry."""
        declared = self._declared(type_name)
        if declared is None:
            return
        for lookup in declared.lookups.values():
            if lookup.key and lookup.name in fields:
                self._take_lookup(reading, declared, fields, lookup)
        for children in declared.children.values():
            if children.key and children.name in fields:
                self._take_children(entry, declared, fields, children, reading)

    def _take(self, type_name: str, fields: Mapping[str, Any], entry: Entry) -> Entry:
        declared = self._declared(type_name)
        lookups = {one.name: one for one in declared.lookups.values() if one.key} if declared else {}
        children = {one.name: one for one in declared.children.values() if one.key} if declared else {}
        own = {name: value for name, value in fields.items() if name not in lookups and name not in children}
        entry.fields = PartialObject(own, fields.reasons) if isinstance(fields, PartialObject) else own
        deletion = (declared or ObjectType(type_name)).deletion_field
        if declared is None:
            return self._placed(self.pile(type_name), entry, deletion)
        for name in (field_name for field_name in fields if field_name in lookups):
            self._take_lookup(entry, declared, fields, lookups[name])
        entry = self._placed(self.pile(type_name), entry, deletion)
        for name in (field_name for field_name in fields if field_name in children):
            self._take_children(entry, declared, fields, children[name])
        return entry

    def _take_lookup(self, entry: Entry, declared: ObjectType, fields: Mapping[str, Any], lookup: Lookup) -> None:
        target, reason = lookup_target(declared, fields, lookup.name, complete=False)
        if target is None and reason is None:
            self.pile(lookup.target)
        if reason is not None:
            entry.unfollowed[lookup.name] = reason
        elif lookup.key not in fields:
            entry.fields[lookup.key] = target["Id"] if target else None
        if target is not None:
            self._take(lookup.target, target, Entry({}, entry.source, entry.origin, cited=True))

    def _take_children(
        self,
        entry: Entry,
        declared: ObjectType,
        fields: Mapping[str, Any],
        children: Children,
        reading: Entry | None = None,
    ) -> None:
        """Add a child list of an entry. Its objects are observed by the source of ``reading``, else by the entry's."""
        reading = reading or entry
        items, reason = child_objects(declared, fields, children.name, complete=False)
        if reason is not None:
            entry.unfollowed[children.name] = reason
        if reason == NOT_LISTED:
            return
        identities = tuple(sorted(map(_identity, items)))
        if entry.listed.setdefault(children.name, identities) != identities:
            entry.unfollowed[children.name] = LISTED_OTHERWISE
        self.pile(children.type_name)
        owner = fields.get("Id")
        for item in items if reason != NO_OWNER else ():
            child = item if children.key in item else {**item, children.key: owner}
            owners = {children.key: entry} if child[children.key] == owner else {}
            self._take(children.type_name, child, Entry({}, reading.source, reading.origin, owners=owners))

    def _placed(self, pile: ObjectBatch, entry: Entry, deletion: str | None) -> Entry:
        """Add an object to its batch; return the entry that represents it there."""
        identity = entry.fields.get("Id")
        if not is_filled(identity):
            if not isinstance(identity, str | None):
                del entry.fields["Id"]
            pile.nameless.append(entry)
            return entry
        first = pile.by_id.setdefault(identity, entry)
        if first is entry:
            return entry
        same_id = pile.same_id.get(identity, [])
        same = next((reading for reading in (first, *same_id) if _may_be_same(reading, entry)), None)
        if same is None:
            pile.same_id[identity] = [*same_id, entry]
            return entry
        pile.note_lost(same.fields, entry.fields)
        pile.united = pile.united or same.fields.keys() != entry.fields.keys()
        _unite(same, entry, self._age, deletion)
        return same

    def tell_apart(self) -> None:
        """Give nested objects that share an Id under different owners a unique Id, prefixed with the owner's, and update keys.

        Objects that were imported themselves keep their Ids.
        """
        nested: dict[int, tuple[ObjectBatch, Entry]] = {}
        for pile in self.by_type.values():
            for identity, same_id in pile.same_id.items():
                parts = [reading for reading in (pile.by_id[identity], *same_id) if not reading.whole and reading.owners]
                nested |= {id(part): (pile, part) for part in parts}
        called = {number: _long_id(entry, nested, frozenset()) for number, (_, entry) in nested.items()}
        for number, (pile, entry) in nested.items():
            pile.renamed[called[number]] = entry.fields["Id"]
            entry.fields["Id"] = called[number]
        for entry in (entry for pile in self.by_type.values() for entry in pile) if called else ():
            for key, owner in entry.owners.items():
                entry.fields[key] = called.get(id(owner), entry.fields[key])


def _long_id(entry: Entry, nested: Mapping[int, tuple[ObjectBatch, Entry]], seen: frozenset[int]) -> str:
    """Return an Id prefixed with the owner's Id, which has its own owner's prefix if it needs one."""
    owner = entry.owners[min(entry.owners)]
    longer = id(owner) in nested and id(owner) not in seen
    above = _long_id(owner, nested, seen | {id(owner)}) if longer else owner.fields["Id"]
    return f"{above}/{entry.fields['Id']}"


def _may_be_same(first: Entry, other: Entry) -> bool:
    """Whether two readings of one Id may be of one object: no key has different owners."""
    for key in first.owners.keys() | other.owners.keys():
        here, there = first.owners.get(key), other.owners.get(key)
        if here and there and here is not there:
            return False
        owner, bare = (here, other) if here else (there, first)
        named = bare.fields.get(key)
        if owner and not (here and there) and is_filled(named) and named != owner.fields["Id"]:
            return False
    return True


def _identity(item: Mapping[str, Any]) -> str:
    """Return the identity of an object within a list: its Id, or all of its content."""
    identity = item.get("Id")
    return identity if is_filled(identity) else json.dumps(item, sort_keys=True)


def _unite(first: Entry, other: Entry, age: Callable[[int], Age], deletion: str | None) -> None:
    """Merge another reading into an object, and record the fields about which they disagree."""
    clashes = [deletion] if deletion and (_says_gone(first, other, deletion) or _says_gone(other, first, deletion)) else []
    first.seen = first.seen or dict.fromkeys(first.fields, first.source)
    for name, value in other.fields.items():
        if name not in first.fields:
            first.fields[name] = value
            first.seen[name] = other.source
        elif _same(first.fields[name], value):
            first.seen[name] = max(first.seen[name], other.source, key=age)
        else:
            clashes.append(name)
    if isinstance(other.fields, PartialObject):
        first.fields = PartialObject(first.fields, {**other.fields.reasons, **reasons_of(first.fields)})
    first.source = min(first.seen.values(), key=age)
    first.whole = first.whole or other.whole
    first.cited = first.cited and other.cited
    first.owners = {**other.owners, **first.owners}
    first.unfollowed = {**other.unfollowed, **first.unfollowed}
    first.contradicted = first.contradicted or other.contradicted
    if clashes and first.contradicted is None:
        first.contradicted = _contradiction(sorted(clashes), first, other)


def _says_gone(reading: Entry, other: Entry, deletion: str) -> bool:
    """Whether one reading marks the object as deleted, and another lists it without a deletion time."""
    is_gone = reading.fields.get(deletion) not in (None, "")
    return is_gone and not other.cited and deletion not in other.fields and deletion not in reasons_of(other.fields)


def _contradiction(names: list[str], first: Entry, other: Entry) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    origins = [reading.origin for reading in (first, other) if reading.origin]
    places = places_in_words(dict.fromkeys(origins))
    return f"sources contradict each other about {', '.join(names[:_MOST_NAMED])}{more}{f' ({places})' if places else ''}"


def _same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: ``1`` equals ``1.0``, but not ``true``."""
    if left is right:
        return True
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right or (left != left and right != right))
