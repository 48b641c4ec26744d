"""A query for findings in, written in the form that options ask for: a table, JSON, lines or CSV."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from perpend.cli.output import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.history.ask.questions import Query
    from perpend.recount.findings import Row
    from perpend.store.database import Connection

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ListingAsked:
    """How findings are written: the options that say so."""

    form: str
    limit: int
    out: str | None
    order: str

    def write(self, connection: Connection, query: Query) -> None:
        """Write what a query finds."""
        from perpend.recount.findings import rows_in, write_rows
        from perpend.report.store.answer import write_answer_csv

        connection.execute(*query)
        columns = [str(one[0]) for one in connection.description or ()]
        batches = _batches(connection)
        if self.form == "table":
            self._print(rows_in(columns, batches))
            return
        with output_stream(self.out) as stream:
            if self.form == "csv":
                write_answer_csv(columns, batches, stream)
            else:
                write_rows(rows_in(columns, batches), stream, lines=self.form == "ndjson")

    def _print(self, rows: Iterator[Row]) -> None:
        from perpend.recount.findings import print_findings
        from perpend.recount.priorities import print_priorities

        shown = list(islice(rows, self.limit))
        with terminal(self.out) as console:
            printed = print_priorities if self.order == "priority" else print_findings
            printed(shown, console, more=next(rows, None) is not None)


def _batches(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.fetchmany(_AT_ONCE):
        yield rows
