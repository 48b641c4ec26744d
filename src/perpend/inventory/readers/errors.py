"""Errors of inputs that cannot be used."""

from __future__ import annotations

from typing import Final

from perpend.core.errors import PerpendError

LONGEST = 600
_LONGEST_SOURCE = 240
_ELLIPSIS = "…"

IS_DIRECTORY: Final = "is a directory, not a file: name its files, or a store with --store"
"""The reason if an input is a directory."""


class UnusableContent(PerpendError):
    """Content cannot be used; the message is the reason. Readers raise it, ``collect_files`` adds the source."""


class UnusableInput(PerpendError):
    """An input cannot be used. Its text is ``source: reason``: one line of at most 600 printable characters."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    @property
    def shown(self) -> str:
        """The source as shown in messages."""
        return _shorten_middle(visible(self.source), _LONGEST_SOURCE)

    def __str__(self) -> str:
        start = f"{self.shown}: "
        return start + _shorten_end(visible(self.reason), LONGEST - len(start))


def visible(text: str) -> str:
    """Return the text with every character that does not print (controls, bidi marks, line ends) escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def excerpt(text: str, longest: int = 60) -> str:
    """Return a value for a message: in backticks, cut after ``longest`` characters."""
    return f"`{_shorten_end(text, longest)}`"


def _shorten_end(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + _ELLIPSIS


def _shorten_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return text[: half - 1] + _ELLIPSIS + text[-half:]
