"""The data of a diagnostic: rule, place, message and help. This module reads no file and prints nothing."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterable


_SIMILAR: Final = 5
"""How many similar names are compared letter by letter."""


class Severity(StrEnum):
    """The severity of a diagnostic. An error makes everything that depends on the place unusable; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file.

    ``path`` is relative to the repository's root (POSIX, no leading slash). Lines and columns count from 1 in
    characters; ``end_line``/``end_column`` point just behind the last character. Line 0 stands for the whole file.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


def whole_file(path: str) -> Span:
    """Return the place of a diagnostic that concerns a file as a whole."""
    return Span(path, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of diagnostic: its stable code (``A203``), its name, its severity and its page.

    ``page`` is Markdown: the problem, why it matters and how to fix it, with an example. Codes are never reused.
    """

    code: str
    name: str
    severity: Severity
    page: str

    def at(self, span: Span, message: str, *, label: str = "", help: str | None = None, fault: str = "") -> Diagnostic:
        """Return a diagnostic of this rule. ``label`` is shown next to the underline, ``help`` below it."""
        return Diagnostic(self.code, self.severity, message, span, label, help, fault)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem at one place. ``fault`` names the common cause of several problems; it is empty for a problem of its own."""

    code: str
    severity: Severity
    message: str
    span: Span
    label: str = ""
    help: str | None = None
    fault: str = ""


def sorted_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics without repetitions, in the order of path, line, column and code."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda diagnostic: (diagnostic.span, diagnostic.code, diagnostic.message))


def suggestion(name: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return ``did you mean `x`?`` for the nearest candidate except the name itself, or None if none is near.

    ``cutoff`` is the similarity that is needed, 1 for names that differ only in case.
    """
    near = nearest_name(name, candidates, cutoff=cutoff)
    return f"did you mean `{near}`?" if near is not None else None


def nearest_name(name: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the nearest candidate except the name itself: of the most similar ones, that with the fewest typing mistakes."""
    pool = {candidate.casefold(): candidate for candidate in candidates if candidate != name}
    similar = difflib.get_close_matches(name.casefold(), pool, n=_SIMILAR, cutoff=cutoff)
    return pool[min(similar, key=lambda one: mistakes(name.casefold(), one))] if similar else None


def mistakes(written: str, name: str) -> int:
    """Return how many letters were added, left out, replaced, or typed in the wrong order to write one text for another."""
    before: list[int] = []
    last = list(range(len(name) + 1))
    for row, letter in enumerate(written, 1):
        now = [row]
        for column, other in enumerate(name, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 < column and letter == name[column - 2] and other == written[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1]


def region_from_span(span: Span, root: str = "") -> Span:
    """Return the span with numbers of at least 1. A span that is empty or ends before its start becomes one character wide.

    ``root`` is put before the path; empty leaves the path relative to the repository.
    """
    path = f"{root}/{span.path}" if root else span.path
    line, column = max(span.line, 1), max(span.column, 1)
    if (span.end_line, span.end_column) <= (line, column):
        return Span(path, line, column, line, column + 1)
    return Span(path, line, column, span.end_line, max(span.end_column, 1))


def prose_from_diagnostic(diagnostic: Diagnostic) -> str:
    """Return message, label and help, one per line and safe to show. Empty parts are left out."""
    lines = [visible(diagnostic.message)]
    if diagnostic.label:
        lines.append(visible(diagnostic.label))
    if diagnostic.help is not None:
        lines.append(f"help: {visible(diagnostic.help)}")
    return "\n".join(lines)
