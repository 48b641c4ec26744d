"""Draw the steps of a program from top to bottom as SVG. Colours are classes, and shapes and words repeat their meaning.

The drawing has no inline styles and no IDs, so that a page can have several.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.objects.status import Status
from perpend.language.program.numbering import DISAPPEARED, OTHER_RECORD_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perpend.reports.site.content.steps import BlockSteps, Way

_WIDTH: Final = 372
_BOX: Final = 212
_EXIT: Final = (249, 121)
_LINE: Final = 15
_COLUMNS: Final = 27
_MAX_LINES: Final = 5
_GAP: Final = 26
_PAD: Final = 8
_MIDDLE: Final = _BOX / 2 + 2
_MAX_DRAWN: Final = 200
_MAX_TEXT: Final = 2_000
_EXTRACT: Final = re.compile(r"extract\('((?:[^'\\]|\\.)*)'\)")
_BREAKS: Final = re.compile(r".+?(?:\s+|(?=[.(\[])|(?<=[,_(])|(?<=[a-z0-9])(?=[A-Z])|$)", re.DOTALL)

_SYMBOLS: Final = {
    Status.COMPLIANT: "✓",
    Status.INCOMPLIANT: "✕",
    Status.INAPPLICABLE: "–",
    Status.UNDETERMINED: "?",
    Status.DISAPPEARED: "∅",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A question: its number, its text, the results of its checks, and the result if the answer is yes."""

    title: str
    text: str
    checks: str
    way: Way


def flow_svg(steps: BlockSteps) -> str:
    """Return the questions of a program in order, each with an arrow to its status.

    The drawing is 360 wide and grows downwards. After 200 conditions it gives the number of the others.
    """
    rows = list(_rows(steps))
    last = steps.otherwise
    parts: list[str] = []
    y = _start(parts, steps.type.name)
    for row in rows[:_MAX_DRAWN]:
        y = _question(parts, row, y)
    if len(rows) > _MAX_DRAWN:
        parts.append(_text(_MIDDLE, y + 12, f"{len(rows) - _MAX_DRAWN:,} more conditions", anchor="middle"))
        y += _GAP
    parts += _exit(last, (_BOX - _EXIT[1]) / 2 + 2, y, "otherwise")
    height = y + 52
    title = escape(visible(f"How an object of type {steps.type.name} is decided"))
    description = escape(visible(" ".join(_sentences(rows, last))))
    return (
        f'<svg class="flow" role="img" viewBox="0 0 {_WIDTH} {height:g}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{title}</title><desc>{description}</desc>{''.join(parts)}</svg>"
    )


def _rows(steps: BlockSteps) -> Iterator[_Row]:
    """Yield the questions in the order of evaluation."""
    implied = {way.index: way for way in steps.implied}
    if DISAPPEARED in implied:
        yield _Row("first", "Has it disappeared?", "", implied[DISAPPEARED])
    if OTHER_RECORD_TYPE in implied:
        yield _Row("then", "Is its record type another?", "", implied[OTHER_RECORD_TYPE])
    for step in steps.steps:
        text = _EXTRACT.sub(r"\1", step.way.text[:_MAX_TEXT])
        yield _Row(f"condition {step.number}", text, _checks(step.checks), step.way)


def _checks(checks: Sequence[Way]) -> str:
    """Return the indexes of a condition's checks, empty if it has none."""
    if not checks:
        return ""
    return f"{checks[0].index}" if len(checks) == 1 else f"{checks[0].index}–{checks[-1].index}"


def _sentences(rows: Sequence[_Row], last: Way) -> Iterator[str]:
    """Yield the drawing as sentences, for screen readers."""
    for row in rows[:_MAX_DRAWN]:
        unknown = f" Its checks may end in UNDETERMINED ({row.checks})." if row.checks else ""
        yield f"{row.title.capitalize()}: {row.text}{'' if row.text.endswith('?') else '?'}{unknown}"
        yield f"If yes, {row.way.status} ({row.way.index})."
    yield f"Otherwise {last.status} ({last.index})."


def _start(parts: list[str], name: str) -> float:
    label = _cut(visible(name), _COLUMNS)
    parts.append(f'<rect class="flow-start" x="2" y="2" width="{_BOX}" height="26" rx="13" fill="none" stroke="currentColor"/>')
    parts.append(_text(_MIDDLE, 19, label, anchor="middle", look="flow-type"))
    parts += _arrow_down(28, 28 + _GAP)
    return 28 + _GAP


