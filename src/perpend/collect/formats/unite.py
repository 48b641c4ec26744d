"""Objects that files of formats hold in, each type and Id once out: what agrees is united, what does not is a contradiction.

Of what is dated, as items of AWS Config are, the newest counts. The order of files changes nothing but which goes first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.meaning.partly_known import PartlyKnown, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from perpend.ir.estate import EstateObject

    Dated = tuple[EstateObject, datetime | None]


def unite(readings: Iterable[Dated]) -> list[EstateObject]:
    """Return each Id once, in the order in which they are found first; objects of one type are expected."""
    groups: dict[str, list[Dated]] = {}
    for reading in readings:
        groups.setdefault(reading[0].id, []).append(reading)
    return [_one_of(_newest(group)) for group in groups.values()]


def _newest(group: list[Dated]) -> list[EstateObject]:
    """Return those that are not dated, and of those that are the newest."""
    last = max((time for _, time in group if time), default=None)
    return [reading for reading, time in group if time is None or time == last]


def _one_of(group: list[EstateObject]) -> EstateObject:
    united = group[0]
    rest = [reading for reading in [*united.variants, *group[1:]] if _text(reading.fields) != _text(united.fields)]
    variants: list[EstateObject] = []
    for other in rest:
        together = None if variants or united.variants else _together(united.fields, other.fields)
        if together is None:
            variants.append(other._replace(variants=()))
        else:
            united = united._replace(fields=together)
    return united._replace(variants=tuple(sorted(variants, key=lambda variant: _text(variant.fields))))


def _together(left: Mapping[str, Any], right: Mapping[str, Any]) -> PartlyKnown | None:
    """Return what two readings say together, None where they disagree."""
    if any(name in left and _text(left[name]) != _text(value) for name, value in right.items()):
        return None
    known = {**right, **left}
    reasons = {**reasons_of(right), **reasons_of(left)}
    return PartlyKnown(known, {name: reason for name, reason in reasons.items() if name not in known})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
