"""Parse JSON files, and find lines and columns in them. The search runs only if a diagnostic needs a place."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from perpend.core.diagnostics.model import Span
from perpend.core.values.values import json_from_text
from perpend.language.syntax import rules
from perpend.language.syntax.files import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t\r\n"
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.ASCII | re.DOTALL)


def json_document(text: str, path: str, *, repeated: list[str] | None = None) -> Any:
    """Return the JSON document in a text, as :func:`json_from_text`. Raises UnreadableFile with the place of the error."""
    try:
        return json_from_text(text, repeated=repeated)
    except json.JSONDecodeError as error:
        offset, reason = error.pos, error.msg
    except ValueError as error:
        offset, reason = _constant_offset(text), str(error)
    raise UnreadableFile(rules.JSON_SYNTAX.at(JsonPlaces(text, path).at(offset), f"JSON syntax: {reason}"))


def _constant_offset(text: str) -> int:
    """Return the offset of a constant that JSON does not have, 0 if there is none."""
    return next((match.start() for match in _CONSTANT.finditer(text) if match[0][0] != '"'), 0)


class Member(NamedTuple):
    """A member of an object: its name, and the offsets of its name and its value."""

    name: str
    start: int
    end: int
    value: int
    value_end: int


class JsonPlaces:
    """Places in one well-formed JSON text (:meth:`at`: in any text)."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def at(self, offset: int, length: int = 1) -> Span:
        """Return the place of a character, counted from 0."""
        line = bisect_right(self._line_starts, offset)
        column = offset - self._line_starts[line - 1] + 1
        return Span(self.path, line, column, line, column + length)

    def entry(self, number: int, *keys: str) -> Span:
        """Return the place of an entry of the array, or of a key in it: ``entry(0, "context", "snapshotTime")``."""
        start, place = self.entries[number], None
        for key in keys:
            if self.text[start] != "{":
                break
            member = next((member for member in self.members(start) if member.name == key), None)
            if member is None:
                break
            place, start = self.at(member.start, member.end - member.start), member.value
        return place or self.at(start)

    def repeated(self, key: str) -> Span:
        """Return the place of the second use of a key in an entry, or in an object directly in one; else the beginning."""
        objects = [start for start in self.entries if self.text[start] == "{"]
        inner = [member.value for start in objects for member in self.members(start) if self.text[member.value] == "{"]
        for start in (*objects, *inner):
            places = [member for member in self.members(start) if member.name == key]
            if len(places) > 1:
                return self.at(places[1].start, places[1].end - places[1].start)
        return self.at(0)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        while (end := self.text.find("\n", starts[-1])) >= 0:
            starts.append(end + 1)
        return starts

    @cached_property
    def entries(self) -> list[int]:
        """The offsets of the entries of the outermost array."""
        starts = []
        offset = self._skip(self.text.index("[") + 1)
        while self.text[offset] != "]":
            starts.append(offset)
            offset = self._skip(self._after_value(offset), ",")
        return starts

    def members(self, start: int) -> Iterator[Member]:
        """Yield the members of the object at an offset."""
        offset = self._skip(start + 1)
        while self.text[offset] != "}":
            name, end = _decoder.raw_decode(self.text, offset)
            value = self._skip(end, ":")
            value_end = self._after_value(value)
            yield Member(name, offset, end, value, value_end)
            offset = self._skip(value_end, ",")

    def _after_value(self, offset: int) -> int:
        return _decoder.raw_decode(self.text, offset)[1]

    def _skip(self, offset: int, more: str = "") -> int:
        while self.text[offset] in _BLANK + more:
            offset += 1
        return offset
