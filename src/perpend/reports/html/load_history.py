"""Load the history of a snapshot's findings for the HTML report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import PerpendError
from perpend.findings.history.queries.findings import trend
from perpend.findings.history.queries.views import asking
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.waivers.states import finding_states
from perpend.reports.html.history import ReportHistory, ReportPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot

_MOST_RUNS: Final = 365


def load_history(snapshot: Snapshot, evaluation: Evaluation, waivers: ActiveWaivers) -> ReportHistory | None:
    """Return the history of an evaluation's policies, None if the store has no history.

    An error is printed, and the report has no history then.
    """
    place = HistoryStorage(snapshot.directory)
    try:
        head = place.head()
        named = sorted({program.policy_id for program in evaluation.programs})
        return _load(place, snapshot, named, waivers, replayed=evaluation.day.given) if head.runs else None
    except PerpendError as error:
        warn(f"the report has no history: {visible(str(error))}")
        return None


def _load(
    place: HistoryStorage, snapshot: Snapshot, policies: list[str], waivers: ActiveWaivers, *, replayed: bool
) -> ReportHistory:
    head = place.head()
    same = head.runs[-1].content == snapshot.content_hash
    with asking(place, "run", "ledger", "finding", tags=waivers.by_tags) as connection:
        points = tuple(_trend(connection, policies))[-_MOST_RUNS:]
        if not same:
            return ReportHistory(points, same_snapshot=False)
        waiver_matches = waivers.covered_findings(connection, head, replayed=replayed)
        return ReportHistory(points, *finding_states(connection, head, waiver_matches))


def _trend(connection: Connection, policies: list[str]) -> Iterator[ReportPoint]:
    for number, time, opened, unconfirmed, unknown, _, came, went, _ in connection.execute(*trend((), policies)).fetchall():
        yield ReportPoint(number, f"{time:%Y-%m-%d}", int(opened), int(unconfirmed), int(unknown), int(came), int(went))
