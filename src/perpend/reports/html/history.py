"""Show the history of findings in the HTML report: their states and waivers, and a trend."""

from __future__ import annotations

from dataclasses import field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.html.summary import html_text, table
from perpend.reports.site.render.charts import column_rects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.findings.waivers.states import StateShown

WIDE, HIGH = 1_000, 160
_FEWEST_RUNS: Final = 3
"""The smallest number of runs with a trend."""

_MOST_LINES: Final = 60
_OTHER: Final = (
    '<p class="soft">The newest run of the history is of another snapshot, so the ages of findings are not shown.</p>'
)
_OF_STATUS: Final = {
    Status.INCOMPLIANT: ("new", "open", "reopened"),
    Status.UNDETERMINED: ("unconfirmed", "unknown"),
}


@dataclass(frozen=True, slots=True)
class ReportPoint:
    """The numbers of open, unconfirmed and unknown findings after a run, and of findings that came and went."""

    run: int
    day: str
    open: int
    unconfirmed: int
    unknown: int
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class ReportHistory:
    """The history after its newest run.

    ``numbers`` are indexes of ``lives``, from 1, by policy, type and object Id. ``same_snapshot``: the snapshot of the run is
    the one of the report.
    """

    trend: Sequence[ReportPoint]
    lives: Sequence[StateShown] = ()
    numbers: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    same_snapshot: bool = True

    def life_of(self, policy_id: str, type_name: str, object_id: str, status: Status) -> int:
        """Return the number of the state of a finding; 0 if the history has none that fits its status."""
        number = self.numbers.get((policy_id, type_name), {}).get(object_id, 0)
        return number if number and self.lives[number - 1].word in _OF_STATUS.get(status, ()) else 0

    def head(self) -> list[list[Any]]:
        """Return the states as the page reads them."""
        return [[*life] for life in self.lives]


def history_section(history: ReportHistory) -> str:
    """Return the section with the trend of findings, of at least three runs."""
    other = "" if history.same_snapshot else _OTHER
    if len(history.trend) < _FEWEST_RUNS:
        return other
    last = history.trend[-1]
    text = (
        f"<b>{last.open:,}</b> open, <b>{last.unconfirmed:,}</b> unconfirmed, <b>{last.unknown:,}</b> unknown after run "
        f"{last.run} ({html_text(last.day)}), by the policies of this page; {counted(len(history.trend), 'run')} shown. "
        f"In it {last.came:,} came and {last.went:,} went."
    )
    rows = "".join(
        f'<tr><td>{run.run}</td><td>{html_text(run.day)}</td><td class="number">{run.open:,}</td><td class="number">'
        f'{run.unconfirmed:,}</td><td class="number">{run.unknown:,}</td><td class="number">{run.came:,}</td>'
        f'<td class="number">{run.went:,}</td></tr>'
        for run in reversed(history.trend[-_MOST_LINES:])
    )
    heads = ("Run", "Day", "Open", "Unconfirmed", "Unknown", "Came", "Went")
    return (
        f"<section><h2>Trend</h2><p>{text}</p>{other}{_trend_svg(history.trend)}"
        f"<details><summary>Run by run</summary>{table(heads, rows, numbers=heads[2:])}</details></section>"
    )


def _trend_svg(trend: Sequence[ReportPoint]) -> str:
    """Return the trend as SVG, a bar for each run from 0 up: open findings, then unconfirmed, then unknown ones."""
    most = max(run.open + run.unconfirmed + run.unknown for run in trend) or 1
    first, last = trend[0], trend[-1]
    columns = [(("open", run.open), ("unconfirmed", run.unconfirmed), ("unknown", run.unknown)) for run in trend]
    label = escape(
        f"Findings after runs {first.run} to {last.run}: open from {first.open:,} to {last.open:,}, unconfirmed from "
        f"{first.unconfirmed:,} to {last.unconfirmed:,}, unknown from {first.unknown:,} to {last.unknown:,}"
    )
    return (
        f'<svg class="trend" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{column_rects(columns, WIDE, HIGH)}</svg>"
        f'<p class="axis soft"><span>{html_text(first.day)}, run {first.run}</span><span>from 0 to {most:,}</span>'
        f"<span>{html_text(last.day)}, run {last.run}</span></p>"
        '<ul class="totals"><li><span class="key open"></span> open</li><li><span class="key unconfirmed"></span> unconfirmed'
        '</li><li><span class="key unknown"></span> unknown</li></ul>'
    )
