"""A character of a constant in, its place in the file out, whatever quotes, escapes or folding stand between the two."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.core.diagnostics.model import Span

    SourceLine = Callable[[str, int], str | None]
    Unit = tuple[int, int, int]

_PLAIN = re.compile(r"(?s:.)")
_SINGLE = re.compile(r"''|(?s:.)")
_DOUBLE = re.compile(r"\\x(?P<x>[0-9A-Fa-f]{2})|\\u(?P<u>[0-9A-Fa-f]{4})|\\U(?P<U>[0-9A-Fa-f]{8})|\\(?s:.)|(?s:.)")
_BLANK_ESCAPES = frozenset({"\\n", "\\t", "\\r", "\\v", "\\f", "\\ ", "\\\t", "\\N", "\\_", "\\L", "\\P"})


def place_within(span: Span, text: str, offset: int, source_line: SourceLine) -> Span:
    """Return the place of ``text[offset]``, ``text`` being what the scalar at ``span`` holds.

    White space is where YAML folds, so the characters that are none are counted, in the text and in the file. An offset
    behind the text is the place of its end.
    """
    before = sum(1 for character in text[:offset] if not character.isspace())
    units = list(_units(span, source_line))
    if not units:
        return span
    if before < len(units):
        line, column, end = units[before]
    else:
        line, column, end = units[-1]
        if span.line == span.end_line == line and end < span.end_column:
            column, end = span.end_column - 1, span.end_column
    return replace(span, line=line, column=column, end_line=line, end_column=end)


def _units(span: Span, source_line: SourceLine) -> Iterator[Unit]:
    """Yield line, column and end column of each character that is no white space, the quotes around left out."""
    first = (source_line(span.path, span.line) or "")[span.column - 1 :]
    style = first[:1]
    form = {"'": _SINGLE, '"': _DOUBLE}.get(style, _PLAIN)
    for line in range(span.line, span.end_line + 1):
        if line == span.line and style in ("|", ">"):
            continue
        text = source_line(span.path, line) or ""
        start = span.column - 1 + (form is not _PLAIN) if line == span.line else 0
        stop = span.end_column - 1 - (form is not _PLAIN) if line == span.end_line else len(text)
        for unit in form.finditer(text, start, max(start, stop)):
            if not _is_blank(unit):
                yield line, unit.start() + 1, unit.end() + 1


def _is_blank(unit: re.Match[str]) -> bool:
    code = next((value for value in unit.groupdict().values() if value), None)
    if code is not None:
        return int(code, 16) < 0x110000 and chr(int(code, 16)).isspace()
    return unit[0] in _BLANK_ESCAPES or unit[0] == "\\" or unit[0].isspace()
