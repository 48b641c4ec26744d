"""Print the findings of a history, by policy, one by one, or run by run, and write rows as JSON."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.findings.history.model import Cause, State, in_words
from perpend.findings.severity.groups import WAIVED
from perpend.reports.terminal.history.object_list import ObjectColumns, indent, policy_heading, shared
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

    from perpend.core.objects.account import Account
    from perpend.findings.history.queries.findings import Row
    from perpend.findings.severity.groups import RatedGroup
    from perpend.reports.terminal.history.finding import HistoryAnnotations

_MARKS: Final = {
    State.OPEN: Status.INCOMPLIANT,
    State.UNCONFIRMED: Status.UNDETERMINED,
    State.UNKNOWN: Status.UNDETERMINED,
    State.RESOLVED: Status.COMPLIANT,
    State.RESOURCE_DELETED: Status.DISAPPEARED,
    State.POLICY_REMOVED: Status.INAPPLICABLE,
}


def print_findings(
    rows: Sequence[Row],
    groups: Sequence[RatedGroup],
    console: Console,
    accounts: Mapping[str, Account],
    name_of: Callable[[str], str],
    *,
    rated: bool,
    newest: datetime | None,
    note: str = "",
) -> None:
    """Print findings by policy, and their numbers. If all findings are shown, their remediation is printed as well.

    ``rows`` are the first findings of the groups, in their order; ``groups`` are all. ``accounts`` are those of the
    configuration. ``rated``: some policy has a severity. ``note`` is the footnote on ratings. ``newest`` is the time of the
    newest run, None if it is the only one.
    """
    page = TerminalPage(console)
    columns = ObjectColumns.of(rows, page, accounts)
    since = shared(_since(row, newest) for row in rows)
    total = sum(group.number for group in groups)
    left = indent(rated=rated)
    by_group: dict[tuple[str | None, str], list[Row]] = {}
    for row in rows:
        by_group.setdefault((row["severity"], row["policy_id"]), []).append(row)
    for group, of_group in zip(groups, by_group.values(), strict=False):
        policy_heading(page, group.severity, group.title, name_of(group.policy_id), _states(group.states), rated=rated)
        for row in of_group:
            facts = [*([_since(row, newest)] if since is None else []), *_facts(row, page)]
            text = "  ".join([columns.text(row), ", ".join(filter(None, facts))]).rstrip()
            page.line(text, first=f"{left}{mark(State(row['life']), page)} ", rest=f"{left}  ")
        if group.number > len(of_group):
            page.line((f"{page.ellipsis} {group.number - len(of_group):,} more", "dim"), first=f"{left}  ")
        for remediation in dict.fromkeys(row["remediation_message"] for row in of_group) if total == len(rows) else ():
            if remediation:
                page.line(page.prose(remediation), first=f"{left}{page.arrow} ", style="cyan")
        page.blank()
    if not groups:
        page.line("no findings")
        return
    policies = f" in {counted(len({group.policy_id for group in groups}), 'policy', 'policies')}"
    states: Counter[str] = Counter()
    for group in groups:
        states.update(group.states)
    page.line(f"{_states(states, policies)}{f', all {since}' if since else ''}")
    if total > len(rows):
        page.line(f"{len(rows):,} of {total:,} shown: --limit shows more, --format csv writes all")
    if note:
        page.line((page.prose(note), "dim"))


def _states(states: Mapping[str, int], where: str = "") -> str:
    """Return the numbers of findings by state, with ``where`` after the first, and of those that are waived."""
    first, *others = (f"{states[state.value]:,} {in_words(state)}" for state in State if states.get(state.value))
    waived = f"{states[WAIVED]:,} waived" if states.get(WAIVED) else ""
    return ", ".join(filter(None, (f"{first}{where}", waived, *others)))


def _since(row: Row, newest: datetime | None = None) -> str:
    """Return since when a finding is open; empty if it is not."""
    if row["open_since"] is None or row["ended_at"] is not None:
        return ""
    return "new" if newest is not None and row["open_since"] >= newest else f"since {day(row['open_since'])}"


def _facts(row: Row, page: TerminalPage) -> list[str]:
    """Return the facts of a finding besides since when it is open."""
    state = State(row["life"])
    facts = [] if state is State.OPEN else [in_words(state)]
    if row["ended_at"] is not None and row["open_since"] is not None:
        facts.append(_span(row))
    if state is State.UNCONFIRMED and row["last_known_at"] is not None:
        facts.append(f"last known {day(row['last_known_at'])}")
    if row["episodes"] > 1:
        facts.append(f"episode {row['episodes']}")
    if row.get("waiver"):
        until = f"until {row['waived_until']}" if row["waived_until"] else "without an end"
        facts.append(f"waived {until} by {page.name(row['waiver'])}")
    return facts


def _span(row: Row) -> str:
    """Return the days on which a finding opened and ended. After a gap in the runs, the end lies between two days."""
    between = row["last_known_at"] is not None and row["last_known_at"] < row["ended_at"]
    when = f"between {day(row['last_known_at'])} and {day(row['ended_at'])}" if between else day(row["ended_at"])
    return f"open from {day(row['open_since'])}, ended {when}"


def print_story(
    what: str,
    name: str,
    rows: Sequence[Row],
    console: Console,
    accounts: Mapping[str, Account],
    notes_of: Callable[[int], HistoryAnnotations],
) -> None:
    """Print the events of a finding, a policy or an object, run by run. ``notes_of`` has the values of parameters in a run."""
    page = TerminalPage(console)
    columns = ObjectColumns.of(rows, page, accounts)
    page.line((f"{what} {page.name(name)}", "bold"))
    events = [row for row in rows if row["event"] is not None]
    for (number, time), of_run in groupby(events, key=lambda row: (row["run"], row["time"])):
        page.blank()
        page.line((f"run {number}, {day(time)}", "bold"))
        notes = notes_of(number)
        for row in of_run:
            before = f"{row['before']} {row['before_index']}" if row["before"] else "not known"
            page.line(
                (in_words(row["event"]), "bold"),
                f" {columns.inline(row)}, {page.prose(notes.title_of(row['policy_id']))}: "
                f"{before} {page.arrow} {row['after']} {row['after_index']} ({_cause(row, notes)})",
                first="  ",
                rest="    ",
            )
    if others := len(rows) - len(events):
        page.blank()
        page.line(f"{counted(others, 'verdict')} changed without an event: --format json shows them")


def _cause(row: Row, notes: HistoryAnnotations) -> str:
    """Return the cause of an event, with the values in use if a parameter changed."""
    policy_id, cause = row["policy_id"], in_words(row["cause"])
    known = row["cause"] == Cause.PARAMETER and policy_id in notes.repository.policy_ids
    values = notes.repository.values(policy_id) if known else ()
    return f"{cause}: {visible(', '.join(value.in_words for value in values))}" if values else cause


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


def print_finding_lines(
    rows: Sequence[Row],
    console: Console,
    accounts: Mapping[str, Account],
    title_of: Callable[[str], str],
    name_of: Callable[[str], str],
    *,
    more: bool,
    note: str = "",
) -> None:
    """Print findings in their order, each with its policy and the reason for its priority, or its age; and their number."""
    page = TerminalPage(console)
    columns = ObjectColumns.of(rows, page, accounts)
    for row in rows:
        reason = (
            page.prose(row["reason"])
            if row.get("reason")
            else ", ".join(filter(None, [row["severity"], _since(row), *_facts(row, page)]))
        )
        first = f"{row.get('priority') or '':>4} {mark(State(row['life']), page)} "
        page.line((columns.text(row), "bold"), f"  {reason}", first=first, rest="       ")
        until = f", waived until {row['waived_until']}" if row["waived_until"] else ", waived without an end"
        by = f"{until} by {page.name(row['waiver'])}" if row.get("reason") and row["waiver"] else ""
        policy = page.name(name_of(row["policy_id"]))
        page.line(page.prose(title_of(row["policy_id"])), (f"  perpend show {policy}", "dim"), by, first="       ")
    page.blank()
    count = counted(len(rows), "finding") if rows else "no findings"
    page.line(f"{count} shown: --limit shows more, --format csv writes all" if more else count)
    if note:
        page.line((page.prose(note), "dim"))
