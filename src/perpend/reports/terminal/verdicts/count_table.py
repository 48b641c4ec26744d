"""Print a table of counts: the number of verdicts of each status, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import display_width
from perpend.core.objects.status import Status
from perpend.reports.terminal.page import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.reports.terminal.page import TerminalPage

SHORT: Final = {
    Status.COMPLIANT: "compl.",
    Status.INCOMPLIANT: "incompl.",
    Status.INAPPLICABLE: "inappl.",
    Status.UNDETERMINED: "undet.",
    Status.DISAPPEARED: "disapp.",
}
"""Headings for narrow terminals."""

_WIDE: Final = 100
_NARROW: Final = 64
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class CountRow:
    """A row of counts. ``mark``, in a style, is printed before the name, ``below`` on lines below it."""

    name: str
    counts: Mapping[Status, int]
    below: tuple[str, ...] = ()
    mark: str = ""
    style: str = ""


def print_counts(rows: Sequence[CountRow], page: TerminalPage, heading: str, statuses: Sequence[Status]) -> None:
    """Print the table, with a paragraph per row on a narrow page. The column of disappeared verdicts is optional."""
    statuses = [status for status in statuses if status is not Status.DISAPPEARED or any(row.counts[status] for row in rows)]
    if page.width < _NARROW:
        for row in rows:
            _print_paragraph(row, statuses, page)
        return
    headings = [status.value.lower() if page.width >= _WIDE else SHORT[status] for status in statuses]
    widths = [
        max(len(heading), *(len(f"{row.counts[status]:,}") for row in rows))
        for heading, status in zip(headings, statuses, strict=True)
    ]
    room = page.width - sum(widths) - _GAP * len(widths)
    page.put(_row(Text(heading, "bold"), room, [Text(heading, "bold") for heading in headings], widths))
    for row in rows:
        numbers = [_number(row.counts[status], status) for status in statuses]
        first, *others = Text(page.prose(row.name)).wrap(page.console, room - display_width(row.mark))
        page.put(_row(Text.assemble((row.mark, row.style), first), room, numbers, widths))
        for line in others:
            line.rstrip()
            page.put(Text.assemble(" " * display_width(row.mark), line))
        _print_below(row, page)


def count_text(number: int, status: Status) -> tuple[str, str]:
    """Return a number of verdicts and its status in words, with the style. Zeros are dim."""
    return f"{number:,} {status.value.lower()}", STYLES[status] if number else "dim"


def _print_paragraph(row: CountRow, statuses: Sequence[Status], page: TerminalPage) -> None:
    page.line(page.prose(row.name), first=row.mark, style=row.style)
    _print_below(row, page)
    for status in statuses:
        if number := row.counts[status]:
            words, style = count_text(number, status)
            page.line((f"{page.symbol(status)} {words}", style), first="  ")


def _print_below(row: CountRow, page: TerminalPage) -> None:
    for text in row.below:
        page.line((page.name(text), "dim"), first="  ")


def _row(name: Text, room: int, numbers: Sequence[Text], widths: Sequence[int]) -> Text:
    name.rstrip()
    line = name + Text(" " * (room - display_width(name.plain)))
    for number, width in zip(numbers, widths, strict=True):
        line.append(" " * (_GAP + width - len(number))).append_text(number)
    return line


def _number(number: int, status: Status) -> Text:
    return Text(f"{number:,}", STYLES[status] if number else "dim")
