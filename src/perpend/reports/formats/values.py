"""Write values of fields as JSON. Long ones are cut, and named by their SHA-256."""

from __future__ import annotations

import hashlib
import json
import math
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.verdicts.evaluation import times_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.language.program.program import Read

__all__ = ["LONGEST", "iso_time", "json_text", "json_value", "reference_start", "statuses_with_references", "value_text"]

LONGEST: Final = 1_000
"""The number of characters of a value that reports show."""

_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def json_value(value: Any) -> str:
    """Return a value as JSON in ASCII. Infinite numbers and NaN become text."""
    if isinstance(value, str):
        return json_text(value)
    if value is None:
        return "null"
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_with_names(value))


def value_text(value: Any) -> str:
    """Return a value as JSON. Of a long one, return the first characters, and ``sha256`` as a further key after it.

    The hash is that of a text itself, and of any other value as JSON.
    """
    written = json_value(value)
    if len(written) <= LONGEST:
        return written
    whole = value if isinstance(value, str) else written
    if len(whole) <= LONGEST:
        return written
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return f'{json_text(whole[:LONGEST] + "…")},"sha256":"{digest}"'


def _with_names(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _with_names(inner) for name, inner in value.items()}
    return [_with_names(inner) for inner in value] if isinstance(value, list) else value


def reference_start(evaluation: Evaluation) -> Callable[[str, Read], str]:
    """Return the function that writes the beginning of a reference, up to its value, of a type and a read."""
    return lambda type_name, read: (
        f'{{"field":{json_text(read.path)},"label":{json_text(evaluation.label_of(type_name, read))},"value":'
    )


def statuses_with_references(references: str) -> tuple[Status, ...]:
    """Return the statuses of verdicts that are written with references: ``findings`` or ``all``."""
    return tuple(Status) if references == "all" else (Status.INCOMPLIANT, Status.UNDETERMINED)


def times_of_sources(evaluation: Evaluation, names: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield sources with the time of their observation, None if it is not known."""
    times = times_of(evaluation.inventory)
    for name in names:
        time = times.get(name)
        yield name, iso_time(time) if time else None


def iso_time(time: datetime) -> str:
    """Return a time in ISO 8601, in UTC."""
    return iso_from_milliseconds(milliseconds_from_datetime(time))
