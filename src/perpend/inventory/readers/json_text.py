"""Read JSON strictly, where Python's ``json`` is lenient.

Rejected: repeated keys, NaN and Infinity (also as 1e999), unpaired surrogates, more than 64 levels, very long numbers, and
more values than fit into memory.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perpend.core.values.values import strict_decoder
from perpend.inventory.readers.errors import UnusableContent, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

MAX_DEPTH = 64
MAX_VALUES = 10_000_000
"""The most values that one document may hold."""

MAX_CONTAINERS = 2_000_000
"""How many of them may be objects and arrays: empty ones take three bytes in a file and seventy in memory."""

_LARGEST_SCALAR = 1 << 16
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+["\\]?|([\[{])|([\]}])', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+["\\]?', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*+")
_TO_PLACE = re.compile("(?: starting)? at$|: $")
"""How the words of Python's parser end where a place is to follow, which stands in front of them here."""

_LONG = 1 << 22
"""More characters than this are checked before they are parsed, lest their values take much memory."""

_LONGEST_WORD = 16
"""More characters than a word, an escape or a delimiter has, which the end of a piece may cut off."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NESTED = frozenset({dict, list})
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a Boolean", int: "a number", float: "a number"}


def described(value: object) -> str:
    """Return the kind of a JSON value in words: ``an object``, ``a string``, ``null`` …"""
    return _KINDS.get(type(value), "null")


def other_spellings(fields: Mapping[str, Any], name: str) -> bool:
    """Whether an object has a key that differs from a name only in case. Then neither key can be trusted."""
    spellings, is_any_twice = _spellings(tuple(fields))
    return (is_any_twice or name not in fields) and spellings[name.lower()] > (name in fields)


def in_two_spellings(fields: Mapping[str, Any]) -> list[str]:
    """Return the keys, in lower case, that an object has more than once, in different case."""
    spellings, is_any_twice = _spellings(tuple(fields))
    return sorted(name for name, number in spellings.items() if number > 1) if is_any_twice else []


@lru_cache(maxsize=1024)
def _spellings(names: tuple[str, ...]) -> tuple[Counter[str], bool]:
    """Return the count of each name in lower case, and whether one is there more than once.

    It is cached, as rows of one file mostly have the same names.
    """
    counted = Counter(map(str.lower, names))
    return counted, len(counted) < len(names)


def read_value(content: bytes) -> Any:
    """Return the value of a JSON document. Raises UnusableContent with line and column."""
    return JsonText((content.decode("utf-8"),)).value()


def read_array(pieces: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """Yield each element of a JSON array with its position from 1. Raises UnusableContent with position and line.

    ``pieces`` are the text, of which little more than one element is held.
    """
    text = JsonText(pieces)
    yield from text.elements()
    text.end("array")


class JsonText:
    """A JSON document that is read piece by piece. Its bounds hold for all values that were read."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self.is_array = False
        self._pieces = iter(pieces)
        self._text = ""
        self._offset = 0
        self._lines = 0
        self._columns = 0
        self._is_over = False
        self._has_escapes = False
        self._depth = 0
        self._containers = 0
        self._values = 0

    def value(self) -> Any:
        """Return the document, which must be a single value."""
        self._at()
        value = self._read("")
        self.end()
        return value

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Yield the elements of the array that begins here, with their positions from 1."""
        self._open()
        position = 0
        is_closed = self._at() == "]"
        while not is_closed:
            position += 1
            yield position, self._read(f"object {position} (line {{}}): ")
            character = self._text[self._offset : self._offset + 1]
            if character not in (",", "]"):
                character = self._at()
            is_closed = character == "]"
            if not is_closed and character != ",":
                raise self._fault(f"expected `,` or `]` after object {position}")
            if not is_closed:
                self._offset += 1
                self._at()
        self._close()

    def members(self, streamed: Collection[str]) -> Iterator[tuple[str, Any]]:
        """Yield the members of the object that begins here.

        For a name in ``streamed`` that has an array, ``is_array`` is set and the value is None. Take its elements before
        the next member.
        """
        self._open()
        names: set[str] = set()
        is_closed = self._at() == "}"
        while not is_closed:
            if self._at() != '"':
                raise self._fault("expecting property name enclosed in double quotes")
            name = self._read("")
            if name in names:
                raise UnusableContent(f"an object has the key {excerpt(name)} twice")
            names.add(name)
            if self._at() != ":":
                raise self._fault("expecting ':' delimiter")
            self._offset += 1
            self.is_array = self._at() == "[" and name in streamed
            yield name, None if self.is_array else self._read("")
            character = self._at()
            is_closed = character == "}"
            if not is_closed and character != ",":
                raise self._fault("expecting ',' delimiter")
            if not is_closed:
                self._offset += 1
                self._at()
        self._close()

    def end(self, what: str = "document") -> None:
        """Raise if more text follows."""
        character = self._at()
        if character == "{" and what == "document":
            more = "a second document begins; give each, such as each page of an answer, as a file of its own"
            raise UnusableContent(f"{self._place(self._offset)}: {more}")
        if character:
            raise self._fault(f"more text after the end of the {what}")

    def _open(self) -> None:
        self._at()
        self._offset += 1
        self._depth += 1
        self._count(1, 1)

    def _close(self) -> None:
        self._offset += 1
        self._depth -= 1

    def _at(self) -> str:
        """Skip white space; return the next character, empty at the end of the text."""
        while True:
            self._offset = _skip_space(self._text, self._offset)
            if self._offset < len(self._text):
                return self._text[self._offset]
            if not self._has_more():
                return ""

    def _read(self, where: str) -> Any:
        """Return the value that begins here. ``where`` stands in front of its faults, with the line in it."""
        while True:
            text, offset = self._text, self._offset
            try:
                value, end = _SCAN(text, offset)
            except StopIteration as error:
                if self._is_over or error.value < len(text) - _LONGEST_WORD:
                    _check_depth(text, offset, self._depth, self._place)
                    raise self._fault("expecting value", error.value) from None
            except json.JSONDecodeError as error:
                _check_depth(text, offset, self._depth, self._place)
                if self._is_over or not _may_be_cut(text, error):
                    raise self._fault(_TO_PLACE.sub("", error.msg[:1].lower() + error.msg[1:]), error.pos) from None
            except RecursionError:
                _check_depth(text, offset, self._depth, self._place)
                raise
            except UnusableContent as error:
                raise UnusableContent(f"{self._where(where)}{error}") from None
            except ValueError:
                raise UnusableContent(f"{self._where(where)}a number with too many digits") from None
            else:
                if end < len(text) or self._is_over:
                    self._check(value, end, where)
                    self._offset = end
                    return value
            self._has_more()

    def _check(self, value: Any, end: int, where: str) -> None:
        containers, values, levels = _size(value)
        if levels > MAX_DEPTH - self._depth:
            _check_depth(self._text, self._offset, self._depth, self._place)
        if self._has_escapes and _SURROGATE.search(self._text, self._offset, end) and not _is_encodable(value):
            raise UnusableContent(f"{self._where(where)}a text with half a surrogate pair (`\\ud800` to `\\udfff`)")
        self._count(containers, values)

    def _count(self, containers: int, values: int) -> None:
        self._containers += containers
        self._values += values
        if self._containers > MAX_CONTAINERS or self._values > MAX_VALUES:
            _check_number(self._containers, self._values)

    def _has_more(self) -> bool:
        """Read on: at least as much as the rest that is held. Return False at the end of the text."""
        rest = self._text[self._offset :]
        self._lines, self._columns = self._position(self._offset)
        self._offset = 0
        parts, length = [rest], 0
        while length <= len(rest):
            piece = next(self._pieces, None)
            if piece is None:
                self._is_over = True
                break
            parts.append(piece)
            length += len(piece)
        self._text = "".join(parts)
        self._has_escapes = "\\u" in self._text
        if len(self._text) > _LONG:
            _check_number(*_numbers(self._text))
        return length > 0

    def _position(self, offset: int) -> tuple[int, int]:
        """Return how many lines end before an offset, and how many characters of its line stand before it."""
        lines = self._text.count("\n", 0, offset)
        columns = offset - self._text.rfind("\n", 0, offset) - 1 if lines else self._columns + offset
        return self._lines + lines, columns

    def _place(self, offset: int) -> str:
        line, column = self._position(offset)
        return f"line {line + 1}, column {column + 1}"

    def _where(self, where: str) -> str:
        return where.format(self._position(self._offset)[0] + 1)

    def _fault(self, what: str, offset: int | None = None) -> UnusableContent:
        return UnusableContent(f"not valid JSON: {self._place(self._offset if offset is None else offset)}: {what}")


def _may_be_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Whether a fault may only be that the text ends inside of a value."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - _LONGEST_WORD


def _is_encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _size(value: Any) -> tuple[int, int, int]:
    """Return the number of objects and arrays in a value, of all values, and of levels."""
    if type(value) not in _NESTED:
        return 0, 1, 0
    containers, values, levels = 1, 1 + len(value), 1
    nested = [inner for inner in (value.values() if type(value) is dict else value) if type(inner) in _NESTED]
    for inner in nested:
        more, further, below = _size(inner)
        containers += more
        values += further - 1
        if below >= levels:
            levels = below + 1
    return containers, values, levels


def _check_number(containers: int, values: int) -> None:
    """Raise if a document would need much more memory than its size suggests."""
    if containers > MAX_CONTAINERS:
        raise UnusableContent(f"holds more than {MAX_CONTAINERS:,} objects and arrays; several files may share them")
    if values > MAX_VALUES:
        raise UnusableContent(f"holds more than {MAX_VALUES:,} values; several files may share them")


def _numbers(text: str) -> tuple[int, int]:
    """Return the number of objects and arrays, and an upper bound of the number of values, that a text holds."""
    numbers = _numbers_in(text)
    return _numbers_in(_STRING.sub("", text)) if max(numbers) > MAX_CONTAINERS else numbers


def _numbers_in(text: str) -> tuple[int, int]:
    containers = text.count("{") + text.count("[")
    return containers, containers + text.count(",") + 1


def _check_depth(text: str, offset: int, depth: int, place: Callable[[int], str]) -> None:
    for bracket in _BRACKET.finditer(text, offset):
        if bracket[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise UnusableContent(f"{place(bracket.start())}: nested deeper than {MAX_DEPTH} levels")
        elif bracket[2]:
            depth -= 1


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise UnusableContent(f"the number {excerpt(literal, 30)} is too large")
    return number


def _skip_space(text: str, offset: int) -> int:
    space = _SPACE.match(text, offset)
    return space.end() if space else offset


_DECODER = strict_decoder(error=UnusableContent, whole=int, real=_finite)


def refuse_scalar(content: bytes) -> None:
    """Raise UnusableContent for a short JSON value, which no array of objects and no credential report is."""
    if len(content) > _LARGEST_SCALAR:
        return
    try:
        value = json.loads(content)
    except ValueError:
        return
    raise UnusableContent(f"{described(value)} in JSON where an array of objects is expected")


_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]  # the types do not know it
