"""A text in, whether it is JSON that every engine reads alike out: what an engine's own functions may be trusted with."""

from __future__ import annotations

import json
import math
from typing import Final

from perpend.core.values.values import PlainJson, json_from_text

MOST: Final = PlainJson.MOST
"""How long a plain document may be, in characters."""

_MOST_DIGITS: Final = 300


class _NotPlain(ValueError):
    """Something in a document that engines read in different ways."""


def is_plain_json(text: str) -> bool:
    """Whether a text is a JSON object or array without repeated or escaped keys, lone surrogates and endless numbers.

    Nor is it longer than :data:`MOST` characters: what is, some engines read only in part.
    """
    if text[:1] not in ("{", "[") or len(text) > MOST:
        return False
    return "\\" not in text and is_strict_json(text)


def is_strict_json(text: str) -> bool:
    """Whether a text is JSON by the letter: no NaN, no infinities, no key twice in an object."""
    try:
        json_from_text(text)
        json.loads(text, parse_int=_finite, parse_float=_finite)
    except ValueError:
        return False
    return True


def _finite(digits: str) -> float:
    if len(digits) > _MOST_DIGITS or not math.isfinite(float(digits)):
        raise _NotPlain
    return 0.0
