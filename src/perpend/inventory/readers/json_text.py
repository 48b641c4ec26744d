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
    from collections.abc import Iterator, Mapping

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

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a Boolean", int: "a number", float: "a number"}


def described(value: object) -> str:
    """Return the kind of a JSON value in words: ``an object``, ``a string``, ``null`` …"""
    return _KINDS.get(type(value), "null")


def other_spellings(held: Mapping[str, Any], name: str) -> bool:
    """Whether an object has a key that differs from a name only in case. Then neither key can be trusted."""
    return _spellings(tuple(held))[name.lower()] > (name in held)


def in_two_spellings(held: Mapping[str, Any]) -> list[str]:
    """Return the keys, in lower case, that an object has more than once, in different case."""
    return sorted(name for name, number in _spellings(tuple(held)).items() if number > 1)


@lru_cache(maxsize=1024)
def _spellings(names: tuple[str, ...]) -> Counter[str]:
    """Return the count of each name in lower case. It is cached, as rows of one file mostly have the same names."""
    return Counter(map(str.lower, names))


def read_value(content: bytes) -> Any:
    """Return the value of a JSON document. Raises UnusableContent with line and column."""
    text = content.decode("utf-8")
    _check_bounds(text)
    value, end = _decode(text, _skip_space(text, 0), "")
    if end < len(text):
        if text[end] == "{":
            more = "a second document begins; give each, such as each page of an answer, as a file of its own"
            raise UnusableContent(f"{_place(text, end)}: {more}")
        raise UnusableContent(f"not valid JSON: {_place(text, end)}: more text after the end of the document")
    return value


def read_array(content: bytes) -> Iterator[tuple[int, Any]]:
    """Yield each element of a JSON array with its position from 1. Raises UnusableContent with position and line."""
    text = content.decode("utf-8")
    _check_bounds(text)
    offset = _skip_space(text, _skip_space(text, 0) + 1)
    position, line, counted = 0, 1, 0
    closed = text.startswith("]", offset)
    while not closed:
        position, line, counted = position + 1, line + text.count("\n", counted, offset), offset
        value, end = _decode(text, offset, f"object {position} (line {line}): ")
        yield position, value
        closed = text.startswith("]", end)
        if not closed and not text.startswith(",", end):
            raise UnusableContent(f"not valid JSON: {_place(text, end)}: expected `,` or `]` after object {position}")
        offset = end if closed else _skip_space(text, end + 1)
    if (rest := _skip_space(text, offset + 1)) < len(text):
        raise UnusableContent(f"not valid JSON: {_place(text, rest)}: more text after the end of the array")


def _decode(text: str, offset: int, where: str) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, offset)
    except json.JSONDecodeError as error:
        reason = f"{_place(text, error.pos)}: {_TO_PLACE.sub('', error.msg[:1].lower() + error.msg[1:])}"
        raise UnusableContent(f"not valid JSON: {reason}") from None
    except UnusableContent as error:
        raise UnusableContent(f"{where}{error}") from None
    except ValueError:
        raise UnusableContent(f"{where}a number with too many digits") from None
    if _SURROGATE.search(text, offset, end) and not _is_encodable(value):
        raise UnusableContent(f"{where}a text with half a surrogate pair (`\\ud800` to `\\udfff`)")
    return value, _skip_space(text, end)


def _is_encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_bounds(text: str) -> None:
    _check_number(text)
    _check_depth(text)


def _check_number(text: str) -> None:
    """Raise if a document would need much more memory than its size suggests."""
    if max(_numbers(text)) > MAX_CONTAINERS:
        containers, values = _numbers(_STRING.sub("", text))
        if containers > MAX_CONTAINERS:
            raise UnusableContent(f"holds more than {MAX_CONTAINERS:,} objects and arrays; several files may share them")
        if values > MAX_VALUES:
            raise UnusableContent(f"holds more than {MAX_VALUES:,} values; several files may share them")


def _numbers(text: str) -> tuple[int, int]:
    """Return the number of objects and arrays, and an upper bound of the number of values, in a text without strings."""
    containers = text.count("{") + text.count("[")
    return containers, containers + text.count(",") + 1


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise UnusableContent(f"{_place(text, bracket.start())}: nested deeper than {MAX_DEPTH} levels")
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


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _place(text: str, offset: int) -> str:
    return f"line {_line(text, offset)}, column {offset - text.rfind(chr(10), 0, offset)}"


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
