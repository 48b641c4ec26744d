"""Write findings of a history, and differences between runs, in the format that the options name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.findings.history.compliance import newest_counts_in
from perpend.findings.history.queries.findings import batches_of, rows_in
from perpend.reports.formats.write import FormatOptions, lists_history_findings, write_history_findings
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import Row
    from perpend.findings.list_findings import ListedFindings
    from perpend.findings.run_diff import Difference
    from perpend.reports.terminal.history.finding import HistoryAnnotations


@dataclass(frozen=True, slots=True)
class FindingsWriter:
    """Writes the findings of a query.

    ``limit`` is for the table; ``order`` is ``severity``, ``age`` or ``priority``; ``accounts`` are those of the configuration.
    """

    options: FormatOptions
    limit: int
    order: str
    accounts: Mapping[str, Account]

    @property
    def views(self) -> tuple[str, ...]:
        """The views of the history that the format needs in addition to those of findings."""
        return ("ledger",) if lists_history_findings(self.options.form) else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the format needs in addition to those of findings."""
        from perpend.reports.terminal.history.finding import CHANGED_IN

        return (CHANGED_IN,) if lists_history_findings(self.options.form) else ()

    @property
    def most(self) -> int | None:
        """How many findings are needed, None for all. The table says whether there are more than it shows."""
        return self.limit + 1 if self.is_table else None

    @property
    def is_table(self) -> bool:
        """Whether the findings are printed for people."""
        return self.options.form == "table"

    def write(self, listed: ListedFindings, history_annotations: HistoryAnnotations) -> None:
        """Write findings."""
        from perpend.reports.terminal.history.finding_lines import write_finding_lines

        connection, findings = listed.connection, listed.findings
        if self.is_table:
            connection.execute(*findings.query(self.most))
            self._print(list(rows_in(findings.columns, batches_of(connection))), listed, history_annotations)
            return
        if not lists_history_findings(self.options.form):
            with output_stream(self.options.out) as stream:
                write_finding_lines(connection, findings, self.options.form, stream)
            return
        from perpend.reports.terminal.history.finding import history_findings, history_run

        head = listed.head
        run = history_run(head, head.time, newest_counts_in(connection, head), history_annotations)
        write_history_findings(
            run, history_findings(listed.rows(), run, head, history_annotations), self.options, history_annotations.repository
        )

    def _print(self, rows: Sequence[Row], listed: ListedFindings, history_annotations: HistoryAnnotations) -> None:
        from perpend.reports.terminal.history.findings import print_finding_lines, print_findings

        shown, head = rows[: self.limit], listed.head
        note = history_annotations.ratings.note(row["policy_id"] for row in shown)
        with terminal(self.options.out) as console:
            if self.order == "severity":
                newest = head.time if len(head.runs) > 1 else None
                rated = bool(history_annotations.ratings.by_policy)
                print_findings(
                    shown,
                    listed.groups,
                    console,
                    self.accounts,
                    history_annotations.name_of,
                    rated=rated,
                    newest=newest,
                    note=note,
                )
            else:
                print_finding_lines(
                    shown,
                    console,
                    self.accounts,
                    history_annotations.title_of,
                    history_annotations.name_of,
                    more=len(rows) > self.limit,
                    note=note,
                )


def writes_counts(options: FormatOptions) -> bool:
    """Whether the format of a comparison needs the counts of each policy."""
    return lists_history_findings(options.form) and options.form != "markdown"


def write_difference(
    difference: Difference,
    head: HistoryManifest,
    history_annotations: HistoryAnnotations,
    options: FormatOptions,
    limit: int,
    accounts: Mapping[str, Account],
) -> None:
    """Write a comparison of two runs. ``limit`` and ``accounts``, those of the configuration, are for text and Markdown."""
    from perpend.reports.terminal.history.run_diff import print_difference, write_difference_json, write_difference_markdown

    if options.form == "text":
        with terminal(options.out) as console:
            print_difference(
                difference,
                console,
                limit=limit,
                accounts=accounts,
                title_of=history_annotations.title_of,
                name_of=history_annotations.name_of,
            )
        return
    if writes_counts(options):
        from perpend.reports.terminal.history.finding import NO_NEWS, changed_findings, history_run

        run = history_run(head, datetime.fromisoformat(difference.after.time), difference.known, history_annotations)
        write_history_findings(
            run,
            changed_findings(difference.rows, run, head, history_annotations),
            options,
            history_annotations.repository,
            old=NO_NEWS,
        )
        return
    with output_stream(options.out) as stream:
        if options.form == "json":
            write_difference_json(difference, stream)
        elif options.form == "markdown":
            write_difference_markdown(difference, stream, limit=limit, accounts=accounts, title_of=history_annotations.title_of)
        else:
            write_rows_as(options.form, difference.columns, difference.rows, stream)


def write_rows_as(form: str, columns: Sequence[str], rows: Sequence[Row], stream: TextIO) -> None:
    """Write rows with these columns, in this order, as CSV, NDJSON or JSON."""
    from perpend.reports.terminal.history.findings import plain
    from perpend.reports.terminal.inventory import write_answer_csv

    if form == "csv":
        write_answer_csv(columns, [[tuple(row.values()) for row in rows]], stream)
    elif form == "ndjson":
        stream.writelines(f"{json.dumps(plain(row))}\n" for row in rows)
    else:
        json.dump([plain(row) for row in rows], stream, indent=1)
        stream.write("\n")
