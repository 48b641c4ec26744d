"""A file's own words on their way into a sentence: cut to a length, compared with names that would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Diagnostic, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_HINTS: Final = 200
"""How many diagnostics of one file get a nearest name: looking for one takes time, and a file can hold any number."""

_MAX_CANDIDATES: Final = 1_000


def shorten(text: str, limit: int = 60) -> str:
    """Return a text cut to a length that fits into a sentence."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def nearest(name: str, candidates: Collection[str], diagnostics: Collection[Diagnostic]) -> str | None:
    """Return ``did you mean `x`?``; None when no candidate is near, or when it would take too long to know."""
    if len(diagnostics) >= MAX_HINTS or len(candidates) > _MAX_CANDIDATES:
        return None
    return suggestion(name, candidates)
