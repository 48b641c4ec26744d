"""What was open after each run by severity in, the same beside its runs, and as a table of columns by level out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.findings.severity.levels import LEVELS
from perpend.reports.terminal.page import TerminalPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_UNRATED: Final = "not rated"
_NAMES: Final = (*(level.value for level in reversed(LEVELS)), _UNRATED)


def with_severities(rows: Sequence[dict[str, Any]], counts: Iterable[tuple[int, str, int]]) -> list[dict[str, Any]]:
    """Return the rows of runs with ``severities``: how many findings were open of each; one of none is zero."""
    by_run: dict[int, dict[str, int]] = {}
    for run, severity, number in counts:
        by_run.setdefault(run, {})[severity] = number
    return [{**row, "severities": {name: by_run.get(row["run"], {}).get(name, 0) for name in _NAMES}} for row in rows]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in which each severity is a column of its own."""
    return {**{name: value for name, value in row.items() if name != "severities"}, **row["severities"]}


def print_severities(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print a line per run: how many findings were open or unconfirmed of each severity."""
    page = TerminalPage(console)
    page.blank()
    page.line((f"{'run':>5}  {'day':10}" + "".join(f"  {name:>9}" for name in _NAMES), "dim"))
    for row in rows:
        page.line(
            f"{row['run']:>5}  {row['time']:%Y-%m-%d}" + "".join(f"  {number:>9,}" for number in row["severities"].values())
        )
