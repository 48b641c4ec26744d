"""An object in, where its values stand and how they read out: paths through lookups and lists, keys inside documents."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.core.values.partial_object import MISSING, reason_of
from perpend.core.values.types import ValueType
from perpend.core.values.values import document_of, iso_from_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.inventory import CloudObject

NOT_COLLECTED: Final = "not collected"
"""How a field reads that an object does not have."""

NOT_KNOWN: Final = "not known"
"""How a field reads of which a reason says why it is not known, with a colon before the reason."""

LONGEST_QUERY: Final = 60
"""How many characters of a query tell a reader what it asks for; a longer one says less than the field that it asks."""

_STEP: Final = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """Where a value was read: the source and row of the object, the field, the key (column) inside it, the extract."""

    source: str
    row: int | None
    field: str
    column: str | None = None
    extract: str | None = None


def place_of(judged: CloudObject, field: str, *, column: str | None = None, extract: str | None = None) -> ReadPlace:
    """Return the place of a field of an object, or of a key inside it."""
    return ReadPlace(judged.origin.source, judged.origin.row, field, column, extract)


def text_at(fields: Mapping[str, Any], path: str, key: str | None = None, *, complete: bool = False) -> str:
    """Return how the value at a path, or under a key of the document there, reads.

    What an object does not have was not collected, unless it is ``complete``: then it is null.
    """
    value, unknown = _value_at(fields, path, complete=complete)
    if unknown is not None:
        return unknown
    if key is None:
        return shown_value(value)
    document = document_of(value)
    held = document if isinstance(document, dict) else {}
    return shown_value(held[key]) if key in held else "null" if complete else NOT_COLLECTED


def has_document(fields: Mapping[str, Any], path: str) -> bool:
    """Whether a JSON document with keys stands at a path."""
    return isinstance(document_of(_value_at(fields, path, complete=False)[0]), dict)


def _value_at(fields: Mapping[str, Any], path: str, *, complete: bool) -> tuple[Any, str | None]:
    """Return the value at a path, or None and how it reads that it is not known."""
    *above, (last, _) = _STEP.findall(path)
    for name, position in above:
        beneath = fields.get(name)
        if position and isinstance(beneath, list) and int(position) < len(beneath):
            beneath = beneath[int(position)]
        if not isinstance(beneath, dict):
            return None, None if complete or name in fields else _unknown(fields, name)
        fields = beneath
    return fields.get(last), None if complete or last in fields else _unknown(fields, last)


def shown_value(value: Any, value_type: ValueType = ValueType.ANY) -> str:
    """Return how a value reads: as JSON, cut where it is long; a date as a date."""
    if value is None:
        return "null"
    if value_type is ValueType.DATE_TIME and isinstance(value, int):
        return iso_from_milliseconds(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _unknown(fields: Mapping[str, Any], name: str) -> str:
    reason = reason_of(fields, name)
    return NOT_COLLECTED if reason == MISSING else f"{NOT_KNOWN}: {reason}"
