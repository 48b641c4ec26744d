"""Write Markdown: tables, code, and text from outside that cannot become markup, HTML, a mention or a link."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME, _SENTENCE = 200, 1_000
_BACKTICKS: Final = re.compile("`+")
_CODE: Final = re.compile("(?<!`)`([^`]*[^` ][^`]*)`(?!`)")
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@$:.-])")
_ENTITIES: Final = str.maketrans({character: f"&#{ord(character)};" for character in "|\\`*_[]<>&!#~@:\n\r"})


def span(text: str) -> str:
    """Return a text as a code span, in which nothing is markup."""
    return _span(_one_line(text, _NAME) or "–")


def _span(text: str) -> str:
    fence = _fence(text, 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(text: str, language: str = "text") -> Iterator[str]:
    """Yield the lines of a code block, whose fence is longer than any in the code."""
    fence = _fence(text, 3)
    yield f"{fence}{language}\n"
    yield from text.splitlines(keepends=True)
    yield f"{fence}\n"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))


def prose(text: str) -> str:
    """Return a text as words of a paragraph, with backslashes before signs that could be markup. Long texts are cut."""
    return _escaped(_one_line(text, _SENTENCE))


def message(text: str) -> str:
    """Return a text as words of a paragraph, as :func:`prose` does, with its parts in backticks as code."""
    parts = _CODE.split(_one_line(text, _SENTENCE))
    return "".join(_span(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def summary(text: str) -> str:
    """Return a text for an HTML element on one line, in which Markdown is not read."""
    shown = html.escape(_one_line(text, _SENTENCE))
    return shown.replace("@", "@\u200b").replace("#", "#\u200b").replace("&#\u200b", "&#")


def _one_line(text: str, most: int) -> str:
    return shorten(visible(" ".join(text.split())), most)


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text).replace("\\@", "@\u200b").replace("\\<", "&lt;")


def cell(text: str) -> str:
    """Return a whole text as a cell of a table, with entities for signs that could be markup."""
    shown = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return shown.translate(_ENTITIES)


def table_head(*headings: str) -> str:
    """Return the two lines above the rows of a table. A heading that ends in a colon is above numbers, to the right."""
    dashes = ("---:" if heading.endswith(":") else "---" for heading in headings)
    return table_row(*(heading.removesuffix(":") for heading in headings)) + table_row(*dashes)


def table_row(*cells: str) -> str:
    """Return a row of a table, as a line."""
    return "|" + "".join(f" {text} |" if text else " |" for text in cells) + "\n"
