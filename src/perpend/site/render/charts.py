"""Numbers in, SVG out: bars of parts, and types with their relationships. Colours are classes, so that themes decide."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from perpend.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALL, _WHOLE = 96, 1_000
_BOX: Final = (210, 40)
_GAP: Final = 14
_MOST: Final = 14
_TIP: Final = 300


def bar_svg(parts: Sequence[tuple[str, int]], label: str, *, most: int = 0) -> str:
    """Return a bar whose parts are as long as their numbers. With ``most``, it fills its place where they add up to that."""
    total, width = most or sum(number for _, number in parts), _WHOLE if most else _SMALL
    drawn, x = [], 0.0
    for tone, number in parts:
        length = width * number / total if total else 0
        if number:
            drawn.append(f'<rect class="fill-{tone}" x="{x:.1f}" width="{max(length, 0.5):.1f}" height="8"/>')
        x += length
    look = 'class="bar whole" preserveAspectRatio="none"' if most else 'class="bar"'
    return f'<svg {look} viewBox="0 0 {width} 8" role="img" aria-label="{escape(label)}">{"".join(drawn)}</svg>'


def relations_svg(center: str, relations: Sequence[tuple[str, str, str, str]]) -> str:
    """Return a type with its neighbours: those it looks up on the right, its children below them, those that look it up left.

    A relation is ``(way, name, neighbour, address)``; an empty address makes no link.
    """
    left = [relation for relation in relations if relation[0] == "from"][:_MOST]
    right = [relation for relation in relations if relation[0] != "from"][:_MOST]
    width, height = _BOX
    rows = max(len(left), len(right), 1)
    total = rows * (height + _GAP) + _GAP
    middle = total / 2
    first = 10 + (width + 190 if left else 0)
    lanes = (10, first, first + width + 190)
    heading = escape(f"Relationships of {_short(center, _TIP)}")
    parts = [f"<title>{heading}</title>"]
    for lane, side in ((0, left), (2, right)):
        offset = (total - len(side) * (height + _GAP) + _GAP) / 2
        for place, (way, name, neighbour, address) in enumerate(side):
            y = offset + place * (height + _GAP)
            parts += [_edge(lane, lanes, middle, y + height / 2, name, way), _box(lanes[lane], y, neighbour, address, "")]
    parts.append(_box(lanes[1], middle - height / 2, center, "", " own"))
    view = lanes[2 if right else 1] + width + 10
    label = f"{heading}: {len(relations)}"
    size = f'viewBox="0 0 {view} {total:.0f}" width="{view}"'
    return f'<svg class="net" {size} role="group" aria-label="{label}">{"".join(parts)}</svg>'


def _edge(lane: int, lanes: tuple[int, int, int], middle: float, y: float, name: str, way: str) -> str:
    start, end = (lanes[0] + _BOX[0], lanes[1]) if lane == 0 else (lanes[1] + _BOX[0], lanes[2])
    first, last = (y, middle) if lane == 0 else (middle, y)
    bend = (start + end) / 2
    dash = ' stroke-dasharray="4 3"' if way == "children" else ""
    path = f'<path class="edge" d="M{start} {first:.1f}C{bend} {first:.1f} {bend} {last:.1f} {end} {last:.1f}"{dash}/>'
    anchor, x = ("start", start + 8) if lane == 0 else ("end", end - 8)
    return f'{path}<text class="edge-name" x="{x}" y="{y - 6:.1f}" text-anchor="{anchor}">{escape(_short(name, 30))}</text>'


def _box(x: int, y: float, name: str, address: str, look: str) -> str:
    width, height = _BOX
    text = f'<text x="{x + width / 2}" y="{y + height / 2 + 5:.1f}" text-anchor="middle">{escape(_short(name, 28))}</text>'
    box = f'<rect class="box{look}" x="{x}" y="{y:.1f}" width="{width}" height="{height}" rx="6"/>{text}'
    return f'<a href="{escape(address)}">{box}</a>' if address else box


def _short(text: str, limit: int) -> str:
    plain = visible(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
