"""Decide whether a regular expression cannot match in a blank text."""

from __future__ import annotations

import re
from typing import Final

import re2

_ESCAPED: Final = r"\\[dw.$^()|*+?{}\[\]/\\-]"
_SHOWS_NO_SPACE: Final = re.compile(rf"(?:[^\\.\[\x00-\x20]|{_ESCAPED}|\[(?!\^)(?:[^\[\]\\\x00-\x20]|{_ESCAPED})+\])*")
"""Expressions without a piece that could stand for white space."""


def finds_no_blank(regex: str) -> bool:
    """Whether an expression certainly matches nowhere in an empty text or in a text of white space.

    If no part matches white space, only an empty match is possible. Its conditions (ends of text, no word nearby) hold
    anywhere in a blank text if they hold in an empty text.
    """
    return _SHOWS_NO_SPACE.fullmatch(regex) is not None and re2.search(regex, "") is None
