"""A stream of text whose lines end without blanks: tables fill theirs up to their width, which only a terminal needs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing import IO


def trimmed(stream: IO[str]) -> TextIO:
    """Return a stream that leaves out blanks before the end of a line. All else is the stream's own."""
    return _Trimmed(stream)


class _Trimmed(io.TextIOBase, TextIO):
    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        *lines, rest = text.split("\n")
        self._stream.write("".join(f"{line.rstrip(' ')}\n" for line in lines) + rest)
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
