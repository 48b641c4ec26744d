"""Find the line of a key in a TOML file. ``tomllib`` does not report lines."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_NAME: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_NAME})[ \t]*\]")
_KEY: Final = re.compile(rf"[ \t]*({_NAME})[ \t]*=")
_PARTS: Final = re.compile(_PART)
_DEEPEST: Final = 6
_QUOTES: Final = re.compile(r'"""|\'\'\'')


def line_of(text: str, name: Sequence[str]) -> int | None:
    """Return the line of a key or a table; if it has none, the line of the nearest table above it."""
    wanted, lines = tuple(name), _lines(text)
    return next((lines[wanted[:length]] for length in range(len(wanted), 0, -1) if wanted[:length] in lines), None)


@lru_cache(maxsize=2)
def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each key and table, by at most ``_DEEPEST`` names."""
    lines: dict[tuple[str, ...], int] = {}
    for number, key in _keys(text):
        for length in range(1, min(len(key), _DEEPEST) + 1):
            lines.setdefault(key[:length], number)
    return lines


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield line and full name of each key and table that begins a line."""
    table: tuple[str, ...] = ()
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        inside, closing = closing, _left_open(line, closing)
        if inside:
            continue
        if match := _HEADER.match(line):
            table = _parts(match[1])
            yield number, table
        elif match := _KEY.match(line):
            yield number, (*table, *_parts(match[1]))


def _left_open(line: str, closing: str) -> str:
    """Return the quotes that a multi-line text still needs after a line, empty outside of such a text."""
    if not closing and line.lstrip().startswith("#"):
        return ""
    for quotes in _QUOTES.finditer(line):
        if not closing:
            closing = quotes[0]
        elif quotes[0] == closing:
            closing = ""
    return closing


def _parts(name: str) -> tuple[str, ...]:
    return tuple(_unquoted(part) for part in _PARTS.findall(name))


def _unquoted(part: str) -> str:
    if part[:1] == "'":
        return part[1:-1]
    if part[:1] != '"':
        return part
    try:
        return str(json.loads(part))
    except ValueError:
        return part[1:-1]
