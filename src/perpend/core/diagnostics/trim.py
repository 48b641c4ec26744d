"""A stream of text for people: none of its lines commands the runner of a CI, and without a terminal none ends with blanks.

Tables fill their lines up to their width, which only a terminal needs, and wrap them anywhere.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TextIO

from perpend.core.diagnostics.escape import inert

if TYPE_CHECKING:
    from typing import IO


def commanding_nothing(stream: IO[str]) -> TextIO:
    """Return a stream whose lines are no commands to a runner (:func:`inert`). All else is the stream's own."""
    return _Lines(stream, trims=False)


def trimmed(stream: IO[str]) -> TextIO:
    """Return such a stream that leaves out blanks before the end of a line, too."""
    return _Lines(stream, trims=True)


class _Lines(io.TextIOBase, TextIO):
    def __init__(self, stream: IO[str], *, trims: bool) -> None:
        self._stream = stream
        self._trims = trims
        self._goes_on = False

    def write(self, text: str, /) -> int:
        *lines, rest = inert(text, goes_on=self._goes_on).split("\n")
        self._goes_on = bool(rest.strip()) or (self._goes_on and not lines)
        self._stream.write("".join(f"{line.rstrip(' ') if self._trims else line}\n" for line in lines) + rest)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: it is somebody else's, and may be closed by now."""

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # is only read
        return getattr(self._stream, "encoding", None) or "utf-8"


_MORE = "…"


def cut(text: str, most: int) -> str:
    """Return a text of at most some characters, with a mark where it was cut."""
    return text if len(text) <= most else text[: most - len(_MORE)] + _MORE
