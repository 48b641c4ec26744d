"""A line of a file and the columns to underline in, what a terminal can show of it out: however long or hostile it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from perpend.core.diagnostics.escape import display_width, visible

_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The shown part of a line, the columns before its underline and the underline's length, both in terminal columns."""

    text: str
    before: int
    length: int


def excerpt_of(line: str, start: int, end: int, *, width: int) -> Excerpt:
    """Return what fits of a line into ``width`` columns around the characters from ``start`` to ``end`` (from 0, end open).

    A tab is drawn as one space. Where the line is cut, ``…`` stands. The underline is at least one column long.
    """
    start = min(start, len(line))
    end = min(max(end, start), len(line))
    first, last = _window(line, start, end, width)
    before = (_CUT if first else "") + _drawn(line[first:start])
    marked = _drawn(line[start : min(end, last)])
    after = _drawn(line[min(end, last) : last]) + (_CUT if last < len(line) else "")
    return Excerpt(before + marked + after, display_width(before), max(display_width(marked), 1))


def _window(line: str, start: int, end: int, width: int) -> tuple[int, int]:
    """Return the characters to show: of a long line most of the underlined part, and what surrounds it in equal shares."""
    if len(line) <= width and display_width(_drawn(line)) <= width:
        return 0, len(line)
    room = width - 2 * len(_CUT)
    last = start + _count_fitting(line[start : min(end, start + room)], room * 3 // 4)
    used = display_width(_drawn(line[start:last]))
    near = line[max(start - room, 0) : start][::-1]
    first = start - _count_fitting(near, (room - used) // 2)
    used = display_width(_drawn(line[first:last]))
    last += _count_fitting(line[last : last + room], room - used)
    used = display_width(_drawn(line[first:last]))
    first = start - _count_fitting(near, room - used + display_width(_drawn(line[first:start])))
    return first, last


def _count_fitting(text: str, columns: int) -> int:
    """Return how many characters from the start of a text fit into so many columns when drawn."""
    for count, character in enumerate(text):
        columns -= display_width(_drawn(character))
        if columns < 0:
            return count
    return len(text)


def _drawn(text: str) -> str:
    return visible(text.replace("\t", " "))
