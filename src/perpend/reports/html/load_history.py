"""Load the history of a snapshot's findings for the HTML report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import PerpendError
from perpend.findings.history.model import State
from perpend.findings.history.queries.findings import trend
from perpend.findings.history.queries.views import asking
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.waivers.match_history import with_waivers
from perpend.reports.html.history import FindingStateShown, ReportHistory, TrendPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot

_MOST_RUNS: Final = 365
_BATCH: Final = 10_000
_OPEN: Final = (
    "SELECT policy_id, type, object_id, life, open_since, episodes, finding_id FROM finding "
    "WHERE life IN ('open', 'unconfirmed', 'unknown') ORDER BY policy_id, type, object_id, incarnation"
)


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
    head, lives = place.head(), dict[FindingStateShown, int]()
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    newest = max(datetime.fromisoformat(run.time) for run in head.runs).astimezone(UTC)
    same = head.runs[-1].content == snapshot.content_hash
    with asking(place, "run", "ledger", "finding") as connection:
        points = tuple(_trend(connection, policies))[-_MOST_RUNS:]
        covering = waivers.covered_findings(connection, head, replayed=replayed) if same else None
        reasons = {standing.waiver.id: standing.waiver.reason for standing in covering.standings} if covering else {}
        for policy_id, type_name, object_id, *of_life in _rows(connection) if same else ():
            life = _life(of_life, newest, reasons)
            numbers.setdefault((policy_id, type_name), {})[object_id] = lives.setdefault(life, len(lives) + 1)
    return ReportHistory(points, tuple(lives), numbers, same)


def _trend(connection: Connection, policies: list[str]) -> Iterator[TrendPoint]:
    for number, time, opened, unconfirmed, unknown, _, came, went, _ in connection.execute(*trend((), policies)).fetchall():
        yield TrendPoint(number, f"{time:%Y-%m-%d}", int(opened), int(unconfirmed), int(unknown), int(came), int(went))


def _rows(connection: Connection) -> Iterator[tuple[Any, ...]]:
    """Yield findings that have not ended: policy, type, object Id, and their states."""
    connection.execute(*with_waivers((_OPEN, [])))
    while batch := connection.fetchmany(_BATCH):
        yield from batch


def _life(row: list[Any], newest: datetime, reasons: dict[str, str]) -> FindingStateShown:
    life, since, episodes, _, waiver, until = row
    word = life
    if life == State.OPEN:
        word = "reopened" if episodes > 1 else "new" if since >= newest else "open"
    day = f"{since:%Y-%m-%d}" if since is not None and life != State.UNKNOWN else None
    return FindingStateShown(word, day, episodes, waiver, until, reasons.get(waiver))
