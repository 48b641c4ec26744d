"""Raise and lower the severity of findings in SQL.

Few ratings have such rules, so this module is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.findings.waivers.matches import CANDIDATES, MATCHES, covered_query, fill_candidates, match, storable
from perpend.findings.waivers.run_findings import run_database, run_findings
from perpend.findings.waivers.status import Force
from perpend.inventory.snapshots.database import rows_of, text, text_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.effective import ShiftInForce
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection

SHIFTED: Final = "perpend_shifted"
"""What is moved: ``candidate`` (a row of the candidates) and ``steps``, the sum of all that moves it, never zero."""

_WAIVED: Final = "perpend_rated_waived"


def shifted_findings(
    evaluation: Evaluation, shifts: Sequence[ShiftInForce], waiver_matches: WaiverMatches | None
) -> Iterator[tuple[str, str, Status, int, bool]]:
    """Yield the shifted findings of an evaluation: policy, object Id, status, steps, and whether a waiver covers it."""
    with run_database(evaluation) as connection:
        wanted = {policy for shift in shifts for policy in shift.policies_read}
        fill_candidates(connection, run_findings(evaluation, wanted))
        _keep_waived(connection, waiver_matches)
        shift_candidates(connection, shifts)
        shifted = (
            f"SELECT c.policy_id, c.id, c.status, s.steps, w.candidate IS NOT NULL FROM {SHIFTED} AS s "
            f"JOIN {CANDIDATES} AS c ON c.rowid = s.candidate LEFT JOIN {_WAIVED} AS w ON w.candidate = s.candidate"
        )
        for policy_id, object_id, status, steps, is_waived in rows_of(connection, shifted):
            yield policy_id, object_id or "", Status(status), steps, is_waived


def _keep_waived(connection: Connection, waiver_matches: WaiverMatches | None) -> None:
    """Fill a table with the candidates that waivers in force cover."""
    waiver_statuses = waiver_matches.waiver_statuses if waiver_matches else ()
    match(connection, waiver_statuses)
    covered = covered_query(
        place for place, waiver_status in enumerate(waiver_statuses) if waiver_status.force is Force.IN_FORCE
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_WAIVED} AS {covered}")


def shift_candidates(connection: Connection, shifts: Sequence[ShiftInForce]) -> None:
    """Fill the table of shifted findings."""
    match(connection, shifts)
    for place, moving in enumerate(shifts):
        if moving.shift.also:
            _only_where_also(connection, place, moving.also)
    steps = ", ".join(f"({place}, {moving.shift.steps})" for place, moving in enumerate(shifts)) or "(-1, 0)"
    rows_of(
        connection,
        f"CREATE OR REPLACE TEMP TABLE {SHIFTED} AS SELECT m.candidate, CAST(sum(v.steps) AS INTEGER) AS steps "
        f"FROM {MATCHES} AS m JOIN (VALUES {steps}) AS v(waiver, steps) ON v.waiver = m.waiver "
        "GROUP BY 1 HAVING sum(v.steps) <> 0",
    )


def _only_where_also(connection: Connection, place: int, policies: Sequence[str]) -> None:
    """Keep only the findings of a shift whose objects are incompliant by another policy; unknown does not count."""
    named = text_list([storable(policy_id) or "" for policy_id in policies])
    rows_of(
        connection,
        f"DELETE FROM {MATCHES} WHERE waiver = {place} AND candidate NOT IN (SELECT c.rowid FROM {CANDIDATES} AS c SEMI JOIN "
        f"{CANDIDATES} AS e ON e.type = c.type AND e.id = c.id AND e.status = {text(Status.INCOMPLIANT.value)} "
        f"AND list_contains({named}, e.policy_id))",
    )
