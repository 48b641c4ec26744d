"""What an object says twice and not alike: a change that takes one of two such statements away may make known what was not.

Nothing else is taken for two statements of one thing than:

- the key of a lookup, and the object under it: null and an Id among them;
- the key by which a child names its owner, and the object that lists the child;
- a field of two readings that stand within one object: of one Id, each with the field; a whole reading goes with what holds it;
- a policy document that is no text, and the extended one beside it, which tells alone who gets in;
- a policy document that is empty, and an extended one that is not;
- the number of an account, and the account's report (``reported``).

What one of them lacks is no statement of it, and what was INCOMPLIANT may not pass whatever was taken away.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.property.metamorphic.worlds import ACCOUNT, Fields, declared

_DOCUMENT, _EXTENDED = "CA10__policyDocument__c", "CA10__policyDocumentExt__c"
_NUMBER = "CA10__accountId__c"


class Contradiction(NamedTuple):
    """Where two statements stand, and under which names they do: who changes what is under no other name settles nothing."""

    where: tuple[str, ...]
    names: frozenset[str]


def settled(before: frozenset[Contradiction], after: frozenset[Contradiction], said: str) -> bool:
    """Whether a change took away one of two statements. What is ``said`` of it begins with the name under which it was made."""
    name = re.split(r"[\s:\[]", said)[0]
    return any(name in one.names for one in before - after)


def contradictions(fields: Fields, type_name: str | None, *, reported: bool = False) -> frozenset[Contradiction]:
    """Return what an object, and all that is nested in it, says twice and not alike."""
    found = {*_within(fields, type_name, ()), *_of_readings(fields)}
    if reported and type_name == ACCOUNT and fields.get(_NUMBER, fields.get("Id")) != fields.get("Id"):
        found.add(Contradiction((), frozenset({_NUMBER})))
    return frozenset(found)


def _within(fields: Fields, type_name: str | None, path: tuple[str, ...]) -> Iterator[Contradiction]:
    known = declared(type_name or "")
    if fields.get(_EXTENDED) is not None and not isinstance(fields.get(_DOCUMENT, ""), str | None):
        yield Contradiction(path, frozenset({_DOCUMENT}))
    if _is_blank(fields.get(_DOCUMENT, "not stated")) and not _is_blank(fields.get(_EXTENDED)):
        yield Contradiction(path, frozenset({_DOCUMENT, _EXTENDED}))
    for name, (target, key) in known.lookups.items():
        value = fields.get(name, "")
        if key in fields and isinstance(value, dict | None) and (value or {}).get("Id") != (fields[key] or None):
            yield Contradiction(path, frozenset({name, key, "Id"}))
        if isinstance(value, dict):
            yield from _within(value, target, (*path, name))
    for name, (child, key) in known.children.items():
        items = fields.get(name)
        for place, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                if item.get(key, fields.get("Id")) != fields.get("Id"):
                    yield Contradiction((*path, name, str(place)), frozenset({key, "Id"}))
                yield from _within(item, child, (*path, name, str(place)))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _of_readings(fields: Fields) -> Iterator[Contradiction]:
    said: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    held_by: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one, holders in _readings(fields, ()):
        if isinstance(identity := one.get("Id"), str):
            for name, value in one.items():
                said[identity, name].add(json.dumps(value, sort_keys=True))
                held_by[identity, name].update(holders)
    for place, values in said.items():
        if len(values) > 1:
            yield Contradiction(place, frozenset({place[1], "Id", *held_by[place]}))


def _readings(value: Any, holders: tuple[str, ...]) -> Iterator[tuple[Fields, tuple[str, ...]]]:
    """Yield the objects in a value, each with the names under which it is held: who takes these away takes the reading.

    A list that holds something else as well is not known, and none of its objects is read.
    """
    if isinstance(value, dict):
        yield value, holders
        for name, inner in value.items():
            yield from _readings(inner, (*holders, name))
    elif isinstance(value, list) and all(isinstance(inner, dict) for inner in value):
        for inner in value:
            yield from _readings(inner, holders)
