"""The first bytes of a text in, what its form shows out: top-level keys of JSON, column names of CSV, the first line.

Tolerant where readers are strict: a head may end anywhere, and nothing raises. Refuses to know what formats are.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cached_property
from typing import Any, Final

MARK: Final = b"\xef\xbb\xbf"

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_CUT: Final = object()
_DECODER: Final = json.JSONDecoder()


class Outline:
    """What the first bytes of an input show. Each part is looked at when it is asked for, once."""

    def __init__(self, head: bytes) -> None:
        self.head = head.removeprefix(MARK)

    @cached_property
    def start(self) -> bytes:
        """The head without blank space in front."""
        return self.head.lstrip()

    @cached_property
    def first_line(self) -> bytes:
        """The first line, without blank space around it."""
        return self.head.partition(b"\n")[0].strip()

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names in the first line of CSV or TSV; empty if that line cannot be parsed."""
        line = self.first_line.decode("utf-8", errors="replace")
        delimiter = "\t" if "\t" in line and "," not in line else ","
        try:
            return frozenset(next(csv.reader([line], delimiter=delimiter, strict=True), ()))
        except csv.Error:
            return frozenset()

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of a JSON object, or of the first object of a JSON array, as far as the head shows them.

        The value of one that the head cuts off is None.
        """
        if self.start[:1] not in (b"{", b"["):
            return {}
        text = self.start.decode("utf-8", errors="replace")
        return _members(text, _skip(text, 1) if text[0] == "[" else 0)


def first_of(value: Any) -> dict[str, Any]:
    """Return the first element of a list of objects; an empty object for anything else."""
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, dict) else {}


def _members(text: str, offset: int) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if text[offset : offset + 1] != "{":
        return members
    offset = _skip(text, offset + 1)
    while text[offset : offset + 1] == '"':
        key, offset = _value(text, offset)
        if not isinstance(key, str) or text[offset : offset + 1] != ":":
            break
        value, offset = _value(text, _skip(text, offset + 1))
        members[key] = None if value is _CUT else value
        if value is _CUT or text[offset : offset + 1] != ",":
            break
        offset = _skip(text, offset + 1)
    return members


def _value(text: str, offset: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, offset)
    except (ValueError, RecursionError):
        return _CUT, offset
    return value, _skip(text, end)


def _skip(text: str, offset: int) -> int:
    space = _SPACE.match(text, offset)
    return space.end() if space else offset
