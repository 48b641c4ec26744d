"""Diagnostics in, text for people out: sentence, place, the line underlined, what would mend it, a count at the end.

All that comes from files is drawn through :func:`perpend.core.diagnostics.escape.visible`. Refuses to read a file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.excerpt import excerpt_of
from perpend.core.diagnostics.model import Severity, sorted_diagnostics
from perpend.core.diagnostics.region import region_from_span

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
    """Return the diagnostics as people read them, or ``no problems found``.

    ``source_line`` gives a file's line by path and number, None where there is none to show. ``width`` bounds the excerpts,
    in terminal columns; sentences are never cut.
    """
    ordered = sorted_diagnostics(diagnostics)
    if not ordered:
        return "no problems found\n"
    drawing = _Drawing(source_line, colour, width)
    blocks = ["".join(f"{line}\n" for line in drawing.lines(diagnostic)) for diagnostic in ordered]
    return inert("\n".join([*blocks, f"{_count(ordered)}\n"]))


def line_of(diagnostic: Diagnostic, path: str) -> str:
    """Return one diagnostic in one line, of a file that its reader calls ``path``."""
    whole = f"`{diagnostic.span.path}` "  # how messages begin that are about the file itself, and no place in it
    place = "" if diagnostic.message.startswith(whole) else f":{diagnostic.span.line}:{diagnostic.span.column}"
    said = diagnostic.message.removeprefix(whole) + (f" ({diagnostic.help})" if diagnostic.help else "")
    return visible(f"{path}{place}: {said}")


def _count(diagnostics: Iterable[Diagnostic]) -> str:
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    shown = [(counts[severity], severity.value) for severity in Severity if counts[severity]]
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in shown)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """How diagnostics are drawn in one text."""

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
