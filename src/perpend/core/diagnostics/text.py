"""Write diagnostics as text for people: message, place, underlined line and help, with a count at the end.

All text from files passes through :func:`perpend.core.diagnostics.escape.visible`. This module reads no file.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import display_width, inert, visible
from perpend.core.diagnostics.model import Severity, region_from_span, sorted_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from perpend.core.diagnostics.model import Diagnostic, Span

_NARROWEST: Final = 24
_SENTENCE: Final = "1"
_GUTTER: Final = "1;34"
_NOTE: Final = "1;36"
_SEVERITY: Final = {Severity.ERROR: "1;31", Severity.WARNING: "1;33"}


def render_text(
    diagnostics: Iterable[Diagnostic],
    *,
    source_line: Callable[[str, int], str | None],
    colour: bool = False,
    width: int = 100,
) -> str:
    """Return the diagnostics as text for people, or ``no problems found``.

    ``source_line`` returns a line of a file by path and number, or None. ``width`` limits the excerpts, in terminal columns;
    messages are never cut.
    """
    ordered = sorted_diagnostics(diagnostics)
    if not ordered:
        return "no problems found\n"
    layout = _Layout(source_line, colour, width)
    blocks = ["".join(f"{line}\n" for line in layout.lines(diagnostic)) for diagnostic in ordered]
    return inert("\n".join([*blocks, f"{_count(ordered)}\n"]))


def line_of(diagnostic: Diagnostic, path: str) -> str:
    """Return one diagnostic as one line. ``path`` is the user's name of the file."""
    whole = f"`{diagnostic.span.path}` "  # messages about the file as a whole begin so, and get no line number
    place = "" if diagnostic.message.startswith(whole) else f":{diagnostic.span.line}:{diagnostic.span.column}"
    message = diagnostic.message.removeprefix(whole) + (f" ({diagnostic.help})" if diagnostic.help else "")
    return visible(f"{path}{place}: {message}")


def _count(diagnostics: Iterable[Diagnostic]) -> str:
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    shown = [(counts[severity], severity.value) for severity in Severity if counts[severity]]
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in shown)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The options of one text: colours, width and access to source lines."""

    source_line: Callable[[str, int], str | None]
    colour: bool
    width: int

    def lines(self, diagnostic: Diagnostic) -> Iterator[str]:
        """Yield the lines of one diagnostic."""
        region = region_from_span(diagnostic.span)
        indent = " " * len(str(region.line))
        bar = self._paint(f"{indent} |", _GUTTER)
        source = self.source_line(region.path, region.line)
        title = self._paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _SEVERITY[diagnostic.severity])
        yield title + self._paint(f": {visible(diagnostic.message)}", _SENTENCE)
        place = f":{region.line}:{region.column}" if diagnostic.span.line else ""
        yield f"{indent}{self._paint('-->', _GUTTER)} {visible(region.path)}{place}"
        if source is not None:
            yield bar
            yield from self._underlined(diagnostic, region, source.rstrip("\r\n"), bar)
        elif diagnostic.label:
            yield self._note(indent, "note", diagnostic.label)
        if source is not None and diagnostic.help is not None:
            yield bar
        if diagnostic.help is not None:
            yield self._note(indent, "help", diagnostic.help)

    def _underlined(self, diagnostic: Diagnostic, region: Span, line: str, bar: str) -> Iterator[str]:
        gutter = f"{region.line} |"
        end = region.end_column - 1 if region.line == region.end_line else len(line.rstrip())
        excerpt = excerpt_of(line, region.column - 1, end, width=max(self.width - len(gutter) - 1, _NARROWEST))
        marks = f"{'^' * excerpt.length} {visible(diagnostic.label)}".rstrip()
        yield f"{self._paint(gutter, _GUTTER)} {excerpt.text}".rstrip()
        yield f"{bar} {' ' * excerpt.before}{self._paint(marks, _SEVERITY[diagnostic.severity])}"

    def _note(self, indent: str, kind: str, text: str) -> str:
        return f"{indent} {self._paint('=', _GUTTER)} {self._paint(f'{kind}:', _NOTE)} {visible(text)}"

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour else text


_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The shown part of a line. ``before`` and ``length`` are the widths before and of the underline, in terminal columns."""

    text: str
    before: int
    length: int


def excerpt_of(line: str, start: int, end: int, *, width: int) -> Excerpt:
    """Return as much of a line as fits into ``width`` columns around the characters from ``start`` to ``end`` (from 0, end
    open).

    A tab becomes one space. ``…`` marks a cut. The underline is at least one column long.
    """
    start = min(start, len(line))
    end = min(max(end, start), len(line))
    first, last = _window(line, start, end, width)
    before = (_CUT if first else "") + _visible_line(line[first:start])
    marked = _visible_line(line[start : min(end, last)])
    after = _visible_line(line[min(end, last) : last]) + (_CUT if last < len(line) else "")
    return Excerpt(before + marked + after, display_width(before), max(display_width(marked), 1))


def _window(line: str, start: int, end: int, width: int) -> tuple[int, int]:
    """Return the range of characters to show: most of the underlined part, and equal shares of the text around it."""
    if len(line) <= width and display_width(_visible_line(line)) <= width:
        return 0, len(line)
    room = width - 2 * len(_CUT)
    last = start + _count_fitting(line[start : min(end, start + room)], room * 3 // 4)
    used = display_width(_visible_line(line[start:last]))
    near = line[max(start - room, 0) : start][::-1]
    first = start - _count_fitting(near, (room - used) // 2)
    used = display_width(_visible_line(line[first:last]))
    last += _count_fitting(line[last : last + room], room - used)
    used = display_width(_visible_line(line[first:last]))
    first = start - _count_fitting(near, room - used + display_width(_visible_line(line[first:start])))
    return first, last


def _count_fitting(text: str, columns: int) -> int:
    """Return how many characters from the start of a text fit into ``columns`` terminal columns."""
    for count, character in enumerate(text):
        columns -= display_width(_visible_line(character))
        if columns < 0:
            return count
    return len(text)


def _visible_line(text: str) -> str:
    return visible(text.replace("\t", " "))
