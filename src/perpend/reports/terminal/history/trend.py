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

    from perpend.reports.terminal.history.findings import Row

_BLOCKS: Final = ("▁▂▃▄▅▆▇█", ".:-=+*#@")
_NARROW: Final = 40


def print_trend(rows: Sequence[Row], console: Console) -> None:
    """Print a line per run, and the open findings as a curve of blocks."""
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
    stream.write(table_head("run:", "day", "open:", "unconfirmed:", "unknown:", "came:", "went:"))
    for row in reversed(rows):
        counts = (f"{row[name]:,}" for name in ("open", "unconfirmed", "unknown", "opened", "ended"))
        stream.write(table_row(str(row["run"]), f"{day(row['time'])}{' (late)' if row['late'] else ''}", *counts))


def _block(number: int, most: int, *, plain: bool) -> str:
    blocks = _BLOCKS[plain]
    return blocks[0] if most == 0 else blocks[min(len(blocks) - 1, number * len(blocks) // (most + 1))]


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
