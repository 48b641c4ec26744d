"""Phrases of messages: numbers with their nouns, percentages, shortened names, and the nearest known name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Diagnostic, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def counted(number: int, word: str, plural: str | None = None) -> str:
    """Return a number with a noun in singular or plural."""
    return f"{number:,} {word if number == 1 else plural or f'{word}s'}"


def first_named(names: Sequence[str], most: int) -> str:
    """Return the first names with commas between them, and the number of the others.

    >>> first_named(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def format_percent(part: int, whole: int) -> str:
    """Return a percentage. It has one decimal, or more if it would otherwise read 0 % or 100 % without being so.

    >>> percent_text(2, 3), percent_text(9_997, 10_000), percent_text(1, 5_000), percent_text(3, 3)
    ('66.7 %', '99.97 %', '0.02 %', '100 %')
    """
    scale = 10
    while part and part < whole and _rounded(part, whole, scale) in (0, 100 * scale):
        scale *= 10
    units, rest = divmod(_rounded(part, whole, scale), scale)
    return f"{units}.{str(scale + rest)[1:]}".rstrip("0").rstrip(".") + " %"


def _rounded(part: int, whole: int, scale: int) -> int:
    return (200 * part * scale + whole) // (2 * whole)


MAX_HINTS: Final = 200
"""The number of diagnostics per file that get a nearest name. The search takes time, and a file can hold any number of faults.
"""

_MAX_CANDIDATES: Final = 1_000


def shorten(text: str, limit: int = 60) -> str:
    """Return a text cut to ``limit`` characters, the last of which is then ``…``."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def nearest(name: str, candidates: Collection[str], diagnostics: Collection[Diagnostic]) -> str | None:
    """Return ``did you mean `x`?``, or None if no candidate is near or there are too many to compare."""
    if len(diagnostics) >= MAX_HINTS or len(candidates) > _MAX_CANDIDATES:
        return None
    return suggestion(name, candidates)
