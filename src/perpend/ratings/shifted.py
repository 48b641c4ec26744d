"""What raises and lowers severities, and a table of candidates, in; by how many levels each finding is moved out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.store.database import rows_of
from perpend.waivers.matching import MATCHES, match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.ratings.in_force import ShiftInForce
    from perpend.store.database import Connection

SHIFTED: Final = "perpend_shifted"
"""What is moved: ``candidate`` (a row of the candidates) and ``steps``, the sum of all that moves it, never zero."""


def shift_candidates(connection: Connection, shifts: Sequence[ShiftInForce]) -> None:
    """Fill the table of what is moved."""
    match(connection, shifts)
    steps = ", ".join(f"({place}, {one.shift.steps})" for place, one in enumerate(shifts)) or "(-1, 0)"
    rows_of(
        connection,
        f"CREATE OR REPLACE TEMP TABLE {SHIFTED} AS SELECT m.candidate, CAST(sum(v.steps) AS INTEGER) AS steps "
        f"FROM {MATCHES} AS m JOIN (VALUES {steps}) AS v(waiver, steps) ON v.waiver = m.waiver "
        "GROUP BY 1 HAVING sum(v.steps) <> 0",
    )
