"""Escape text from files so that it is safe to show: it cannot move the cursor, reorder or hide text, or command a CI runner.

Renderers and terminal reports pass foreign text through :func:`visible`. Streams of lines for people pass through
:func:`inert`, which knows where lines begin.
"""

from __future__ import annotations

import io
import re
import unicodedata
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing import IO

_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_SHORT: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_COMMAND_INSIDE: Final = re.compile(r"##(?=\w*\[)")
_COMMAND_AT_START: Final = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_HANGUL_TAILS: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Vowels and finals of conjoining Hangul: a terminal shows them inside the syllable that the consonant before them begins."""


def visible(text: str) -> str:
    r"""Return the text with its control, format and line-separating characters and lone surrogates written out.

    ``\n``, ``\r`` and ``\t`` keep their short names, others become ``\x1b``, ``\u202e`` or ``\U000e0041``. Printable text of
    every language stays as it is, a backslash too: the result is for reading, not for turning back. ``##[`` gets a backslash
    inside: runners of CI obey it anywhere in a line.

    >>> print(visible("red \x1b[31m, turned \u202e, naïve 日本"))
    red \x1b[31m, turned \u202e, naïve 日本
    """
    if not text.isprintable():
        text = "".join(
            _escape_character(character) if unicodedata.category(character) in _HIDDEN else character for character in text
        )
    return _COMMAND_INSIDE.sub(r"##\\", text) if "##" in text else text


def inert(text: str, *, goes_on: bool = False) -> str:
    r"""Return lines of text with a backslash before each workflow command, so that a CI runner obeys none of them.

    A command begins with ``::`` after optional blanks; the backslash replaces the last blank if there is one. ``##[`` is a
    command anywhere in a line. ``goes_on``: the text does not begin a line.

    >>> print(inert("a ::b\n  ::add-mask::c"))
    a ::b
     \::add-mask::c
    """
    if "##" in text:
        text = _COMMAND_INSIDE.sub(r"##\\", text)
    if "::" not in text:
        return text
    return _COMMAND_AT_START.sub(lambda match: match[0] if goes_on and not match.start() else _escape_command(match[1]), text)


def _escape_command(blanks: str) -> str:
    return f"{blanks.removesuffix(' ')}\\::"


def display_width(text: str) -> int:
    """Return the number of terminal columns that a text from :func:`visible` takes: two for wide characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def encodable(text: str) -> str:
    r"""Return the text with lone surrogates written out (``\udc80``), so that it can be encoded as UTF-8."""
    return text if text.isascii() else _SURROGATE.sub(lambda match: _escape_character(match[0]), text)


def _escape_character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"} or any(ord(character) in tails for tails in _HANGUL_TAILS):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def without_commands(stream: IO[str]) -> TextIO:
    """Return a stream that escapes commands to a CI runner with :func:`inert`. Everything else is as in the given stream."""
    return _Lines(stream, trims=False)


def trimmed(stream: IO[str]) -> TextIO:
    """Return such a stream that also removes blanks at the ends of lines."""
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
        """Leave the underlying stream open: its owner closes it."""

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # is only read
        return getattr(self._stream, "encoding", None) or "utf-8"
