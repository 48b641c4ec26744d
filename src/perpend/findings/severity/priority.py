"""Order the findings of a history by priority, with the reason for each place.

Waived findings come last. Before them, the order is: overdue, more severe, of a policy with more findings, incompliant,
reopened, new, older. Unrated findings come after rated ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.findings.history.queries.findings import BY_AGE
from perpend.findings.severity.adjustments import SHIFTED, shift_candidates
from perpend.findings.severity.levels import DEFAULT_SOURCE, LEVELS
from perpend.findings.waivers.match_history import history_findings
from perpend.findings.waivers.matching import CANDIDATES, fill_candidates, storable
from perpend.inventory.snapshots.database import text, text_list

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.findings.history.queries.findings import Query
    from perpend.findings.severity.effective import EffectiveRatings
    from perpend.findings.severity.levels import SeverityLevel
    from perpend.inventory.snapshots.database import Connection

_RATINGS: Final = "perpend_rating"
_MOVED: Final = "perpend_rating_moved"
_OPEN: Final = "life IN ('open', 'unconfirmed')"
_HERE: Final = "life IN ('open', 'unconfirmed', 'unknown')"
_DAY: Final = 86_400

PRIORITY_COLUMNS: Final = ("due", "severity", "rated_by", "priority", "reason")
"""The columns that :func:`with_priority` adds."""

BY_SEVERITY: Final = f"list_position({text_list(LEVELS)}, severity) DESC NULLS LAST"
"""The order of findings of :func:`with_severity`."""

BY_PRIORITY: Final = f"priority NULLS LAST, {BY_AGE}"
"""The order of findings with priorities."""


RATING_JOINS: Final = f"LEFT JOIN {_RATINGS} AS r ON r.policy_id = f.policy_id LEFT JOIN {_MOVED} AS m ON m.key = f.key"
"""The joins of findings ``f`` with their ratings. :func:`keep_ratings` fills the tables."""

# `least` and `greatest` pass nulls over: what is not rated must not become the least of all levels.
_RANK: Final = f"CASE WHEN r.rank IS NOT NULL THEN least(greatest(r.rank + coalesce(m.steps, 0), 1), {len(LEVELS)}) END"
_SEVERITY: Final = f"{text_list(LEVELS)}[{_RANK}] AS severity"

RATING_COLUMNS: Final = f"{_SEVERITY}, {_RANK} AS rank, {_RANK} - r.rank AS moved, r.source, r.within_seconds"
"""The columns that :func:`with_priority` needs, after the joins: the severity and its rank, the shift, the rating's source."""


def keep_ratings(connection: Connection, in_force: EffectiveRatings) -> None:
    """Fill the tables of ratings and of shifted findings, which the queries below need."""
    columns = "policy_id VARCHAR, rank INTEGER, source VARCHAR, within_seconds BIGINT"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_RATINGS} ({columns})")
    rows = [
        (
            storable(policy_id),
            rating.level.rank,
            storable(rating.source),
            int(rating.within.total_seconds()) if rating.within else None,
        )
        for policy_id, rating in in_force.by_policy.items()
    ]
    if rows:
        values = ", ".join(["(?, ?, ?, ?)"] * len(rows))
        connection.execute(f"INSERT INTO {_RATINGS} VALUES {values}", [value for row in rows for value in row])
    if in_force.shifts:
        fill_candidates(connection, history_findings())
    shift_candidates(connection, in_force.shifts)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_MOVED} AS SELECT c.key, s.steps FROM {SHIFTED} AS s "
        f"JOIN {CANDIDATES} AS c ON c.rowid = s.candidate"
    )


