"""Write warnings and diagnostics on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.text import render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from perpend.core.diagnostics.model import Diagnostic


def warn(message: str) -> None:
    """Write one line on standard error. The message is escaped already, where it quotes a file."""
    sys.stderr.write(f"perpend: {message}\n")
    sys.stderr.flush()


def warn_diagnostics(
    diagnostics: Collection[Diagnostic], source_line: Callable[[str, int], str | None] = lambda path, line: None
) -> None:
    """Write diagnostics on standard error, each with its excerpt. ``source_line`` returns a line by path and number."""
    if diagnostics:
        sys.stderr.write(render_text(diagnostics, source_line=source_line, colour=sys.stderr.isatty()))
        sys.stderr.flush()


def diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return one line for each diagnostic: place, code, message."""
    return [f"{visible(problem.span.path)}:{problem.span.line}: {problem.code}: {problem.message}" for problem in diagnostics]
