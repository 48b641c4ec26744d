"""Write values of fields as JSON. Long ones are cut, and named by their SHA-256."""

from __future__ import annotations

import hashlib
import json
import math
from json.encoder import encode_basestring_ascii as json_text
from typing import Any, Final

__all__ = ["LONGEST", "json_text", "json_value", "value_text"]

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
