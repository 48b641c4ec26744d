"""Print Markdown in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.markdown import CodeBlock, ListItem, Markdown
from rich.segment import Segment
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import MarkdownElement


def print_markdown(text: str, console: Console) -> None:
    """Print Markdown. Commands are not wrapped; without a terminal, lines have no trailing blanks."""
    page = _Unbroken(text, hyperlinks=False)
    if console.is_terminal:
        console.print(page, crop=False)
        return
    with console.capture() as captured:
        console.print(page, crop=False)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


class _UnbrokenCode(CodeBlock):
    """Code that is not wrapped, because a wrapped command cannot be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = str(self.text).rstrip().split("\n")
        yield Text("\n".join(f" {line}" for line in lines), "markdown.code_block", no_wrap=True, overflow="ignore")


class _UnbrokenItem(ListItem):
    """An item of a list whose code may exceed the width. The item of rich cuts it off."""

    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._after(Segment(" • ", console.get_style("markdown.item.bullet")), console, options)

    def render_number(self, console: Console, options: ConsoleOptions, number: int, last_number: int) -> RenderResult:
        numeral = f"{number} ".rjust(len(str(last_number)) + 2)
        yield from self._after(Segment(numeral, console.get_style("markdown.item.number")), console, options)

    def _after(self, head: Segment, console: Console, options: ConsoleOptions) -> RenderResult:
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
