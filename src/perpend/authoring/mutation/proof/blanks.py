"""A regular expression in, whether it is certain to find nothing in a blank text out."""

from __future__ import annotations

import re
from typing import Final

import re2

_ESCAPED: Final = r"\\[dw.$^()|*+?{}\[\]/\\-]"
_SHOWS_NO_SPACE: Final = re.compile(rf"(?:[^\\.\[\x00-\x20]|{_ESCAPED}|\[(?!\^)(?:[^\[\]\\\x00-\x20]|{_ESCAPED})+\])*")
"""Expressions without a piece that could stand for white space."""


def finds_no_blank(regex: str) -> bool:
    """Whether an expression certainly finds nothing in any text of white space alone, nor in an empty one.

    Where no piece stands for white space only an empty match is possible, and what lets one happen anywhere in a blank text
    (ends of text, no word near) lets it happen in an empty one.
    """
    return _SHOWS_NO_SPACE.fullmatch(regex) is not None and re2.search(regex, "") is None
