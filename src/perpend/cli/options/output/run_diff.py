"""What is otherwise in one run than in another in, written in the form that options ask for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from perpend.cli.options.format import is_told, write_told
from perpend.cli.options.output.rows import write_row_form
from perpend.cli.options.streams import output_stream, terminal

if TYPE_CHECKING:
    from perpend.cli.options.format import FormatOptions
    from perpend.core.objects.status import Status
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.reports.terminal.history.finding import HistoryAnnotations
    from perpend.reports.terminal.history.run_diff import Difference


def tells_findings(asked: FormatOptions) -> bool:
    """Whether a comparison is written as findings, beside which stands how many verdicts of each policy are known."""
    return is_told(asked.form) and asked.form != "markdown"


def write_difference(
    difference: Difference,
    head: HistoryManifest,
    known: dict[str, dict[Status, int]],
    said: HistoryAnnotations,
    asked: FormatOptions,
    limit: int,
) -> None:
    """Write what is otherwise; ``known`` are each policy's counts after the later run. People are shown ``limit`` of a kind."""
    from perpend.reports.terminal.history.run_diff import print_difference, write_difference_json, write_difference_markdown

    if asked.form == "text":
        with terminal(asked.out) as console:
            print_difference(difference, console, limit=limit)
        return
    if tells_findings(asked):
        from perpend.reports.terminal.history.finding import NO_NEWS, differences_told, run_of_history

        run = run_of_history(head, datetime.fromisoformat(difference.after.time), known, said)
        write_told(run, differences_told(difference.rows, run, head, said), asked, old=NO_NEWS)
        return
    with output_stream(asked.out) as stream:
        if asked.form == "json":
            write_difference_json(difference, stream)
        elif asked.form == "markdown":
            write_difference_markdown(difference, stream, limit=limit)
        else:
            write_row_form(asked.form, difference.columns, difference.rows, stream)
