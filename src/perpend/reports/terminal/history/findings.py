"""Print the findings of a history, by policy, by priority, or run by run, and write rows as JSON."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.findings.history.model import State, in_words
from perpend.findings.severity.levels import DEFAULT_NOTE, DEFAULT_SOURCE
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

Row = dict[str, Any]

_MARKS: Final = {
    State.OPEN: Status.INCOMPLIANT,
    State.UNCONFIRMED: Status.UNDETERMINED,
    State.UNKNOWN: Status.UNDETERMINED,
    State.RESOLVED: Status.COMPLIANT,
    State.RESOURCE_DELETED: Status.DISAPPEARED,
    State.POLICY_REMOVED: Status.INAPPLICABLE,
}


def rows_in(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]]) -> Iterator[Row]:
    """Yield rows by the names of their columns."""
    for batch in batches:
        for row in batch:
            yield dict(zip(columns, row, strict=True))


def print_findings(rows: Sequence[Row], console: Console, *, more: bool) -> None:
    """Print findings by policy, each with its age, and their number."""
    page = TerminalPage(console)
    for policy, of_policy in groupby(sorted(rows, key=lambda row: row["policy_id"]), key=lambda row: row["policy_id"]):
        page.line((page.name(policy), "bold"))
        for row in of_policy:
            _print_finding(row, page)
        page.blank()
    count = counted(len(rows), "finding")
    page.line(f"{count} shown, there are more: use --limit for more, --format csv for all" if more else count)
    if any(row.get("rated_by") == DEFAULT_SOURCE for row in rows):
        page.line((page.prose(DEFAULT_NOTE), "dim"))


def _print_finding(row: Row, page: TerminalPage) -> None:
    state = State(row["life"])
    parts = [in_words(state)]
    if row["open_since"] is not None:
        parts.append(f"since {day(row['open_since'])}" if row["ended_at"] is None else _span(row))
    if state is State.UNCONFIRMED and row["last_known_at"] is not None:
        parts.append(f"last known {day(row['last_known_at'])}")
    if row["episodes"] > 1:
        parts.append(f"episode {row['episodes']}")
    parts.append(f"last seen {day(row['last_seen'])}")
    if row.get("severity"):
        parts.append(f"{'would be ' if row['status'] == Status.UNDETERMINED else ''}{row['severity']}")
    if row.get("waiver"):
        until = f"until {row['waived_until']}" if row["waived_until"] else "without an end"
        parts.append(f"waived {until} by {page.name(row['waiver'])}")
    where = f" in {page.name(row['account'])}" if row["account"] else ""
    page.line(
        (page.name(row["object_name"] or row["object_id"]), ""), f"{where}: {', '.join(parts)}", first=f"  {mark(state, page)} "
    )


def _span(row: Row) -> str:
    """Return the days on which a finding opened and ended. After a gap in the runs, the end lies between two days."""
    between = row["last_known_at"] is not None and row["last_known_at"] < row["ended_at"]
    ended = f"between {day(row['last_known_at'])} and {day(row['ended_at'])}" if between else day(row["ended_at"])
    return f"open from {day(row['open_since'])}, ended {ended}"


def print_story(what: str, name: str, rows: Sequence[Row], console: Console) -> None:
    """Print the events of a finding, a policy or an object, run by run."""
    page = TerminalPage(console)
    page.line((f"{what} {page.name(name)}", "bold"))
    events = [row for row in rows if row["event"] is not None]
    for (number, time), of_run in groupby(events, key=lambda row: (row["run"], row["time"])):
        page.blank()
        page.line((f"run {number}, {day(time)}", "bold"))
        for row in of_run:
            named = page.name(row["object_name"] or row["object_id"])
            before = f"{row['before']} {row['before_index']}" if row["before"] else "not known"
            page.line(
                (in_words(row["event"]), "bold"),
                f" {named}, {page.name(row['policy_id'])}: {before} {page.arrow} {row['after']} {row['after_index']}"
                f" ({in_words(row['cause'])})",
                first="  ",
                rest="    ",
            )
    if others := len(rows) - len(events):
        page.blank()
        page.line(f"{counted(others, 'verdict')} changed without an event: --format json shows them")


def day(time: datetime) -> str:
    """Return the day of a time."""
    return f"{time:%Y-%m-%d}"


def mark(state: State, page: TerminalPage) -> str:
    """Return the symbol of a state."""
    status = _MARKS.get(state)
    return page.symbol(status) if status else " "


def plain(row: Mapping[str, Any]) -> Row:
    """Return a row for JSON, with times as ISO 8601 in UTC."""
    return {name: value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value for name, value in row.items()}


def print_priorities(rows: Sequence[dict[str, Any]], console: Console, *, more: bool) -> None:
    """Print findings in their order, each with the reason for its priority, and their number."""
    page = TerminalPage(console)
    for row in rows:
        state = State(row["life"])
        where = f" in {page.name(row['account'])}" if row["account"] else ""
        reason = page.name(row["reason"]) if row["reason"] is not None else state.value
        named = page.name(row["object_name"] or row["object_id"])
        page.line(
            (named, "bold"), f"{where}: {reason}", first=f"{row['priority'] or '':>4} {mark(state, page)} ", rest="       "
        )
        until = f", waived until {row['waived_until']}" if row["waived_until"] else ", waived without an end"
        by = f"{until} by {page.name(row['waiver'])}" if row["waiver"] else ""
        page.line((page.name(row["policy_id"]), "dim"), by, first="       ")
    page.blank()
    count = counted(len(rows), "finding")
    page.line(f"{count} shown, there are more: use --limit for more, --format csv for all" if more else count)
    if any(row.get("rated_by") == DEFAULT_SOURCE for row in rows):
        page.line((page.prose(DEFAULT_NOTE), "dim"))
