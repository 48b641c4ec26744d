"""Markdown in, lines of a terminal out. Refuses to know what the text is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.markdown import CodeBlock, Markdown
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import MarkdownElement


def print_markdown(text: str, console: Console) -> None:
    """Print Markdown; what is no terminal gets no blanks at the ends of lines, and no command is broken into two."""
    page = _Unbroken(text, hyperlinks=False)
    if console.is_terminal:
        console.print(page, crop=False)
        return
    with console.capture() as captured:
        console.print(page, crop=False)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


class _UnbrokenCode(CodeBlock):
    """Code as it stands there: a command that was wrapped cannot be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = str(self.text).rstrip().split("\n")
        yield Text("\n".join(f" {line}" for line in lines), "markdown.code_block", no_wrap=True, overflow="ignore")


class _Unbroken(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _UnbrokenCode,
        "code_block": _UnbrokenCode,
    }