def with_priority(rows: str, now: datetime, *, first: int | None = None) -> str:
    """Return the query for findings with :data:`PRIORITY_COLUMNS`; with ``first``, for so many with the highest priorities.

    ``rows`` are findings with their waivers and :data:`RATING_COLUMNS`, ``now`` is the time of the newest run. Ended findings
    have no severity. ``of_policy`` is the number of the policy's findings without waivers.
    """
    is_overdue = f"coalesce(due < {_time(now)}, false)"
    order = (
        f"({_HERE}) DESC, waiver IS NOT NULL, {is_overdue} DESC, rank DESC NULLS LAST, of_policy DESC NULLS LAST, "
        f"CASE WHEN {_HERE} THEN policy_id END, life <> 'open', {_is_reopened()} DESC, {_is_new(now)} DESC, "
        "open_since NULLS LAST, policy_id, type, object_id, incarnation"
    )
    of_policy = f"count(*) FILTER ({_HERE} AND waiver IS NULL) OVER (PARTITION BY policy_id)"
    due = f"CASE WHEN {_OPEN} THEN open_since + to_seconds(within_seconds) END"
    here = ", ".join(f"CASE WHEN {_HERE} THEN {column} END AS {column}" for column in ("rank", "severity"))
    rated = f"SELECT * REPLACE ({here}), CASE WHEN {_HERE} THEN {of_policy} END AS of_policy, {due} AS due FROM ({rows})"
    # The first findings in this order have the first priorities: no other ones need a place.
    chosen = rated if first is None else f"FROM ({rated}) ORDER BY {order} LIMIT {first}"
    columns = (
        "*, CASE WHEN rank IS NOT NULL THEN source END AS rated_by, "
        f"CASE WHEN {_HERE} THEN row_number() OVER (ORDER BY {order}) END AS priority, "
        f"CASE WHEN {_HERE} THEN {_reason(now, is_overdue)} END AS reason"
    )
    return f"SELECT {columns} FROM ({chosen})"


def with_severity(rows: str) -> str:
    """Return the query for findings with the further column ``severity``, null for unrated ones."""
    return f"SELECT f.*, {_SEVERITY} FROM ({rows}) AS f {RATING_JOINS}"


def at_least(connection: Connection, rows: Query, level: SeverityLevel, *, unrated: bool) -> tuple[int, int]:
    """Return the numbers of findings with at least this level: incompliant and not waived, and undetermined.

    ``rows`` have the same columns as for :func:`with_priority`. With ``unrated``, unrated findings count, too.
    """
    severe = f"coalesce(rank >= {level.rank}, {str(unrated).lower()})"
    counts = (
        f"SELECT count(*) FILTER (life = 'open' AND waiver IS NULL AND {severe}), "
        f"count(*) FILTER (life IN ('unconfirmed', 'unknown') AND {severe}) FROM ({rows[0]})"
    )
    [(incompliant, undetermined)] = connection.execute(counts, rows[1]).fetchall()
    return int(incompliant), int(undetermined)


def _reason(now: datetime, is_overdue: str) -> str:
    """Return the SQL expression for the reason of a finding's place, the most important part first."""
    days = f"CAST(floor((epoch({_time(now)}) - epoch(due)) / {_DAY}) AS BIGINT)"
    moved = "CASE WHEN moved > 0 THEN 'raised' WHEN moved < 0 THEN 'lowered' END"
    reasons_sql = f"nullif(concat_ws(', ', nullif(source, {text(DEFAULT_SOURCE)}), {moved}), '')"
    would = "CASE WHEN status = 'UNDETERMINED' THEN 'would be ' ELSE '' END"
    since = "strftime(open_since AT TIME ZONE 'UTC', '%Y-%m-%d')"
    late = f"CASE {days} WHEN 0 THEN 'less than a day' WHEN 1 THEN '1 day' ELSE {days} || ' days' END"
    parts = (
        "CASE WHEN waiver IS NOT NULL THEN 'waived' END",
        f"CASE WHEN {is_overdue} THEN 'overdue by ' || {late} END",
        f"CASE WHEN rank IS NULL THEN 'not rated' ELSE {would} || severity || coalesce(' (' || {reasons_sql} || ')', '') END",
        f"CASE WHEN {_is_reopened()} THEN 'reopened' END",
        f"CASE WHEN {_is_new(now)} THEN 'new' WHEN open_since IS NOT NULL THEN 'open since ' || {since} END",
        "CASE WHEN life <> 'open' THEN replace(life, '_', ' ') END",
    )
    return f"concat_ws(', ', {', '.join(parts)})"


def _is_reopened() -> str:
    return f"({_OPEN} AND episodes > 1)"


def _is_new(now: datetime) -> str:
    return f"({_OPEN} AND coalesce(open_since >= {_time(now)}, false))"


def _time(now: datetime) -> str:
    return f"TIMESTAMPTZ {text(now.isoformat())}"
