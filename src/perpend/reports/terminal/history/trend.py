"""Print the trend of open findings, run by run, in total and by severity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.markdown import table_head, table_row
from perpend.findings.severity.levels import LEVELS
from perpend.reports.terminal.history.findings import day
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.findings.history.queries.findings import Row

_EIGHTHS: Final = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_FEWEST: Final = 3
"""The least number of runs of which bars are drawn: two points are no trend."""

_NUMBERS: Final = 66
"""The width of the columns before the bars."""

_LONGEST: Final = 40


def print_trend(rows: Sequence[Row], console: Console) -> None:
    """Print a line per run, with a bar from zero for the findings that are open or unconfirmed."""
    page = TerminalPage(console)
    counts = [row["open"] + row["unconfirmed"] for row in rows]
    most = max(counts, default=0) if len(rows) >= _FEWEST else 0
    width = min(max(page.width - _NUMBERS - (6 if any(row["late"] for row in rows) else 0), 0), _LONGEST)
    page.line((f"{'run':>5}  {'day':10}  {'open':>7}  {'unconfirmed':>11}  {'unknown':>7}  {'+':>6}  {'-':>6}", "dim"))
    for row, count in zip(rows, counts, strict=True):
        bar = _bar(count, most, width, plain=page.arrow != "→") if most else ""
        page.line(
            f"{row['run']:>5}  {day(row['time'])}  {row['open']:>7,}  {row['unconfirmed']:>11,}  {row['unknown']:>7,}  "
            f"{row['opened']:>6,}  {row['ended']:>6,}{'  late' if row['late'] else ''}  {bar}".rstrip()
        )
    if most:
        page.line((f"bars: open or unconfirmed, from 0 to {most:,}", "dim"), first="  ")


def write_trend_markdown(rows: Sequence[Row], stream: TextIO) -> None:
    """Write a table with a row per run, the newest first."""
    stream.write(table_head("run:", "day", "open:", "unconfirmed:", "unknown:", "came:", "went:"))
    for row in reversed(rows):
        counts = (f"{row[name]:,}" for name in ("open", "unconfirmed", "unknown", "opened", "ended"))
        stream.write(table_row(str(row["run"]), f"{day(row['time'])}{' (late)' if row['late'] else ''}", *counts))


def _bar(number: int, most: int, width: int, *, plain: bool) -> str:
    """Return a bar of a length in proportion to a number; ``most`` has the whole width."""
    if plain:
        return "#" * round(number * width / most)
    whole, eighths = divmod(round(number * width * 8 / most), 8)
    return "█" * whole + _EIGHTHS[eighths]


_UNRATED: Final = "not rated"
_NAMES: Final = (*(level.value for level in reversed(LEVELS)), _UNRATED)


def with_severities(rows: Sequence[dict[str, Any]], counts: Iterable[tuple[int, str, int]]) -> list[dict[str, Any]]:
    """Return the rows of runs with ``severities``: the number of open findings of each severity."""
    by_run: dict[int, dict[str, int]] = {}
    for run, severity, number in counts:
        by_run.setdefault(run, {})[severity] = number
    return [{**row, "severities": {name: by_run.get(row["run"], {}).get(name, 0) for name in _NAMES}} for row in rows]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in which each severity is a column of its own."""
    return {**{name: value for name, value in row.items() if name != "severities"}, **row["severities"]}


def print_severities(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print a line per run with the open or unconfirmed findings of each severity."""
    page = TerminalPage(console)
    page.blank()
    page.line((f"{'run':>5}  {'day':10}" + "".join(f"  {name:>9}" for name in _NAMES), "dim"))
    for row in rows:
        page.line(
            f"{row['run']:>5}  {row['time']:%Y-%m-%d}" + "".join(f"  {number:>9,}" for number in row["severities"].values())
        )
