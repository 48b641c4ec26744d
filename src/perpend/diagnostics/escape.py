"""Text from files in, text that is safe to show out: nothing in it can move a cursor, turn the reading order or hide.

Every renderer and the terminal report draw foreign text through :func:`visible`. Refuses to know what the text says.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_SHORT: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HANGUL_TAILS: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Vowels and finals of conjoining Hangul: a terminal draws them inside the syllable that the consonant before them opens."""


def visible(text: str) -> str:
    r"""Return the text with its control, format and line-separating characters and lone surrogates written out.

    ``\n``, ``\r`` and ``\t`` keep their short names, others become ``\x1b``, ``\u202e`` or ``\U000e0041``. Printable text of
    every language stays as it is, a backslash too: the result is for reading, not for turning back.

    >>> print(visible("red \x1b[31m, turned \u202e, naïve 日本"))
    red \x1b[31m, turned \u202e, naïve 日本
    """
    if text.isprintable():
        return text
    return "".join(_written_out(character) if unicodedata.category(character) in _HIDDEN else character for character in text)


def display_width(text: str) -> int:
    """Return how many terminal columns a text from :func:`visible` takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def encodable(text: str) -> str:
    r"""Return the text with lone surrogates written out (``\udc80``), so that it can be encoded as UTF-8."""
    return _SURROGATE.sub(lambda match: _written_out(match[0]), text)


def _written_out(character: str) -> str:
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
