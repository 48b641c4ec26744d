"""Define facts about the items of answers that hold for every cloud."""

from __future__ import annotations

from typing import Final

ABOVE: Final = "^"
"""The key under which a nested item holds the item around it."""


def list_of(type_name: str, key: str) -> str:
    """Return the name of the list of the objects of a type that name their owner in a key."""
    return f"{type_name}.{key}"


class NotThere(Exception):
    """The answer does not contain the value. The text is the reason."""
