"""Rows of findings, events and trends in, text out: by policy, run by run, and drawn in blocks."""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.plural import counted
from perpend.core.objects.status import Status
from perpend.findings.history.model import State, in_words
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

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
_BLOCKS: Final = ("▁▂▃▄▅▆▇█", ".:-=+*#@")
_NARROW: Final = 40


def rows_in(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]]) -> Iterator[Row]:
    """Yield rows by the names of their columns."""
    for batch in batches:
        for row in batch:
            yield dict(zip(columns, row, strict=True))


def write_rows(rows: Iterable[Row], stream: TextIO, *, lines: bool) -> None:
    """Write an array of objects, or with ``lines`` an object a line."""
    start, between, end = ("", "", "") if lines else ("[\n", ",", "]\n")
    stream.write(start)
    for number, row in enumerate(rows):
        stream.write((between if number else "") + json.dumps(plain(row), ensure_ascii=False) + "\n")
    stream.write(end)


def print_findings(rows: Sequence[Row], console: Console, *, more: bool) -> None:
    """Print findings by policy, each with since when it is open, and how many they are."""
    page = TerminalPage(console)
    for policy, of_policy in groupby(sorted(rows, key=lambda row: row["policy_id"]), key=lambda row: row["policy_id"]):
        page.line((page.name(policy), "bold"))
        for row in of_policy:
            _print_finding(row, page)
        page.blank()
    count = counted(len(rows), "finding")
    page.line(f"{count} shown, there are more: --limit shows more, --format csv all" if more else count)


def _print_finding(row: Row, page: TerminalPage) -> None:
    life = State(row["life"])
    parts = [in_words(life)]
    if row["open_since"] is not None:
        parts.append(f"since {day(row['open_since'])}" if row["ended_at"] is None else _span(row))
    if life is State.UNCONFIRMED and row["last_known_at"] is not None:
        parts.append(f"last known {day(row['last_known_at'])}")
    if row["episodes"] > 1:
        parts.append(f"episode {row['episodes']}")
    parts.append(f"last seen {day(row['last_seen'])}")
    if row.get("severity"):
        parts.append(f"{'would be ' if row['status'] == Status.UNDETERMINED else ''}{row['severity']}")
    if row.get("waiver"):
        until = f"until {row['waived_until']}" if row["waived_until"] else "for ever"
        parts.append(f"waived {until} by {page.name(row['waiver'])}")
    where = f" in {page.name(row['account'])}" if row["account"] else ""
    page.line(
        (page.name(row["object_name"] or row["object_id"]), ""), f"{where}: {', '.join(parts)}", first=f"  {mark(life, page)} "
    )


def _span(row: Row) -> str:
    """Return from when to when a finding was open; behind a gap, the end lies between two days."""
    between = row["last_known_at"] is not None and row["last_known_at"] < row["ended_at"]
    ended = f"between {day(row['last_known_at'])} and {day(row['ended_at'])}" if between else day(row["ended_at"])
    return f"open from {day(row['open_since'])}, ended {ended}"


def print_story(what: str, name: str, rows: Sequence[Row], console: Console) -> None:
    """Print all that happened to a finding, a policy or an object, run by run."""
    page = TerminalPage(console)
    page.line((f"{what} {page.name(name)}", "bold"))
    told = [row for row in rows if row["event"] is not None]
    for (number, time), of_run in groupby(told, key=lambda row: (row["run"], row["time"])):
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
    if others := len(rows) - len(told):
        page.blank()
        page.line(f"{counted(others, 'verdict')} changed without an event: --format json shows them")


def print_trend(rows: Sequence[Row], console: Console) -> None:
    """Print a line per run, and what is open as a curve of blocks."""
    page = TerminalPage(console)
    plain = page.arrow != "→"
    most = max((row["open"] + row["unconfirmed"] for row in rows), default=0)
    curve = "".join(_block(row["open"] + row["unconfirmed"], most, plain=plain) for row in rows[-page.width + _NARROW :])
    page.line(("open or unconfirmed ", "dim"), curve, f" {rows[-1]['open'] + rows[-1]['unconfirmed']:,}")
    page.blank()
    page.line((f"{'run':>5}  {'day':10}  {'open':>9}  {'unconfirmed':>11}  {'unknown':>9}  {'+':>7}  {'-':>7}", "dim"))
    for row in rows:
        page.line(
            f"{row['run']:>5}  {day(row['time'])}  {row['open']:>9,}  {row['unconfirmed']:>11,}  {row['unknown']:>9,}  "
            f"{row['opened']:>7,}  {row['ended']:>7,}{'  late' if row['late'] else ''}"
        )


def write_trend_markdown(rows: Sequence[Row], stream: TextIO) -> None:
    """Write a table with a row per run, the newest first."""
    stream.write("| run | day | open | unconfirmed | unknown | came | went |\n")
    stream.write("| ---: | --- | ---: | ---: | ---: | ---: | ---: |\n")
    for row in reversed(rows):
        counts = " | ".join(f"{row[name]:,}" for name in ("open", "unconfirmed", "unknown", "opened", "ended"))
        stream.write(f"| {row['run']} | {day(row['time'])}{' (late)' if row['late'] else ''} | {counts} |\n")


def _block(number: int, most: int, *, plain: bool) -> str:
    blocks = _BLOCKS[plain]
    return blocks[0] if most == 0 else blocks[min(len(blocks) - 1, number * len(blocks) // (most + 1))]


def day(time: datetime) -> str:
    """Return the day of a time."""
    return f"{time:%Y-%m-%d}"


def mark(life: State, page: TerminalPage) -> str:
    """Return the sign of a life."""
    status = _MARKS.get(life)
    return page.symbol(status) if status else " "


def plain(row: Mapping[str, Any]) -> Row:
    """Return a row as JSON has it: times as ISO 8601 in UTC."""
    return {name: value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value for name, value in row.items()}
