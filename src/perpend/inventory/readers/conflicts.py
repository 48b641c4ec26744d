"""Describe how the sources of one object contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.inventory import places_in_words
from perpend.core.values.values import document_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject, Origin

CONTRADICT: Final = "sources contradict each other about "
"""What a sentence about a contradiction begins with."""

PLACES: Final = " ("
"""The text between the contradicted values and the places of the sources."""

MOST_NAMED: Final = 6
"""How many names, and how many places, a sentence about a contradiction lists."""


def contradiction(object_: CloudObject) -> str:
    """Return a sentence about how an object's sources contradict each other."""
    readings = (object_, *object_.variants)
    names = {name for reading in readings[1:] for name in _differences(object_.fields, reading.fields)}
    return sentence(names, [reading.origin for reading in readings])


def sentence(names: Iterable[str], places: Sequence[Origin]) -> str:
    """Return a sentence about readings at some places that differ in some names."""
    listed = sorted(names)
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return f"{CONTRADICT}{', '.join(listed[:MOST_NAMED])}{more}{PLACES}{places_in_words(places[:MOST_NAMED])})"


def parted(text: str) -> tuple[str, str | None]:
    """Split a sentence into the part that several objects share, and the part about one object's sources."""
    what, _, where = text.partition(PLACES)
    return (what, where.removesuffix(")")) if text.startswith(CONTRADICT) and where else (text, None)


def _differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> set[str]:
    """Return the names in which two readings differ; of JSON texts, the keys inside."""
    differing: set[str] = set()
    for name in left.keys() | right.keys():
        if left.get(name) == right.get(name):
            continue
        ours, theirs = document_of(left.get(name)), document_of(right.get(name))
        if isinstance(ours, dict) and isinstance(theirs, dict):
            differing |= {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
        else:
            differing.add(name)
    return differing
