"""Collect the history of a snapshot's findings for the HTML report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.options.severity import time_of
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from perpend.cli.options.waivers import ActiveWaivers
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.reports.html.history import ReportHistory, TrendPoint

_MOST_RUNS: Final = 365
_AT_ONCE: Final = 10_000
_OPEN: Final = (
    "SELECT policy_id, type, object_id, life, open_since, episodes, finding_id FROM finding "
    "WHERE life IN ('open', 'unconfirmed', 'unknown') ORDER BY policy_id, type, object_id, incarnation"
)


def history_of(snapshot: Snapshot, evaluation: Evaluation, waiving: ActiveWaivers) -> ReportHistory | None:
    """Return the history of an evaluation's policies, None if the store has no history.

    An error is printed, and the report has no history then.
    """
    from perpend.findings.history.storage import HistoryStorage

    place = HistoryStorage(snapshot.directory)
    try:
        head = place.head()
        named = sorted({program.policy_id for program in evaluation.programs})
        return _known(place, snapshot, named, waiving, replayed=evaluation.day.given) if head.runs else None
    except PerpendError as error:
        click.echo(f"perpend: the report has no history: {visible(str(error))}", err=True)
        return None


def _known(
    place: HistoryStorage, snapshot: Snapshot, policies: list[str], waiving: ActiveWaivers, *, replayed: bool
) -> ReportHistory:
    from perpend.findings.history.queries.views import asking
    from perpend.reports.html.history import FindingStateShown, ReportHistory

    head, lives = place.head(), dict[FindingStateShown, int]()
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    same = head.runs[-1].content == snapshot.content_hash
    with asking(place, "run", "ledger", "finding") as connection:
        points = tuple(_trend(connection, policies))[-_MOST_RUNS:]
        covering = waiving.covered_findings(connection, head, replayed=replayed) if same else None
        reasons = {standing.waiver.id: standing.waiver.reason for standing in covering.standings} if covering else {}
        for policy_id, type_name, object_id, *of_life in _rows(connection) if same else ():
            life = _life(of_life, time_of(head), reasons)
            numbers.setdefault((policy_id, type_name), {})[object_id] = lives.setdefault(life, len(lives) + 1)
    return ReportHistory(points, tuple(lives), numbers, same)


def _trend(connection: Connection, policies: list[str]) -> Iterator[TrendPoint]:
    from perpend.findings.history.queries.findings import trend
    from perpend.reports.html.history import TrendPoint

    for number, time, opened, unconfirmed, unknown, _, came, went, _ in connection.execute(*trend((), policies)).fetchall():
        yield TrendPoint(number, f"{time:%Y-%m-%d}", int(opened), int(unconfirmed), int(unknown), int(came), int(went))


def _rows(connection: Connection) -> Iterator[tuple[Any, ...]]:
    """Yield findings that have not ended: policy, type, object Id, and their states."""
    from perpend.findings.waivers.match_history import with_waivers

    connection.execute(*with_waivers((_OPEN, [])))
    while batch := connection.fetchmany(_AT_ONCE):
        yield from batch


def _life(row: list[Any], newest: datetime, reasons: dict[str, str]) -> Any:
    from perpend.findings.history.model import State
    from perpend.reports.html.history import FindingStateShown

    life, since, episodes, _, waiver, until = row
    word = life
    if life == State.OPEN:
        word = "reopened" if episodes > 1 else "new" if since >= newest else "open"
    day = f"{since:%Y-%m-%d}" if since is not None and life != State.UNKNOWN else None
    return FindingStateShown(word, day, episodes, waiver, until, reasons.get(waiver))