def _question(parts: list[str], row: _Row, y: float) -> float:
    """Draw a question with its result. Return the position of the next one."""
    lines = _wrapped(visible(row.text))
    unknown = [f"? if a check fires: {row.checks}"] if row.checks else []
    height = 2 * _PAD + _LINE * (1 + len(lines) + len(unknown))
    middle = y + height / 2
    cut = 8
    right, bottom = _BOX + 2, y + height
    shape = f"M{2 + cut} {y}H{right - cut}L{right} {middle:g}L{right - cut} {bottom}H{2 + cut}L2 {middle:g}Z"
    parts.append(f'<g class="flow-question"><path class="flow-box" d="{shape}" fill="none" stroke="currentColor"/>')
    parts.append(_text(18, y + _PAD + 11, row.title, look="flow-title"))
    for number, line in enumerate(lines, 1):
        parts.append(_text(18, y + _PAD + 11 + number * _LINE, line, look="flow-code"))
    for line in unknown:
        parts.append(_text(18, bottom - _PAD - 3, line, look="flow-unknown"))
    parts.append("</g>")
    parts.append(_line(f"M{right} {middle:g}H{_EXIT[0]}"))
    parts.append(_head(f"M{_EXIT[0]} {middle:g}l-6 -4v8z"))
    parts.append(_text((right + _EXIT[0]) / 2 - 3, middle - 5, "yes", anchor="middle"))
    parts += _exit(row.way, _EXIT[0], middle - 18, str(row.way.index))
    parts += _arrow_down(bottom, bottom + _GAP)
    parts.append(_text(_MIDDLE + 8, bottom + 16, "no"))
    return bottom + _GAP


def _exit(way: Way, x: float, y: float, note: str) -> list[str]:
    """Draw a way out: a shape for its status, its symbol and its name, and a note below."""
    status = Status(way.status)
    width, height = _EXIT[1], 24
    right, middle = x + width, y + height / 2
    outline = {
        Status.COMPLIANT: f"M{x + 12:g} {y:g}H{right - 12:g}a12 12 0 0 1 0 24H{x + 12:g}a12 12 0 0 1 0 -24Z",
        Status.INCOMPLIANT: f"M{x + 6:g} {y:g}H{right - 6:g}l6 6v{height - 12}l-6 6H{x + 6:g}l-6 -6v{12 - height}Z",
        Status.UNDETERMINED: f"M{x + 8:g} {y:g}H{right - 8:g}l8 {height / 2:g}l-8 {height / 2:g}H{x + 8:g}L{x:g} {middle:g}Z",
    }.get(status, f"M{x:g} {y:g}H{right:g}v{height}H{x:g}Z")
    dashes = ' stroke-dasharray="4 3"' if status is Status.DISAPPEARED else ""
    return [
        f'<g class="flow-exit status-{status.lower()}"><path d="{outline}" fill="none" stroke="currentColor"{dashes}/>',
        _text(x + width / 2, y + 16, f"{_SYMBOLS[status]} {status}", anchor="middle", look="flow-status"),
        _text(x + width / 2, y + 38, note if note.isdigit() else f"{note} {way.index}", anchor="middle"),
        "</g>",
    ]


def _arrow_down(start: float, end: float) -> Iterable[str]:
    return _line(f"M{_MIDDLE:g} {start:g}V{end:g}"), _head(f"M{_MIDDLE:g} {end:g}l-4 -6h8z")


def _line(path: str) -> str:
    return f'<path class="flow-line" d="{path}" fill="none" stroke="currentColor"/>'


def _head(path: str) -> str:
    return f'<path class="flow-head" d="{path}" fill="currentColor"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", look: str = "flow-note") -> str:
    """Return a line of text; only code is in the fixed width that the wrapping counts on."""
    family = ' font-family="monospace"' if look == "flow-code" else ""
    end = ' text-anchor="middle"' if anchor == "middle" else ""
    return f'<text class="{look}" x="{x:g}" y="{y:g}" font-size="11"{family}{end} fill="currentColor">{escape(text)}</text>'


def _wrapped(text: str) -> list[str]:
    """Return a text in lines of a width, broken as code can be broken, and cut after some lines."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and len(lines[-1] + piece.rstrip()) > _COLUMNS:
            lines.append("")
        lines[-1] += piece
    shown = [line.strip() for line in lines if line.strip()] or [""]
    if len(shown) > _MAX_LINES:
        return [*shown[: _MAX_LINES - 1], f"{_cut(shown[_MAX_LINES - 1], _COLUMNS - 1).rstrip('…')}…"]
    return shown


def _pieces(text: str) -> Iterator[str]:
    for broken in _BREAKS.finditer(text):
        piece = broken[0]
        for start in range(0, len(piece), _COLUMNS):
            yield piece[start : start + _COLUMNS]


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
