"""Markdown in, lines of a terminal out. Refuses to know what the text is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markdown import Markdown

if TYPE_CHECKING:
    from rich.console import Console


def print_markdown(text: str, console: Console) -> None:
    """Print Markdown; what is no terminal gets no blanks at the ends of lines."""
    page = Markdown(text, hyperlinks=False)
    if console.is_terminal:
        console.print(page)
        return
    with console.capture() as captured:
        console.print(page)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)
