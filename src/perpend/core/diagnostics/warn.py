"""Write warnings and diagnostics on standard error, or give them to the function of :func:`warnings_to`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.text import render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from perpend.core.diagnostics.model import Diagnostic


_HEARER: Final[ContextVar[Callable[[str], None] | None]] = ContextVar("hearer", default=None)


@contextmanager
def warnings_to(hear: Callable[[str], None]) -> Iterator[None]:
    """Give all warnings of the block, of this thread, to a function. Nothing is written on standard error."""
    token = _HEARER.set(hear)
    try:
        yield
    finally:
        _HEARER.reset(token)


def is_silent() -> bool:
    """Whether warnings are given to a function, so that nothing is to be drawn on standard error."""
    return _HEARER.get() is not None


def warn(message: str) -> None:
    """Write one line on standard error. The message is escaped already, where it quotes a file."""
    if hear := _HEARER.get():
        hear(message)
        return
    sys.stderr.write(f"perpend: {message}\n")
    sys.stderr.flush()


def warn_diagnostics(
    diagnostics: Collection[Diagnostic], source_line: Callable[[str, int], str | None] = lambda path, line: None
) -> None:
    """Write diagnostics on standard error, each with its excerpt. ``source_line`` returns a line by path and number."""
    if hear := _HEARER.get():
        for line in diagnostic_lines(diagnostics):
            hear(line)
    elif diagnostics:
        sys.stderr.write(render_text(diagnostics, source_line=source_line, colour=sys.stderr.isatty()))
        sys.stderr.flush()


def diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return one line for each diagnostic: place, code, message."""
    return [f"{visible(problem.span.path)}:{problem.span.line}: {problem.code}: {problem.message}" for problem in diagnostics]
