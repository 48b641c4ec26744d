"""Write findings of a history, and differences between runs, in the format that the options name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from perpend.cli.options.severity import time_of
from perpend.findings.history.compliance import newest_counts_in
from perpend.findings.history.queries.findings import CONDITION, TEXT_COLUMNS, texts_of_conditions
from perpend.reports.formats.write import FormatOptions, lists_history_findings, write_history_findings
from perpend.reports.streams import output_stream, terminal
from perpend.reports.terminal.history.findings import rows_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.core.objects.status import Status
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import FindingList
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.severity.groups import FindingGroup
    from perpend.inventory.snapshots.database import Connection
    from perpend.reports.formats.finding import ReportedRun
    from perpend.reports.terminal.history.finding import HistoryAnnotations
    from perpend.reports.terminal.history.findings import Row
    from perpend.reports.terminal.history.run_diff import Difference

_BATCH = 1_000
"""How many rows are fetched at once."""


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
        """The views of the history that the format needs."""
        return ("finding", "ledger") if lists_history_findings(self.options.form) else ("finding",)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the format needs in addition to those of findings."""
        from perpend.reports.terminal.history.finding import CHANGED_IN

        return (CHANGED_IN,) if lists_history_findings(self.options.form) else ()

    @property
    def most(self) -> int | None:
        """How many findings are needed, None for all. The table says whether there are more than it shows."""
        return self.limit + 1 if self.options.form == "table" else None

    def write(
        self,
        connection: Connection,
        findings: FindingList,
        place: HistoryStorage,
        said: HistoryAnnotations,
        groups: Sequence[FindingGroup],
    ) -> None:
        """Write findings. ``groups`` are their groups by severity and policy."""
        from perpend.reports.terminal.history.finding_lines import write_finding_lines

        form, is_list = self.options.form, lists_history_findings(self.options.form)
        if not is_list and form != "table":
            with output_stream(self.options.out) as stream:
                write_finding_lines(connection, findings, form, stream)
            return
        if not is_list:
            connection.execute(*findings.query(self.most))
            self._print(list(rows_in(findings.columns, _batches(connection))), groups, said, place.head())
            return
        from perpend.reports.terminal.history.finding import history_findings

        run, rows = _run(connection, place, said), _rows_with_texts(connection, findings)
        write_history_findings(run, history_findings(rows, run, place.head(), said), self.options, said.repository)

    def _print(
        self, rows: Sequence[Row], groups: Sequence[FindingGroup], said: HistoryAnnotations, head: HistoryManifest
    ) -> None:
        from perpend.reports.terminal.history.findings import print_finding_lines, print_findings

        shown = rows[: self.limit]
        note = said.ratings.note(row["policy_id"] for row in shown)
        with terminal(self.options.out) as console:
            if self.order == "severity":
                newest = time_of(head) if len(head.runs) > 1 else None
                rated = bool(said.ratings.by_policy)
                print_findings(shown, groups, console, self.accounts, rated=rated, newest=newest, note=note)
            else:
                print_finding_lines(shown, console, self.accounts, said.title_of, more=len(rows) > self.limit, note=note)


def _rows_with_texts(connection: Connection, findings: FindingList) -> Iterator[Row]:
    """Yield findings with the texts of their conditions, which are not read with each of them."""
    texts = texts_of_conditions(connection)
    columns = [column for column in findings.columns if column not in TEXT_COLUMNS]
    unknown = (None,) * len(TEXT_COLUMNS)
    connection.execute(*findings.query_of([*columns, *CONDITION]))
    for row in rows_in((*columns, *CONDITION), _batches(connection)):
        condition = row["policy_no"], row["condition_index"]
        yield row | dict(zip(TEXT_COLUMNS, texts.get(condition, unknown), strict=True))


def _batches(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.fetchmany(_BATCH):
        yield rows


def _run(connection: Connection, place: HistoryStorage, said: HistoryAnnotations) -> ReportedRun:
    """Return the facts that all findings of the newest run share."""
    from perpend.reports.terminal.history.finding import history_run

    head = place.head()
    return history_run(head, time_of(head), newest_counts_in(connection, head), said)


def writes_counts(options: FormatOptions) -> bool:
    """Whether the format of a comparison needs the counts of each policy."""
    return lists_history_findings(options.form) and options.form != "markdown"


def write_difference(
    difference: Difference,
    head: HistoryManifest,
    counts: dict[str, dict[Status, int]],
    said: HistoryAnnotations,
    options: FormatOptions,
    limit: int,
    accounts: Mapping[str, Account],
) -> None:
    """Write a comparison of two runs. ``counts`` are each policy's after the later run.

    ``limit`` and ``accounts``, those of the configuration, are for text and Markdown.
    """
    from perpend.reports.terminal.history.run_diff import print_difference, write_difference_json, write_difference_markdown

    if options.form == "text":
        with terminal(options.out) as console:
            print_difference(difference, console, limit=limit, accounts=accounts, title_of=said.title_of)
        return
    if writes_counts(options):
        from perpend.reports.terminal.history.finding import NO_NEWS, changed_findings, history_run

        run = history_run(head, datetime.fromisoformat(difference.after.time), counts, said)
        write_history_findings(run, changed_findings(difference.rows, run, head, said), options, said.repository, old=NO_NEWS)
        return
    with output_stream(options.out) as stream:
        if options.form == "json":
            write_difference_json(difference, stream)
        elif options.form == "markdown":
            write_difference_markdown(difference, stream, limit=limit, accounts=accounts, title_of=said.title_of)
        else:
            write_rows_as(options.form, difference.columns, difference.rows, stream)


def write_rows_as(form: str, columns: Sequence[str], rows: Sequence[Row], stream: TextIO) -> None:
    """Write rows with these columns, in this order, as CSV, NDJSON or JSON."""
    from perpend.reports.terminal.history.findings import plain
    from perpend.reports.terminal.inventory import write_answer_csv

    if form == "csv":
        write_answer_csv(columns, [[tuple(row.values()) for row in rows]], stream)
    elif form == "ndjson":
        stream.writelines(f"{json.dumps(plain(row), ensure_ascii=False)}\n" for row in rows)
    else:
        json.dump([plain(row) for row in rows], stream, ensure_ascii=False, indent=1)
        stream.write("\n")
