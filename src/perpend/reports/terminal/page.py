"""Styled text in, lines on a console out: wrapped with hanging indents, in the characters that its encoding has.

Foreign text becomes safe to show here. Refuses to know what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST: Final = 20
"""Lines are wrapped to this many columns at least, however narrow the terminal."""

WIDEST: Final = 120
"""Lines are no longer than this, however wide the terminal: nobody reads longer ones with ease."""

_SYMBOLS: Final = {
    Status.COMPLIANT: ("✔", "+"),
    Status.INCOMPLIANT: ("✘", "x"),
    Status.INAPPLICABLE: ("–", "-"),
    Status.UNDETERMINED: ("?", "?"),
    Status.DISAPPEARED: ("∅", "0"),
}
_LONGEST_NAME: Final = 200
_LONGEST_PROSE: Final = 2_000


class TerminalPage:
    """What is printed on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(max(console.width, NARROWEST), WIDEST)
        self._plain = console.options.ascii_only or console.legacy_windows
        self._bare = console.color_system is None and not console.record
        self.arrow = "->" if self._plain else "→"
        self.ellipsis = "..." if self._plain else "…"

    def symbol(self, status: Status) -> str:
        """Return the mark of a status."""
        return _SYMBOLS[status][self._plain]

    def name(self, text: str) -> str:
        """Return a name from outside as it can be shown: hidden characters written out, endless ones cut."""
        return self._safe(text, _LONGEST_NAME)

    def prose(self, text: str) -> str:
        """Return sentences from outside as they can be shown, whatever lines they were written in."""
        return self._safe(" ".join(text[: _LONGEST_PROSE + 1].split()), _LONGEST_PROSE)

    def line(self, *parts: str | tuple[str, str], first: str = "", rest: str | None = None, style: str = "") -> None:
        """Print one paragraph: ``first``, in ``style``, stands before its first line, ``rest`` before the others.

        ``rest`` is as many blanks as ``first`` is wide, unless given.
        """
        hanging = " " * len(first) if rest is None else rest
        whole, width = Text.assemble(*parts), max(self.width - len(hanging), NARROWEST // 2)
        is_short = len(whole) <= width and whole.plain.isascii() and whole.plain.isprintable()
        for number, wrapped in enumerate([whole] if is_short else whole.wrap(self.console, width)):
            wrapped.rstrip()
            self.put(Text.assemble(hanging if number else (first, style), wrapped))

    def blank(self) -> None:
        """Print an empty line."""
        self.put(Text())

    def whole(self, text: str) -> None:
        """Print a text on one line, however long it is."""
        self.put(Text(text))

    def put(self, line: Text) -> None:
        """Print one line as it is. Where nothing is drawn but its letters, they are written without being rendered."""
        if self._bare:
            self.console.file.write(f"{line.plain}\n")
        else:
            self.console.print(line, soft_wrap=True, highlight=False)

    def _safe(self, text: str, longest: int) -> str:
        cut = text if len(text) <= longest else f"{text[:longest]}{self.ellipsis}"
        encoding = self.console.encoding
        return visible(cut).encode(encoding, "backslashreplace").decode(encoding)
