"""Where the sources of one object contradict each other, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.meaning.values import document_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.ir.estate import EstateObject

_MAX_NAMED: Final = 6


def contradiction(judged: EstateObject) -> str:
    """Return the sentence that says where an object's sources contradict each other."""
    readings = (judged, *judged.variants)
    places = ", ".join(f"{reading.origin.source}:{reading.origin.row}" for reading in readings[:_MAX_NAMED])
    names = sorted({name for reading in readings[1:] for name in _differences(judged.fields, reading.fields)})
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"sources contradict each other about {', '.join(names[:_MAX_NAMED])}{more} ({places})"


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
