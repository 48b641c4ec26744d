"""Changes of one object. Each takes a copy that it may change, and returns it, or None where it has no place there.

A change states no fact: no value that its form allows is put where another stood, nothing is said to be complete or gone.
What would state one nevertheless is left out, each by a function or a set that says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.left_out import LEFT_OUT
from tests.property.metamorphic.places import (
    DENIED,
    ODD,
    Place,
    chosen,
    documents_of,
    lists_within,
    places_of,
    places_within,
)
from tests.property.metamorphic.worlds import Fields, declared, objects_within

Apply = Callable[[Fields, str | None, Random], str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change to one object. ``apply`` says where it was made, None where it found no place.

    ``universal``: it states no fact in any repository, not only where policies are as strict as the library's. ``mends``:
    it may take away just what made a document odd, so that only what was INCOMPLIANT is compared. ``alone``: no store may
    take it, and nothing would be judged of what else was changed.
    """

    name: str
    apply: Apply
    universal: bool = False
    mends: bool = False
    alone: bool = False


def _remove(fields: Fields, type_name: str | None, random: Random) -> str | None:
    found = [one for one in places_of(fields, type_name) if not _says_that_it_exists(one) and not _says_where_it_leads(one)]
    place = chosen(random, found)
    return _done(place, lambda: place.remove())


def _null(fields: Fields, type_name: str | None, random: Random) -> str | None:
    found = [one for one in places_of(fields, type_name) if not _says_by_null(one)]
    place = chosen(random, found)
    return _done(place, lambda: place.put(None))


def tells_existence(name: str) -> bool:
    """Whether nothing is a fact under a name: what is listed and has no deletion time exists, as the language has it."""
    return name.casefold().endswith(("disappearancetime__c", "deletedat__c"))


def _says_that_it_exists(place: Place) -> bool:
    return tells_existence(str(place.key))


def _says_where_it_leads(place: Place) -> bool:
    """Whether the place is the Id of an object inside: the language takes one without for an object that is not there."""
    return place.key == "Id" and place.depth > 0


_NOTHING_IS_A_FACT = LEFT_OUT | {
    "CA10__policyDocument__c",
    "CA10__advancedEventSelectorsJson__c",
    *("CA10__fromPort__c", "CA10__toPort__c"),
}
"""Fields that are empty where there is nothing: a policy, a selector, one of two ports where the other says enough."""


def _says_by_nothing(place: Place) -> bool:
    return _says_that_it_exists(place) or _says_where_it_leads(place) or place.key in _NOTHING_IS_A_FACT


def _says_by_null(place: Place) -> bool:
    """Whether null is a fact here: in the language a list that is null is empty, and a lookup leads nowhere."""
    return _says_by_nothing(place) or place.form in ("list", "lookup")


def belongs_to_none(key: str, form: str | None) -> bool:
    """Whether a key that is blank is a fact: one of a lookup, not of a master, which each row must have."""
    return form == "lookup" and key.endswith("__c")


def _says_by_blank(place: Place) -> bool:
    return _says_by_nothing(place) or belongs_to_none(str(place.key), place.form)


def _blank(fields: Fields, type_name: str | None, random: Random) -> str | None:
    place = chosen(random, [one for one in places_of(fields, type_name) if not _says_by_blank(one)])
    return _done(place, lambda: place.put(random.choice(("", " ", "\t", "\u00a0"))))


def _odd(fields: Fields, type_name: str | None, random: Random) -> str | None:
    found = [one for one in places_of(fields, type_name) if one.form in ODD]
    place = chosen(random, found)
    return _done(
        place,
        lambda: place.put(random.choice([one for one in ODD[place.form] if str(one).strip() or not _says_by_nothing(place)])),
    )


