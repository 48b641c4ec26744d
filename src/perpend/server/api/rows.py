"""The rows of ``perpend diff`` and ``perpend compliance`` for a run, as a reader of some accounts may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.findings.run_diff import run_difference
from perpend.reports.formats.requirements import requirement_rows
from perpend.reports.terminal.history.findings import plain
from perpend.server.views.compliance import scorecards_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.findings.history.queries.findings import Row
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


def difference_rows(state: RunState, runs: Sequence[str], scope: ReaderScope) -> Iterator[Row]:
    """Yield the findings that differ between two runs, with times as text."""
    difference = run_difference(state.history, runs, state.waivers, state.severities)
    return (plain(row) for row in difference.rows if scope.sees(row["account"]))


def compliance_rows(
    state: RunState, frameworks: Sequence[str], accounts: Sequence[str], scope: ReaderScope, *, inherited: bool
) -> Iterator[Row]:
    """Yield the requirements of frameworks, of all if none is named. ``accounts`` counts the verdicts of some accounts."""
    seen = scope.within(accounts) if accounts else scope
    return requirement_rows(scorecards_seen(state, seen, frameworks, inherited=inherited))
