"""Raise and lower the severity of findings in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.findings.waivers.matching import CANDIDATES, MATCHES, match, storable
from perpend.inventory.snapshots.database import rows_of, text, text_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.findings.severity.effective import ShiftInForce
    from perpend.inventory.snapshots.database import Connection

SHIFTED: Final = "perpend_shifted"
"""What is moved: ``candidate`` (a row of the candidates) and ``steps``, the sum of all that moves it, never zero."""


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
