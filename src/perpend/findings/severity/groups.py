"""Group the findings of a history by severity and policy, in the order of lists.

The most severe come first, then the policies with the most findings, then the order of titles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.model import State
from perpend.findings.history.queries.findings import BY_AGE
from perpend.findings.severity.levels import SeverityLevel, severity_order
from perpend.findings.waivers.matching import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.findings.history.queries.findings import Query
    from perpend.inventory.snapshots.database import Connection

WAIVED: Final = "waived"
"""The key of the number of waived findings in the states of a group."""

BY_GROUP: Final = f"place, {BY_AGE}"
"""The order of findings that :func:`in_groups` returns."""

_PLACES: Final = "perpend_finding_group"


@dataclass(frozen=True, slots=True)
class RatedGroup:
    """The findings of a policy that have one severity, None if it is not rated. ``states`` are their numbers by state.

    Waived findings count in their state, and under :data:`WAIVED` as well.
    """

    severity: str | None
    policy_id: str
    title: str
    number: int
    states: Mapping[str, int]


def finding_groups(connection: Connection, rows: Query, title_of: Callable[[str], str]) -> list[RatedGroup]:
    """Return the groups of findings in the order of lists. ``rows`` are findings with their waivers and severities."""
    states = [state.value for state in State if state is not State.PASSING]
    counts = ", ".join(f"count(*) FILTER (life = '{state}')" for state in states)
    query = f"SELECT severity, policy_id, count(*), count(waiver), {counts} FROM ({rows[0]}) GROUP BY ALL"
    groups = [
        RatedGroup(
            severity, policy_id, title_of(policy_id), number, {**dict(zip(states, numbers, strict=True)), WAIVED: waived}
        )
        for severity, policy_id, number, waived, *numbers in connection.execute(query, rows[1]).fetchall()
    ]
    return sorted(groups, key=lambda one: list_order(one.severity, one.number, one.title, one.policy_id))


def list_order(severity: str | None, number: int, title: str, policy_id: str) -> tuple[tuple[int, int, int, str], str]:
    """Return the sort key of a policy in a list. ``number`` is the number of its objects in the list."""
    return severity_order(SeverityLevel(severity) if severity else None, number, title), policy_id


def in_groups(connection: Connection, rows: str, groups: Sequence[RatedGroup]) -> str:
    """Return the query for findings with ``place``, the place of their group; :data:`BY_GROUP` is their order."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_PLACES} (place INTEGER, severity VARCHAR, policy_id VARCHAR)")
    for place, group in enumerate(groups):
        row = [place, group.severity, storable(group.policy_id)]
        connection.execute(f"INSERT INTO {_PLACES} VALUES (?, ?, ?)", row)
    same = "g.policy_id = f.policy_id AND g.severity IS NOT DISTINCT FROM f.severity"
    return f"SELECT f.*, g.place FROM ({rows}) AS f JOIN {_PLACES} AS g ON {same}"
