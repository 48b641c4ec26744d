"""Compare two runs of a history: the work of ``perpend diff`` and ``Store.diff``."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.findings.history.compliance import newest_counts_in
from perpend.findings.history.queries.changes import EVENTS
from perpend.findings.history.queries.findings import COMPARED, by_event, compared, coverage, rows_in, run_named
from perpend.findings.history.queries.views import asking
from perpend.findings.severity.priority import BY_SEVERITY, keep_ratings, with_severity
from perpend.findings.waivers.match_history import with_waivers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.core.objects.status import Status
    from perpend.findings.history.manifest import Run
    from perpend.findings.history.queries.findings import Row, RunCoverage
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.severity.active import ActiveSeverities
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.findings.waivers.status import WaiverStatus


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs, the numbers of verdicts that each evaluated, and the findings that differ, with ``what`` and ``cause``.

    ``columns`` are the columns of the rows, in their order. ``waiver_statuses`` are the waivers that were matched.
    ``known`` are the counts of verdicts by policy after the later run, if they were asked for.
    """

    before: Run
    after: Run
    evaluated: tuple[RunCoverage, RunCoverage]
    rows: Sequence[Row]
    columns: Sequence[str] = ()
    waiver_statuses: Sequence[WaiverStatus] = ()
    known: Mapping[str, Mapping[Status, int]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind, the most important first."""
        numbers = Counter(row["what"] for row in self.rows)
        return {event.value: numbers[event.value] for event in EVENTS if numbers[event.value]}


def run_difference(
    history: HistoryStorage,
    runs: Sequence[str],
    waivers: ActiveWaivers,
    severities: ActiveSeverities,
    *,
    counted: bool = False,
) -> Difference:
    """Return the findings that differ between two runs; of one run from the newest; without runs, of the last two.

    ``counted``: with the counts of verdicts after the later run. Raises InvalidOption for runs that cannot be compared,
    UnknownRun for a name that means no run.
    """
    head = history.head()
    if len(runs) > 2:
        raise InvalidOption("diff compares two runs")
    if not runs and len(head.runs) < 2:
        raise InvalidOption("the history has only one run: nothing to compare it with")
    after = run_named(head, runs[1] if len(runs) == 2 else "last")
    before = run_named(head, runs[0]) if runs else head.runs[-2]
    if before.number >= after.number:
        raise InvalidOption(f"run {before.number} does not come before run {after.number}")
    views = (*COMPARED, "finding") if waivers.files.waivers or severities.in_force.shifts else COMPARED
    with asking(history, *views, since=before.number, tags=waivers.by_tags or severities.by_tags) as connection:
        waiver_matches = waivers.covered_findings(connection, head)
        query = with_waivers(compared(before.number, after.number))
        if severities.in_force.by_policy:
            keep_ratings(connection, severities.in_force)
            query = by_event(with_severity(query), BY_SEVERITY)
        else:
            query = by_event(query)
        answer = connection.execute(query)
        columns = [str(column[0]) for column in answer.description or ()]
        rows = list(rows_in(columns, [answer.fetchall()]))
        evaluated = coverage(connection, before.number), coverage(connection, after.number)
        known = newest_counts_in(connection, head, until=after.number) if counted else {}
    return Difference(before, after, evaluated, rows, columns, waiver_matches.waiver_statuses, known)
