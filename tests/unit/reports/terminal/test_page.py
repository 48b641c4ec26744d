"""What a page writes does not depend on how its console draws."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from perpend.reports.terminal.page import TerminalPage

PARAGRAPHS = [
    ["short"],
    [],
    [""],
    ["x" * 40, " ", "y" * 70],
    ["ends with blanks   "],
    ["ends with many blanks" + " " * 90],
    ["one\ntwo"],
    ["tab\tbehind"],
    ["wide: 漢字 " * 12],
    ["é" * 40],
    [("bold", "bold"), " [not markup]"],
]


@pytest.mark.parametrize("first", ["", "  → "])
@pytest.mark.parametrize("parts", PARAGRAPHS)
def test_letters_alone_are_written_as_rich_would_draw_them(first: str, parts: list[str]) -> None:
    written, drawn = io.StringIO(), io.StringIO()
    for stream, recorded in ((written, False), (drawn, True)):
        page = TerminalPage(Console(file=stream, width=60, color_system=None, record=recorded))
        page.line(*parts, first=first, style="cyan")
        page.blank()
        page.whole("x" * 200)
    assert drawn.getvalue() == written.getvalue()
