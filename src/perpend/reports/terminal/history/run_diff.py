"""What is otherwise in one run than in another in; text, JSON or Markdown out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.findings.history.model import Event, in_words
from perpend.reports.formats.exchange.markdown import MOST
from perpend.reports.terminal.history.findings import Row, plain
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.findings.history.manifest import Run

_ORDER: Final = (
    *(Event.OPENED, Event.REOPENED, Event.BECAME_UNKNOWN, Event.RECONFIRMED, Event.CHANGED),
    *(Event.RESOLVED, Event.RESOURCE_DELETED, Event.POLICY_REMOVED),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs, what of each was judged and known, and the findings that are otherwise, each with ``what`` and ``cause``.

    ``columns`` are those of the rows, which hold them in this order.
    """

    before: Run
    after: Run
    judged: tuple[tuple[int, int], tuple[int, int]]
    rows: Sequence[Row]
    columns: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind, in the order of their weight."""
        counted = Counter(row["what"] for row in self.rows)
        return {event.value: counted[event.value] for event in _ORDER if counted[event.value]}


def print_difference(difference: Difference, console: Console, *, limit: int) -> None:
    """Print what is otherwise, by kind."""
    page = TerminalPage(console)
    for name, run, (judged, known) in zip(
        ("before", "after "), (difference.before, difference.after), difference.judged, strict=True
    ):
        page.line(f"{name} run {run.number}, {run.time[:10]}: {judged:,} of {known:,} known verdicts judged")
    for what, number in difference.counts.items():
        page.blank()
        page.line((f"{in_words(what)} ({number:,})", "bold"))
        rows = [row for row in difference.rows if row["what"] == what]
        for row in rows[:limit]:
            named = page.name(row["object_name"] or row["object_id"])
            where = f" in {page.name(row['account'])}" if row["account"] else ""
            cause = in_words(row["cause"])
            page.line(f"{named}{where}, {page.name(row['policy_id'])} ({cause}){_waived(row)}", first="  ", rest="    ")
        if number > limit:
            page.line(f"{number - limit:,} more: --limit shows them", first="  ")
    if not difference.rows:
        page.blank()
        page.line("no finding is otherwise")


def write_difference_json(difference: Difference, stream: TextIO) -> None:
    """Write one object: both runs, the counts, a row per finding."""
    document: dict[str, Any] = {
        name: {"run": run.number, "snapshot": run.snapshot, "time": run.time, "judged": judged, "known": known}
        for name, run, (judged, known) in zip(
            ("before", "after"), (difference.before, difference.after), difference.judged, strict=True
        )
    }
    document |= {"counts": difference.counts, "findings": [plain(row) for row in difference.rows]}
    json.dump(document, stream, ensure_ascii=False, indent=1)
    stream.write("\n")


def write_difference_markdown(difference: Difference, stream: TextIO, *, limit: int) -> None:
    """Write tables for a review, as a comment that has room for itself."""
    write_comment(_markdown_lines(difference, limit), stream)


def write_comment(lines: Iterable[str], stream: TextIO) -> None:
    """Write the lines of a comment for as long as there is room, and how many there is none for."""
    room, left_out = MOST - 100, 0
    for line in lines:
        if left_out or len(line) > room:
            left_out += 1
            continue
        room -= len(line)
        stream.write(line)
    if left_out:
        stream.write(f"\n{left_out:,} more lines, which this comment has no room for.\n")


def _markdown_lines(difference: Difference, limit: int) -> Iterator[str]:
    yield f"<!-- perpend:diff -->\n### Findings: run {difference.before.number} to run {difference.after.number}\n\n"
    yield "| what | findings |\n| --- | ---: |\n"
    yield from (f"| {in_words(what)} | {number:,} |\n" for what, number in difference.counts.items())
    if not difference.rows:
        yield "| nothing is otherwise | 0 |\n"
        return
    yield "\n| what | object | policy | cause |\n| --- | --- | --- | --- |\n"
    for row in difference.rows[:limit]:
        cause = f"{in_words(row['cause'])}{cell(_waived(row))}"
        named = cell(row["object_name"] or row["object_id"])
        yield f"| {in_words(row['what'])} | {named} | {cell(row['policy_id'])} | {cause} |\n"
    if len(difference.rows) > limit:
        yield f"\n{len(difference.rows) - limit:,} more.\n"


def _waived(row: Row) -> str:
    return f", waived by {visible(row['waiver'])}" if row.get("waiver") else ""


_MARKDOWN: Final = str.maketrans({sign: f"&#{ord(sign)};" for sign in "|\\`*_[]<>&!#~@:\n\r"})


def cell(text: str) -> str:
    """Return a text from outside as a cell of a Markdown table: nothing in it is markup, and no mention or link comes of it."""
    from_outside = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return from_outside.translate(_MARKDOWN)
