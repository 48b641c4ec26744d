"""Where a change can be made: every key of a row, of what is nested in it, and of the JSON documents in its texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.property.metamorphic.worlds import Fields, declared

_OF_A_LIST = {False: ("a text", 5, True, {}, "", [None], [5], [[]]), True: ("[]", 0, False, {"totalSize": 0}, " ", ["Id"])}
ODD: dict[str, tuple[Any, ...]] = {
    "text": (5, True, [], {}, ["a"], -1.5),
    "picklist": (5, True, [], {}, ["Active"]),
    "id": (5, True, [], {}),
    "masterDetail": (5, True, [], {}, ["a"]),
    "number": ("N/A", "", " ", "many", True, False, [], {}, "1,5", "-"),
    "checkbox": ("yes", "N/A", "", "-", 0, 1, [], {}, "no", " "),
    "datetime": ("N/A", "soon", "-", "0000-00-00", "null", "nan", 0, 1, False, True, [], {}, "none"),
    "json": ("", " ", "null", "0", '"text"', "{", "N/A", 5, True, [], "true"),
    "lookup": ("a text", "", 5, True, False, [], [{}], {"Id": 5}),
    "list": (*_OF_A_LIST[False], *_OF_A_LIST[True]),
    "inner": (5, -1, 1.5, [], {}, [[]], [None], "", " ", "maybe"),
}
"""Values that no field of a form holds: what an export, a spreadsheet or a tool that failed may leave there."""
DENIED: tuple[Any, ...] = (
    {"error": "AccessDenied"},
    {"Errors": [{"Code": "AccessDenied", "Message": "not authorized"}]},
    {"errorCode": "ThrottlingException"},
    {"message": "Rate exceeded", "status": 429},
)
"""What a call that was refused leaves in place of an answer. No two keys differ in case alone: no table takes both."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key of an object: where it hangs, what form it is declared to have. ``inside`` a document nothing is declared."""

    owner: Any
    key: Any
    form: str
    depth: int
    inside: bool = False

    @property
    def value(self) -> Any:
        return self.owner[self.key]

    def put(self, value: Any) -> None:
        self.owner[self.key] = value

    def remove(self) -> None:
        del self.owner[self.key]


def places_of(fields: Fields, type_name: str | None, depth: int = 0) -> Iterator[Place]:
    """Yield the keys of an object and of all that is nested in it, but its own Id."""
    known = declared(type_name or "")
    for name, value in fields.items():
        if name == "Id" and depth == 0:
            continue
        form = "list" if name in known.children else "lookup" if name in known.lookups else known.forms.get(name, "")
        yield Place(fields, name, form or ("list" if isinstance(value, list) else "open"), depth)
        if isinstance(value, dict):
            yield from places_of(value, known.lookups.get(name, ("", ""))[0], depth + 1)
        elif isinstance(value, list):
            child = known.children.get(name, ("", ""))[0]
            for item in value:
                if isinstance(item, dict):
                    yield from places_of(item, child, depth + 1)


def documents_of(fields: Fields, type_name: str | None) -> list[tuple[Place, Any]]:
    """Return the JSON documents in an object's texts, parsed."""
    found = []
    for place in places_of(fields, type_name):
        if isinstance(place.value, str) and place.value[:1] in ("{", "["):
            try:
                document = json.loads(place.value, object_pairs_hook=_without_repeats)
            except ValueError:
                continue
            found.append((place, document))
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> Fields:
    """Return an object, or raise where it repeats a key: written again it would be another document."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def places_within(document: Any, depth: int = 0) -> Iterator[Place]:
    """Yield the keys of the objects of a document."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield Place(document, key, "inner", depth, inside=True)
            yield from places_within(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from places_within(value, depth + 1)


def lists_within(document: Any) -> Iterator[list[Any]]:
    """Yield the lists of a document that hold objects."""
    if isinstance(document, list):
        if any(isinstance(one, dict) for one in document):
            yield document
        for value in document:
            yield from lists_within(value)
    elif isinstance(document, dict):
        for value in document.values():
            yield from lists_within(value)


def chosen(random: Random, found: list[Any]) -> Any:
    """Return one of several, None where there is none."""
    return random.choice(found) if found else None
