"""Tallies in, a table of policies out: how many objects have each status. Refuses to know the objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.diagnostics.escape import display_width
from perpend.ir.status import Status
from perpend.report.explanation import STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.report.page import TerminalPage
    from perpend.report.verdicts.tally import PolicyTally

SHORT: Final = {
    Status.COMPLIANT: "compl.",
    Status.INCOMPLIANT: "incompl.",
    Status.INAPPLICABLE: "inappl.",
    Status.UNDETERMINED: "undet.",
    Status.DISAPPEARED: "gone",
}
"""Headings where whole words do not fit."""

_WIDE: Final = 100
_NARROW: Final = 64
_GAP: Final = 2


def print_policies(tallies: Sequence[PolicyTally], page: TerminalPage) -> None:
    """Print the table. On a narrow page each policy is a paragraph. A column of nothing but disappeared zeros is left out."""
    statuses = [
        status for status in Status if status is not Status.DISAPPEARED or any(tally.counts[status] for tally in tallies)
    ]
    if page.width < _NARROW:
        for tally in tallies:
            _print_paragraph(tally, statuses, page)
        return
    headings = [status.value.lower() if page.width >= _WIDE else SHORT[status] for status in statuses]
    widths = [
        max(len(heading), *(len(f"{tally.counts[status]:,}") for tally in tallies))
        for heading, status in zip(headings, statuses, strict=True)
    ]
    room = page.width - sum(widths) - _GAP * len(widths)
    page.put(_row(Text("policy", "bold"), room, [Text(heading, "bold") for heading in headings], widths))
    for tally in tallies:
        numbers = [_number(tally.counts[status], status) for status in statuses]
        first, *others = Text(page.prose(tally.policy.contextual_name)).wrap(page.console, room)
        page.put(_row(first, room, numbers, widths))
        for line in others:
            line.rstrip()
            page.put(line)
        page.line((page.name(tally.policy.id), "dim"), first="  ")


def count_text(number: int, status: Status) -> tuple[str, str]:
    """Return a number of verdicts and its status in words, with the style; zeros are dim."""
    return f"{number:,} {status.value.lower()}", STYLES[status] if number else "dim"


def _print_paragraph(tally: PolicyTally, statuses: Sequence[Status], page: TerminalPage) -> None:
    page.line(page.prose(tally.policy.contextual_name))
    page.line((page.name(tally.policy.id), "dim"), first="  ")
    for status in statuses:
        if number := tally.counts[status]:
            words, style = count_text(number, status)
            page.line((f"{page.symbol(status)} {words}", style), first="  ")


def _row(name: Text, room: int, numbers: Sequence[Text], widths: Sequence[int]) -> Text:
    name.rstrip()
    line = name + Text(" " * (room - display_width(name.plain)))
    for number, width in zip(numbers, widths, strict=True):
        line.append(" " * (_GAP + width - len(number))).append_text(number)
    return line


def _number(number: int, status: Status) -> Text:
    return Text(f"{number:,}", STYLES[status] if number else "dim")
