"""A query for findings in, written in the form that options ask for: a table, JSON, lines, CSV, or a format of others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from perpend.cli.options.format import FormatOptions, is_told, write_told
from perpend.cli.options.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.findings.history.queries.findings import Query
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.reports.formats.exchange.finding import ReportedRun
    from perpend.reports.terminal.history.finding import HistoryAnnotations
    from perpend.reports.terminal.history.findings import Row

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """How findings are written: the options that say so."""

    asked: FormatOptions
    limit: int
    order: str

    @property
    def views(self) -> tuple[str, ...]:
        """Views of a history that the form needs."""
        return ("finding", "ledger") if is_told(self.asked.form) else ("finding",)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the form needs beside those of findings."""
        from perpend.reports.terminal.history.finding import CHANGED_IN

        return (CHANGED_IN,) if is_told(self.asked.form) else ()

    def write(self, connection: Connection, query: Query, place: HistoryStorage, said: HistoryAnnotations) -> None:
        """Write what a query finds."""
        from perpend.reports.terminal.history.findings import rows_in, write_rows
        from perpend.reports.terminal.inventory.answer import write_answer_csv

        form, told = self.asked.form, is_told(self.asked.form)
        run = _run(connection, place, said) if told else None
        connection.execute(*query)
        columns = [str(column[0]) for column in connection.description or ()]
        batches = _batches(connection)
        if run is not None:
            from perpend.reports.terminal.history.finding import findings_told

            write_told(run, findings_told(rows_in(columns, batches), run, place.head(), said), self.asked)
            return
        if form == "table":
            self._print(rows_in(columns, batches))
            return
        with output_stream(self.asked.out) as stream:
            if form == "csv":
                write_answer_csv(columns, batches, stream)
            else:
                write_rows(rows_in(columns, batches), stream, lines=form == "ndjson")

    def _print(self, rows: Iterator[Row]) -> None:
        from perpend.reports.terminal.history.findings import print_findings
        from perpend.reports.terminal.history.priorities import print_priorities

        shown = list(islice(rows, self.limit))
        with terminal(self.asked.out) as console:
            printed = print_priorities if self.order == "priority" else print_findings
            printed(shown, console, more=next(rows, None) is not None)


def _batches(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.fetchmany(_AT_ONCE):
        yield rows


def _run(connection: Connection, place: HistoryStorage, said: HistoryAnnotations) -> ReportedRun:
    """Return what findings of a history have in common, as of its newest run."""
    from perpend.cli.options.severity import time_of
    from perpend.findings.history.compliance import counts_among
    from perpend.reports.terminal.history.finding import run_of_history

    head = place.head()
    return run_of_history(head, time_of(head), counts_among(connection, head), said)
