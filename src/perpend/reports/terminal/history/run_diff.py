"""Print the differences between two runs, as text, JSON or Markdown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import cell, table_head, table_row
from perpend.findings.history.model import Event, in_words
from perpend.reports.formats.markdown import write_comment
from perpend.reports.terminal.history.findings import Row, plain
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.findings.history.manifest import Run

_ORDER: Final = (
    *(Event.OPENED, Event.REOPENED, Event.BECAME_UNKNOWN, Event.RECONFIRMED, Event.CHANGED),
    *(Event.RESOLVED, Event.RESOURCE_DELETED, Event.POLICY_REMOVED),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs with their numbers of evaluated and known verdicts, and the findings that differ, with ``what`` and ``cause``.

    ``columns`` are the columns of the rows, in their order.
    """

    before: Run
    after: Run
    evaluated: tuple[tuple[int, int], tuple[int, int]]
    rows: Sequence[Row]
    columns: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind, the most important first."""
        counted = Counter(row["what"] for row in self.rows)
        return {event.value: counted[event.value] for event in _ORDER if counted[event.value]}


def print_difference(difference: Difference, console: Console, *, limit: int) -> None:
    """Print the findings that differ, by kind."""
    page = TerminalPage(console)
    for name, run, (evaluated, known) in zip(
        ("before", "after "), (difference.before, difference.after), difference.evaluated, strict=True
    ):
        page.line(f"{name} run {run.number}, {run.time[:10]}: {evaluated:,} of {known:,} known verdicts evaluated")
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
            page.line(f"{number - limit:,} more: use --limit", first="  ")
    if not difference.rows:
        page.blank()
        page.line("no finding changed")


def write_difference_json(difference: Difference, stream: TextIO) -> None:
    """Write an object with both runs, the counts, and a row per finding."""
    document: dict[str, Any] = {
        name: {"run": run.number, "snapshot": run.snapshot, "time": run.time, "judged": evaluated, "known": known}
        for name, run, (evaluated, known) in zip(
            ("before", "after"), (difference.before, difference.after), difference.evaluated, strict=True
        )
    }
    document |= {"counts": difference.counts, "findings": [plain(row) for row in difference.rows]}
    json.dump(document, stream, ensure_ascii=False, indent=1)
    stream.write("\n")


def write_difference_markdown(difference: Difference, stream: TextIO, *, limit: int) -> None:
    """Write a comment for a review, of limited length."""
    write_comment(_markdown_lines(difference, limit), stream)


def _markdown_lines(difference: Difference, limit: int) -> Iterator[str]:
    yield f"<!-- perpend:diff -->\n### Findings: run {difference.before.number} to run {difference.after.number}\n\n"
    yield table_head("what", "findings:")
    yield from (table_row(in_words(what), f"{number:,}") for what, number in difference.counts.items())
    if not difference.rows:
        yield table_row("nothing changed", "0")
        return
    yield f"\n{table_head('what', 'object', 'policy', 'cause')}"
    for row in difference.rows[:limit]:
        cause = f"{in_words(row['cause'])}{cell(_waived(row))}"
        named = cell(row["object_name"] or row["object_id"])
        yield table_row(in_words(row["what"]), named, cell(row["policy_id"]), cause)
    if len(difference.rows) > limit:
        yield f"\n{len(difference.rows) - limit:,} more.\n"


def _waived(row: Row) -> str:
    return f", waived by {visible(row['waiver'])}" if row.get("waiver") else ""
