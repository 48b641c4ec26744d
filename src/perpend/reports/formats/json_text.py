"""Write pieces of JSON documents: values, UUIDs, arrays, and texts on one line."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:perpend:output:1")


def json_of(value: Any) -> str:
    """Return a value as JSON in ASCII, on one line."""
    return _ENCODE(value)


def uuid_of(*parts: str) -> str:
    """Return a UUID (version 5) that is the same for the same parts."""
    return str(uuid.uuid5(_SPACE, "\0".join(parts)))


def write_items(texts: Iterable[str], stream: TextIO) -> int:
    """Write the items of a JSON array, which are JSON, one a line, as they arrive. Return their number."""
    number = 0
    for text in texts:
        stream.write(f"{',' if number else ''}\n{text}")
        number += 1
    return number


def one_line(text: str, most: int = 2_000) -> str:
    """Return a text on one line, without hidden characters; a dash if it is empty."""
    return shorten(visible(" ".join(text.split())), most).strip() or "–"
