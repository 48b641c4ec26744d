"""Draw bars and relationships as SVG. Colours are classes, so that themes define them."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALL, _WHOLE = 96, 1_000
_BOX: Final = (210, 40)
_GAP: Final = 14
_MOST: Final = 14
_TIP: Final = 300
_LANE: Final = 190
_NAME, _EDGE_NAME = (14, _BOX[0] - 16), (11, _LANE - 20)
"""The font size of names, and the width of their lines."""

_LINES: Final = 2
_PART: Final = re.compile(r".+?(?:[ _./:-]+(?!_?[rc]$)|(?<=[a-z])(?=[A-Z])|$)")
_WIDTHS: Final = {**dict.fromkeys(" !'(),.:;I[]fijlrt|", 0.42), **dict.fromkeys("MW@mw", 1.0)}
"""The width of characters in parts of the font size, for the widest font that a site may use."""


def bar_svg(parts: Sequence[tuple[str, int]], label: str, *, most: int = 0) -> str:
    """Return a bar with parts in proportion to their numbers. With ``most``, a full bar is this number."""
    total, width = most or sum(number for _, number in parts), _WHOLE if most else _SMALL
    arcs, x = [], 0.0
    for tone, number in parts:
        length = width * number / total if total else 0
        if number:
            arcs.append(f'<rect class="fill-{tone}" x="{x:.1f}" width="{max(length, 0.5):.1f}" height="8"/>')
        x += length
    look = 'class="bar whole" preserveAspectRatio="none"' if most else 'class="bar"'
    return f'<svg {look} viewBox="0 0 {width} 8" role="img" aria-label="{escape(label)}">{"".join(arcs)}</svg>'


def column_rects(columns: Sequence[Sequence[tuple[str, int]]], wide: int, high: int) -> str:
    """Return a column for each list of parts: classes with their numbers, from below. The highest column fills the height."""
    most = max((sum(number for _, number in parts) for parts in columns), default=0) or 1
    step, arcs = wide / max(len(columns), 1), []
    for place, parts in enumerate(columns):
        below = 0
        for name, number in parts:
            low, below = below, below + number
            if number:
                arcs.append(
                    f'<rect class="{name}" x="{step * (place + 0.1):.2f}" y="{high - high * below / most:.2f}" '
                    f'width="{step * 0.8:.2f}" height="{high * (below - low) / most:.2f}"/>'
                )
    return "".join(arcs)


def relations_svg(center: str, relations: Sequence[tuple[str, str, str, str]]) -> str:
    """Return a type with its neighbours: lookups on the right, children below, and types that look it up on the left.

    A relation is ``(way, name, neighbour, address)``; an empty address makes no link.
    """
    left, right = _sides(relations)
    width, height = _BOX
    rows = max(len(left), len(right), 1)
    total = rows * (height + _GAP) + _GAP
    middle = total / 2
    first = 10 + (width + _LANE if left else 0)
    lanes = (10, first, first + width + _LANE)
    heading = escape(f"Relationships of {_short(center, _TIP)}")
    parts, edges = [], [f"<title>{heading}</title>"]
    for lane, side in ((0, left), (2, right)):
        offset = (total - len(side) * (height + _GAP) + _GAP) / 2
        for place, (way, name, neighbour, address) in enumerate(side):
            y = offset + place * (height + _GAP)
            edge, text = _edge(lane, lanes, middle, y + height / 2, name, way)
            edges.append(edge)
            parts += [text, _box(lanes[lane], y, neighbour, address, "")]
    parts.append(_box(lanes[1], middle - height / 2, center, "", " own"))
    view = lanes[2 if right else 1] + width + 10
    label = f"{heading}: {len(relations)}"
    size = f'viewBox="0 0 {view} {total:.0f}" width="{view}"'
    return f'<svg class="net" {size} role="group" aria-label="{label}">{"".join((*edges, *parts))}</svg>'


def _edge(lane: int, lanes: tuple[int, int, int], middle: float, y: float, name: str, way: str) -> tuple[str, str]:
    start, end = (lanes[0] + _BOX[0], lanes[1]) if lane == 0 else (lanes[1] + _BOX[0], lanes[2])
    first, last = (y, middle) if lane == 0 else (middle, y)
    bend = (start + end) / 2
    dash = ' stroke-dasharray="4 3"' if way == "children" else ""
    path = f'<path class="edge" d="M{start} {first:.1f}C{bend} {first:.1f} {bend} {last:.1f} {end} {last:.1f}"{dash}/>'
    anchor, x = ("start", start + 8) if lane == 0 else ("end", end - 8)
    lines = _lines(name, *_EDGE_NAME)
    return path, _text(lines, x, y - 6 - 12 * (len(lines) - 1), 12, f'class="edge-name" text-anchor="{anchor}"')


def _box(x: int, y: float, name: str, address: str, look: str) -> str:
    width, height = _BOX
    lines = _lines(name, *_NAME)
    text = _text(lines, x + width / 2, y + height / 2 + 5 - 8 * (len(lines) - 1), 16, 'text-anchor="middle"')
    tip = f"<title>{escape(_short(name, _TIP))}</title>" if lines[-1].endswith("…") else ""
    box = f'<rect class="box{look}" x="{x}" y="{y:.1f}" width="{width}" height="{height}" rx="6"/>{text}{tip}'
    return f'<a href="{escape(address)}">{box}</a>' if address else f"<g>{box}</g>"


def _text(lines: Sequence[str], x: float, y: float, step: int, how: str) -> str:
    spans = (f'<tspan x="{x}" y="{y + step * number:.1f}">{escape(line)}</tspan>' for number, line in enumerate(lines))
    return f"<text {how}>{' '.join(spans)}</text>"


def _lines(text: str, size: int, width: int) -> list[str]:
    """Return a name in at most two lines of a width, broken between words, and cut if it is longer."""
    lines = [""]
    for part in _PART.findall(_short(text, _TIP)):
        if lines[-1] and _wide(lines[-1] + part.rstrip(), size) > width:
            lines.append("")
        lines[-1] += part
    lines, more = lines[:_LINES], len(lines) > _LINES
    return [
        _fitting(f"{line.rstrip()}{'…' * (more and number == _LINES - 1)}", size, width) for number, line in enumerate(lines)
    ]


def _fitting(line: str, size: int, width: int) -> str:
    while _wide(line, size) > width:
        line = f"{line.rstrip('…')[:-1]}…"
    return line


def _wide(text: str, size: int) -> float:
    return size * sum(
        _WIDTHS.get(character, 0.78 if character.isupper() or not character.isascii() else 0.64) for character in text
    )


def _sides(relations: Sequence[tuple[str, str, str, str]]) -> tuple[list[tuple[str, str, str, str]], ...]:
    left = [relation for relation in relations if relation[0] == "from"]
    return left[:_MOST], [relation for relation in relations if relation[0] != "from"][:_MOST]


def left_out(relations: Sequence[tuple[str, str, str, str]]) -> int:
    """Return how many relations the drawing of a type has no room for."""
    return len(relations) - sum(map(len, _sides(relations)))


def _short(text: str, limit: int) -> str:
    plain = visible(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
