"""Escape foreign text for Markdown: it becomes no markup, HTML, mention or link."""

from __future__ import annotations

import re
from typing import Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten

_NAME, _SENTENCE = 200, 1_000
_BACKTICKS: Final = re.compile("`+")
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@$:.-])")


def span(text: str) -> str:
    """Return a text as a code span. Nothing in it is markup."""
    text = shorten(visible(" ".join(text.split())), _NAME) or "–"
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a text as words of a paragraph. Nothing in it is markup, HTML, a mention or a link."""
    return (
        _SIGNS.sub(r"\\\1", shorten(visible(" ".join(text.split())), _SENTENCE))
        .replace("\\@", "@\u200b")
        .replace("\\<", "&lt;")
    )
