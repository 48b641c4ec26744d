"""Numbers with the things that they count, as sentences say them."""

from __future__ import annotations


def counted(number: int, word: str, plural: str | None = None) -> str:
    """Return a number and a noun that fits it."""
    return f"{number:,} {word if number == 1 else plural or f'{word}s'}"
