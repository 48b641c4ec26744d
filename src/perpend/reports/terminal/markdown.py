"""Markdown in, lines of a terminal out. Refuses to know what the text is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.markdown import CodeBlock, ListItem, Markdown
from rich.segment import Segment
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


class _UnbrokenItem(ListItem):
    """An item of a list whose code goes on beyond the width, too: rich's own cuts it off there."""

    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._behind(Segment(" • ", console.get_style("markdown.item.bullet")), console, options)

    def render_number(self, console: Console, options: ConsoleOptions, number: int, last_number: int) -> RenderResult:
        numeral = f"{number} ".rjust(len(str(last_number)) + 2)
        yield from self._behind(Segment(numeral, console.get_style("markdown.item.number")), console, options)

    def _behind(self, head: Segment, console: Console, options: ConsoleOptions) -> RenderResult:
        narrower = options.update(width=options.max_width - len(head.text))
        for number, line in enumerate(Segment.split_lines(console.render(self.elements, narrower))):
            yield Segment(" " * len(head.text), head.style) if number else head
            yield from line
            yield Segment.line()


class _Unbroken(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _UnbrokenCode,
        "code_block": _UnbrokenCode,
        "list_item_open": _UnbrokenItem,
    }
