"""Define facts about the items of answers that hold for every cloud."""

from __future__ import annotations

from typing import Final

ABOVE: Final = "^"
"""The key under which a nested item holds the item around it."""


class NotThere(Exception):
    """The answer does not contain the value. The text is the reason."""