def _gone(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Put what is no time, a time to come, or one that nobody has set into a deletion field."""
    found = [one for one in places_of(fields, type_name) if str(one.key).endswith("disappearanceTime__c")]
    place = chosen(random, [one for one in found if one.value is None])
    times = ("2099-01-01", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z")
    return _done(place, lambda: place.put(random.choice((*ODD["datetime"], *times))))


def _deny(fields: Fields, type_name: str | None, random: Random) -> str | None:
    found = [one for one in places_of(fields, type_name) if not _says_that_it_exists(one)]
    place = chosen(random, found)
    answer = random.choice(DENIED)
    value = json.dumps(answer) if place and place.form == "json" else answer
    return _done(place, lambda: place.put([value] if place.form == "list" and random.random() < 0.7 else value))


def _deny_child(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Add to a list what a refused call, or a tool that knew nothing, leaves."""
    found = [one for one in places_of(fields, type_name) if one.form == "list" and isinstance(one.value, list)]
    place = chosen(random, found)
    return _done(place, lambda: place.put([*place.value, random.choice((*DENIED, {}, None, [], "", {"Id": None}))]))


def _repeat_child(fields: Fields, type_name: str | None, random: Random) -> str | None:
    found = [one for one in places_of(fields, type_name) if isinstance(one.value, list) and one.value]
    place = chosen(random, found)
    return _done(place, lambda: place.put([*place.value, random.choice(place.value)]))


def _contradict_child(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Add a second reading of a child that lacks or denies what the first says."""
    found = [one for one in places_of(fields, type_name) if isinstance(one.value, list) and one.value]
    place = chosen(random, found)
    if place is None or not isinstance(place.value[0], dict):
        return None
    other = json.loads(json.dumps(random.choice(place.value)))
    inner = chosen(random, [one for one in places_of(other, None) if one.depth == 0 and not _says_that_it_exists(one)])
    if inner is None:
        return None
    inner.put(random.choice((None, "", 5, DENIED[0], "2001-01-01T00:00:00Z")))
    place.put([*place.value, other])
    return f"{place.key}[].{inner.key}"


def _foreign(fields: Fields, type_name: str | None, random: Random) -> str | None:
    place = chosen(random, list(places_of(fields, type_name)))
    owner = place.owner if place else fields
    name = random.choice(("CA10__unheardOf__c", "CA10__unheardOf__r", "CA10__Unheard_Ofs__r", "note", "", "Id "))
    owner[name] = random.choice((None, "x", 5, {}, [], [{"Id": "z"}], {"Id": "z"}))
    return name


RESERVED = ("perpend_contradicted", "perpend_row", "perpend_source", "perpend_owner")


def _reserved(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Add a column that is called as tables call their own, in any spelling."""
    names = list(fields)
    suffix = random.choice(("#unread", "#unfollowed", "#plain", "#cache"))
    name = random.choice((*RESERVED, f"{random.choice(names)}{suffix}"))
    known = declared(type_name or "")
    if known.children and random.random() < 0.5:
        name = f"{random.choice(list(known.children))}#unfollowed"
    name = "".join(random.choice((sign.upper(), sign)) for sign in name) if random.random() < 0.6 else name
    fields[name] = random.choice((None, "", "x", 0, True))
    return name


def _in_document(fields: Fields, type_name: str | None, random: Random, apply: Callable[[Any], str | None]) -> str | None:
    found = chosen(random, documents_of(fields, type_name))
    if found is None:
        return None
    place, document = found
    where = apply(document)
    if where is None:
        return None
    place.put(json.dumps(document))
    return f"{place.key}: {where}"


def _inner_remove(fields: Fields, type_name: str | None, random: Random) -> str | None:
    def apply(document: Any) -> str | None:
        place = chosen(random, [one for one in places_within(document) if one.key not in _MAY_BE_LEFT_OUT])
        return _done(place, lambda: place.remove())

    return _in_document(fields, type_name, random, apply)


_MAY_BE_LEFT_OUT = frozenset(
    {
        *("additional_credentials_info", "Condition", "Sid", "Version", "Id", "ExcludeManagementEventSources"),
        *("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"),
    }
)
"""Keys whose absence is a fact of their format, and so is null or nothing in them.

Older reports do not have the column, a statement need have no condition, and AWS leaves out what does not narrow a selector.
"""


_MAY_BE_EMPTY = frozenset({"restore"})
"""Keys whose list is empty where there is nobody: an empty one states that, and only null or another form of it is odd."""


def _inner_odd(fields: Fields, type_name: str | None, random: Random) -> str | None:
    def apply(document: Any) -> str | None:
        place = chosen(random, [one for one in places_within(document) if one.key not in _MAY_BE_LEFT_OUT])
        if place is None:
            return None
        odd = [one for one in ODD["inner"] if not (one == [] and place.key in _MAY_BE_EMPTY)]
        return _done(place, lambda: place.put(random.choice((None, *odd, *DENIED))))

    return _in_document(fields, type_name, random, apply)


def _inner_member(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Add to an object of a document a member that nobody knows, or one that differs from another in case."""

    def apply(document: Any) -> str | None:
        one = chosen(random, [one for one in objects_within(document) if one])
        if one is None:
            return None
        key = random.choice(list(one))
        name = random.choice((key.swapcase(), f"Not{key}", "UnheardOf", f" {key}"))
        if name in one:
            return None
        one[name] = random.choice((one[key], None, [], "x", False, True, "true", "false"))
        return f"{name} beside {key}"

    return _in_document(fields, type_name, random, apply)


def _inner_item(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Add to a list of a document something that says nothing."""

    def apply(document: Any) -> str | None:
        one = chosen(random, list(lists_within(document)))
        if one is None:
            return None
        one.insert(random.randint(0, len(one)), random.choice((None, {}, [], "", 5, *DENIED)))
        return "a member that says nothing"

    return _in_document(fields, type_name, random, apply)


def _inner_repeat(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Write a key of a document twice, once with another value."""
    found = chosen(
        random, [(place, value) for place, value in documents_of(fields, type_name) if isinstance(value, dict) and value]
    )
    if found is None:
        return None
    place, document = found
    key = random.choice(list(document))
    texts = [{"true": "false", "false": "true"}.get(document[key], "N/A")] if isinstance(document[key], str) else []
    other = random.choice([*texts, None, [], {}])
    first = json.dumps(document)[1:-1]
    second = f"{json.dumps(key)}: {json.dumps(other)}"
    place.put(f"{{{first}, {second}}}" if random.random() < 0.5 else f"{{{second}, {first}}}")
    return f"{place.key}: {key} twice"


def _cut_document(fields: Fields, type_name: str | None, random: Random) -> str | None:
    """Cut a document off, as a column of a database does that is too short for it."""
    found = chosen(random, documents_of(fields, type_name))
    if found is None or len(found[0].value) < 3:
        return None
    place = found[0]
    place.put(place.value[: random.randint(1, len(place.value) - 1)])
    return str(place.key)


def _done(place: Place | None, act: Callable[[], None]) -> str | None:
    if place is None:
        return None
    act()
    return f"{place.key}{' inside' if place.inside else ''} at depth {place.depth}"


OBJECT_CHANGES = (
    Change("a key removed", _remove, universal=True),
    Change("a value nulled", _null),
    Change("a value blanked", _blank),
    Change("a value of an odd form", _odd),
    Change("an odd or future deletion time", _gone),
    Change("an error in place of a value", _deny),
    Change("an error or nothing among children", _deny_child),
    Change("a child repeated", _repeat_child),
    Change("a child that contradicts another", _contradict_child),
    Change("a field that nobody knows", _foreign, alone=True),
    Change("a reserved name", _reserved, universal=True, alone=True),
    Change("a key of a document removed", _inner_remove, mends=True),
    Change("an odd value in a document", _inner_odd, mends=True),
    Change("an unknown member in a document", _inner_member),
    Change("a member of a document that says nothing", _inner_item),
    Change("a key of a document twice", _inner_repeat, universal=True),
    Change("a document cut off", _cut_document),
)
