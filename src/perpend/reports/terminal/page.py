"""Print styled lines on a console, wrapped with hanging indents, in the characters of its encoding.

Text from outside becomes safe to print here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.labels import AS_WRITTEN
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from rich.console import Console

    from perpend.core.objects.labels import Labels

NARROWEST: Final = 20
"""The smallest width of wrapped lines, in columns."""

WIDEST: Final = 120
"""The largest width of wrapped lines, in columns: longer lines are hard to read."""

STYLES: Final = {
    Status.COMPLIANT: "green",
    Status.INCOMPLIANT: "bold red",
    Status.INAPPLICABLE: "dim",
    Status.UNDETERMINED: "yellow",
    Status.DISAPPEARED: "dim",
}
"""The styles of the statuses."""

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
    """The lines on one console. ``labels`` replace API names in prose."""

    def __init__(self, console: Console, labels: Labels = AS_WRITTEN) -> None:
        self.console = console
        self.labels = labels
        self.width = min(max(console.width, NARROWEST), WIDEST)
        self._plain = console.options.ascii_only or console.legacy_windows
        self._bare = console.color_system is None and not console.record
        self.arrow = "->" if self._plain else "→"
        self.ellipsis = "..." if self._plain else "…"

    def symbol(self, status: Status) -> str:
        """Return the symbol of a status."""
        return _SYMBOLS[status][self._plain]

    def name(self, text: str) -> str:
        """Return a name from outside that is safe to print: hidden characters are escaped, long names are cut."""
        return self._safe(text, _LONGEST_NAME)

    def prose(self, text: str) -> str:
        """Return text from outside that is safe to print, as one paragraph, with labels instead of API names."""
        return self._safe(self.labels.text(" ".join(text[: _LONGEST_PROSE + 1].split())), _LONGEST_PROSE)

    def line(self, *parts: str | tuple[str, str], first: str = "", rest: str | None = None, style: str = "") -> None:
        """Print a paragraph with ``first``, in ``style``, before its first line and ``rest`` before the others.

        By default, ``rest`` is as many blanks as ``first`` is wide.
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
        """Print a text on one line, without wrapping."""
        self.put(Text(text))

    def put(self, line: Text) -> None:
        """Print one line as it is. Without colours, it is written directly, which is faster than rendering."""
        if self._bare:
            self.console.file.write(f"{line.plain}\n")
        else:
            self.console.print(line, soft_wrap=True, highlight=False)

    def _safe(self, text: str, longest: int) -> str:
        cut = text if len(text) <= longest else f"{text[:longest]}{self.ellipsis}"
        encoding = self.console.encoding
        return visible(cut).encode(encoding, "backslashreplace").decode(encoding)
