"""The findings after each of the newest runs."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from perpend.findings.history.queries.findings import open_by_severity, trend
from perpend.findings.history.queries.views import asking
from perpend.server.answers import Trend, TrendPoint
from perpend.server.views.run_state import accounts_of

if TYPE_CHECKING:
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState

MOST_RUNS: Final = 365
"""The most runs of a trend."""


def trend_of(state: RunState, scope: ReaderScope, last: int = 60) -> Trend:
    """Return the trend of the ``last`` runs."""
    accounts = accounts_of(scope)
    with asking(state.history, "run", "ledger", "rating") as connection:
        rows = connection.execute(*trend(accounts, ())).fetchall()
        severities: dict[int, dict[str, int]] = {}
        for run, severity, number in connection.execute(*open_by_severity(accounts, (), None)).fetchall():
            severities.setdefault(run, {})[severity] = number
    newest = rows[-min(max(last, 1), MOST_RUNS) :]
    late = {run.number: sum(map(scope.sees, set(run.late))) for run in state.head.runs}
    points = []
    for run, time, *counts, _ in newest:
        open_, unconfirmed, unknown, compliant, opened, ended = map(int, counts)
        numbers = (open_, unconfirmed, unknown, compliant, opened, ended, late[run])
        points.append(TrendPoint(run, time.astimezone(UTC), *numbers, severities.get(run, {})))
    return Trend(state.run.number, tuple(points), len(rows) - len(newest))
