"""Queries over the views of a history: findings by filter, one object or policy, two runs compared, trends.

Each query comes with its parameters; no text of a user is part of the SQL.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.findings.history.model import Event
from perpend.findings.history.queries.views import (
    CHANGES,
    FINDING_ID,
    KEY,
    NAMES,
    OBJECTS,
    OUTCOMES,
    RUNS,
    TEXTS_VIEW,
    TIMES,
    called,
    described,
    identified,
    status_sql,
    time_of_run,
)
from perpend.language.compiler.names import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.findings.history.manifest import HistoryManifest, Run
    from perpend.inventory.snapshots.database import Connection

CONDITION: Final = ("policy_no", "condition_index")
"""The columns that name a condition of a history."""

TEXT_COLUMNS: Final = ("condition_text", "current_state_message", "remediation_message")
"""The columns with the texts of a condition."""

FINDING_COLUMNS: Final = (
    *("finding_id", "policy_id", "type", "object_id", "object_name", "external_id", "account", "region", "status", "life"),
    *("open_since", "ended_at", "last_known_at", "last_seen", "episodes", "status_date", "incompliant_start_date"),
    *("incompliant_end_date", "condition_index", *TEXT_COLUMNS),
)
"""The columns of a finding as commands write it."""

BY_AGE: Final = "open_since IS NULL, open_since, policy_id, type, object_id, incarnation"
"""The order of findings that puts those first that were open longest."""

_BY_EVENT: Final = (
    "list_position(['opened', 'reopened', 'became_unknown', 'reconfirmed', 'changed', 'resolved', 'resource_deleted', "
    "'policy_removed'], what)"
)
_BY_POLICY: Final = "count(*) OVER (PARTITION BY what, policy_id) DESC, policy_id, type, object_id, finding_id"
"""The order of the findings that differ between two runs in the same way."""

_NEWS: Final = (Event.OPENED.value, Event.REOPENED.value)
"""What of a comparison is a new incompliance."""

COMPARED: Final = (CHANGES, OUTCOMES, OBJECTS, TIMES, "ledger")
"""The views that a comparison of two runs reads. It needs no changes of the earlier run or older."""

_FINDING: Final = re.compile("[0-9a-f]{32}")

Query = tuple[str, list[Any]]

Row = dict[str, Any]
"""A row by the names of its columns."""

_BATCH: Final = 1_000
"""How many rows are fetched at once."""


class UnknownRun(PerpendError):
    """A name that means no run of a history."""


class UnknownPolicy(PerpendError):
    """A name that means no policy of a history. An empty result would look like no findings."""


@dataclass(frozen=True, slots=True)
class FindingList:
    """Columns of findings in an order. ``rows`` is the query for rows of the view of findings, with its parameters."""

    rows: str
    parameters: Sequence[Any] = ()
    columns: tuple[str, ...] = FINDING_COLUMNS
    order: str = BY_AGE

    def query(self, limit: int | None = None) -> Query:
        """Return the query for at most ``limit`` findings."""
        # The first rows are chosen before ids and texts are computed.
        chosen = self.rows if limit is None else f"FROM ({self.rows}) ORDER BY {self.order} LIMIT {limit}"
        return f"SELECT {', '.join(self.columns)} FROM ({described(chosen)}) ORDER BY {self.order}", [*self.parameters]

    def query_of(self, expressions: Sequence[str]) -> Query:
        """Return the query for expressions over the columns, without those of :data:`TEXT_COLUMNS`.

        They are computed when the rows are sorted: texts of many findings would fill the memory of the sort.
        """
        # DuckDB keeps the order of a sorted subquery if `preserve_insertion_order` is set, which is its default.
        ordered = f"FROM ({self.rows}) ORDER BY {self.order}"
        return f"SELECT {', '.join(expressions)} FROM ({identified(ordered)})", [*self.parameters]


def rows_in(columns: Sequence[str], batches: Iterable[list[tuple[Any, ...]]]) -> Iterator[Row]:
    """Yield rows by the names of their columns."""
    for batch in batches:
        for row in batch:
            yield dict(zip(columns, row, strict=True))


def batches_of(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of the last query of a connection, some at once."""
    while rows := connection.fetchmany(_BATCH):
        yield rows


def texts_of_conditions(connection: Connection) -> dict[tuple[int, int], tuple[str | None, ...]]:
    """Return the values of :data:`TEXT_COLUMNS` by the columns of :data:`CONDITION`."""
    rows = connection.execute(f"SELECT policy_no, code, text, message, remediation FROM {TEXTS_VIEW}").fetchall()
    return {(policy, code): tuple(texts) for policy, code, *texts in rows}


def policies_named(head: HistoryManifest, names: Iterable[str]) -> list[str]:
    """Return the ids of a history's policies that match ids (current or first ones), their ends, folders or globs."""
    known = sorted({(called, policy.policy_id) for policy in head.policies for called in (policy.policy_id, policy.lineage)})
    policy_ids: dict[str, None] = {}
    for name in names:
        rooted = name if name.startswith(("/", "*")) else f"*/{name}"
        patterns = (name, rooted, f"{rooted.rstrip('/')}/*")
        policy_ids |= {
            policy_id: None for called, policy_id in known if any(fnmatchcase(called, pattern) for pattern in patterns)
        }
    return list(policy_ids)


def known_policies(head: HistoryManifest, names: Iterable[str]) -> list[str]:
    """Return the ids as :func:`policies_named` does. Raises UnknownPolicy for a name without a match, with the nearest id."""
    policy_ids: dict[str, None] = {}
    for name in names:
        named = policies_named(head, [name])
        if not named:
            near = did_you_mean(name, [policy.policy_id for policy in head.policies])
            raise UnknownPolicy(f"the history has no policy '{printable(name)}'{near}")
        policy_ids |= dict.fromkeys(named)
    return list(policy_ids)


def run_named(head: HistoryManifest, name: str) -> Run:
    """Return the run that a number, ``last``, or the beginning of a snapshot's id means. Raises UnknownRun."""
    if name == "last" and head.runs:
        return head.runs[-1]
    runs = [run for run in head.runs if str(run.number) == name]
    runs = runs or [run for run in head.runs if len(name) > 3 and run.snapshot.startswith(name)]
    if not runs:
        last = head.runs[-1].number if head.runs else 0
        raise UnknownRun(
            f"the history has no run `{name[:80]}`: use a number from 1 to {last}, `last`, or the beginning of a snapshot's id"
        )
    return runs[-1]


def about(head: HistoryManifest, name: str) -> tuple[str, Query]:
    """Return the kind of thing that a name means (finding, policy or object), and the query for its events, oldest first."""
    columns = (
        "run, time, event, cause, before, after, before_index, after_index, life, policy_id, type, object_id, object_name, "
        "external_id, account, region, finding_id"
    )
    policies = policies_named(head, [name])
    if _FINDING.fullmatch(name):
        what, where, values = "finding", "finding_id = ?", [name]
    elif policies:
        what, where, values = "policy", f"policy_id IN ({_places(policies)}) AND event IS NOT NULL", [*policies]
    else:
        what, where, values = "object", "(object_id = ? OR external_id = ? OR object_name = ?)", [name] * 3
    return what, (f"SELECT {columns} FROM event WHERE {where} ORDER BY run, policy_id, type, object_id, incarnation", values)


def newest_events(query: Query, accounts: Sequence[str], limit: int) -> Query:
    """Return the query for the newest events of a query for events, in some accounts, or in all if none is named.

    The column ``total`` is the number of all of them.
    """
    events, values = query
    where, numbers = of_accounts(accounts)
    newest = f"SELECT *, count(*) OVER () AS total FROM ({events}) WHERE {where} ORDER BY run DESC, policy_id, object_id"
    return f"{newest} LIMIT {int(limit)}", [*values, *numbers]


def objects_of_findings(findings: Sequence[str]) -> Query:
    """Return the query for the policy and the object of findings, by their ids."""
    return f"SELECT finding_id, policy_id, object_id FROM finding WHERE finding_id IN ({_places(findings)})", [*findings]


def compared(before: int, after: int) -> str:
    """Return the query for the findings that differ between two runs; ``what`` is the event, ``cause`` its cause.

    It reads only the changes between the runs: the first of them shows whether a finding was open before. The rows have the
    ``key`` of their finding, and no order.
    """
    first, last = (f"arg_{one}_null({{0}}, run) AS {{1}}" for one in ("min", "max"))
    compared_columns = {"value": "value", "life": "life", "episodes": "episodes", "cause": "cause", "open_since": "open_since"}
    was = {"before": "before", "event": "first_event", "life": "first_life"}
    columns = [*(first.format(*one) for one in was.items()), *(last.format(*one) for one in compared_columns.items())]
    between = (
        f"SELECT type, policy_no, object_no, {', '.join(columns)}, bool_or(event IN {_NEWS}) AS opened "
        f"FROM {CHANGES} WHERE run > {before} AND run <= {after} GROUP BY type, policy_no, object_no"
    )
    was_open = (
        f"CASE WHEN c.first_event IS NULL THEN c.first_life IN ('open', 'unconfirmed') ELSE c.first_event NOT IN {_NEWS} END"
    )
    blurred = f"coalesce({status_sql('c.before')} = 'UNDETERMINED', false)"
    is_open = "life IN ('open', 'unconfirmed')"
    what = (
        f"CASE WHEN {is_open} AND (NOT was_open OR opened) THEN CASE WHEN episodes > 1 THEN 'reopened' ELSE 'opened' END "
        f"WHEN was_open AND NOT {is_open} THEN CASE WHEN life = 'unknown' THEN 'became_unknown' ELSE life END "
        "WHEN was_open AND NOT blurred AND life = 'unconfirmed' THEN 'became_unknown' "
        "WHEN was_open AND blurred AND life = 'open' THEN 'reconfirmed' "
        "WHEN was_open AND before // 8 IS DISTINCT FROM value // 8 THEN 'changed' END"
    )
    changes = f"SELECT c.*, {was_open} AS was_open, {blurred} AS blurred FROM ({between}) AS c"
    return (
        f"SELECT {KEY} AS key, l.what, {FINDING_ID} AS finding_id, p.policy_id, o.type, o.id AS object_id, "
        f"{called('o')} AS object_name, "
        f"o.external_id, o.account, o.region, {status_sql('l.before')} AS before, {status_sql('l.value')} AS after, "
        "l.before // 8 AS before_index, l.value // 8 AS after_index, l.cause, "
        f"{time_of_run('l.open_since')} AS open_since, "
        "t.text AS condition_text, t.message AS current_state_message, t.remediation AS remediation_message "
        f"FROM (SELECT *, {what} AS what FROM ({changes})) AS l {NAMES} "
        f"LEFT JOIN {OUTCOMES} AS t ON t.policy_id = p.policy_id AND t.type = o.type AND t.code = l.value // 8 "
        "WHERE l.what IS NOT NULL"
    )


def by_event(rows: str, *more: str) -> str:
    """Return the query for the rows of :func:`compared`, by event, then by ``more`` and by policy, without their keys."""
    return f"SELECT * EXCLUDE (key) FROM ({rows}) ORDER BY {', '.join((_BY_EVENT, *more, _BY_POLICY))}"


@dataclass(frozen=True, slots=True)
class HistoryCoverage:
    """The numbers of verdicts and policies that a run evaluated, and of those that the history knew after it."""

    verdicts: int
    known: int
    policies: int
    known_policies: int


def coverage(connection: Connection, run: int) -> HistoryCoverage:
    """Return the coverage of a run: the policies and objects it evaluated, of all that the history knew then."""
    counts = (
        "SELECT policy_id, sum(judged) AS judged, sum(compliant + incompliant + inapplicable + undetermined) AS known "
        f"FROM ledger WHERE run = {int(run)} GROUP BY 1"
    )
    sums = "coalesce(sum(judged), 0)::BIGINT, coalesce(sum(known), 0)::BIGINT, count(*) FILTER (judged > 0), count(*)"
    return HistoryCoverage(*connection.execute(f"SELECT {sums} FROM ({counts}) WHERE known > 0").fetchall()[0])


def trend(accounts: Sequence[str], policies: Sequence[str]) -> Query:
    """Return the query for a row per run, in order: the findings open, unconfirmed, unknown and compliant after it.

    ``late`` is the number of accounts for which the history already had newer facts.
    """
    where, values = ["true"], [*accounts, *policies]
    where += [f"account IN ({_places(accounts)})"] if accounts else []
    where += [f"policy_id IN ({_places(policies)})"] if policies else []
    condition = " AND ".join(where)
    counts = (
        "SELECT run, sum(incompliant) AS open, sum(unconfirmed) AS unconfirmed, "
        f"sum(undetermined) - sum(unconfirmed) AS unknown, sum(compliant) AS compliant FROM ledger WHERE {condition} GROUP BY 1"
    )
    flows = (
        "SELECT run, count(*) FILTER (event IN ('opened', 'reopened')) AS opened, "
        "count(*) FILTER (event IN ('resolved', 'resource_deleted', 'policy_removed')) AS ended "
        f"FROM event WHERE {condition} GROUP BY 1"
    )
    query = (
        "SELECT r.number AS run, r.time, coalesce(c.open, 0) AS open, coalesce(c.unconfirmed, 0) AS unconfirmed, "
        "coalesce(c.unknown, 0) AS unknown, coalesce(c.compliant, 0) AS compliant, coalesce(f.opened, 0) AS opened, "
        f"coalesce(f.ended, 0) AS ended, r.late_accounts AS late FROM run AS r LEFT JOIN ({counts}) AS c ON c.run = r.number "
        f"LEFT JOIN ({flows}) AS f ON f.run = r.number ORDER BY r.number"
    )
    return query, values * 2


def open_by_severity(accounts: Sequence[str], policies: Sequence[str], today: Mapping[str, str] | None) -> Query:
    """Return the query for the number of open or unconfirmed findings by run and severity.

    ``today`` are severities by policy to apply to all runs; None applies the ratings that were in force in each run.
    """
    ratings, compared_columns = "rating", [value for one in (today or {}).items() for value in one]
    if today is not None:
        rows = ", ".join(["(?, ?)"] * len(today)) or "('', '')"
        ratings = f"(SELECT number AS run, v.* FROM run, (VALUES {rows}) AS v(policy_id, severity))"
    where, values = ["true"], [*accounts, *policies]
    where += [f"l.account IN ({_places(accounts)})"] if accounts else []
    where += [f"l.policy_id IN ({_places(policies)})"] if policies else []
    return (
        "SELECT l.run, coalesce(r.severity, 'not rated') AS severity, sum(l.incompliant + l.unconfirmed)::BIGINT AS open "
        f"FROM ledger AS l LEFT JOIN {ratings} AS r ON r.run = l.run AND r.policy_id = l.policy_id "
        f"WHERE {' AND '.join(where)} GROUP BY ALL HAVING open > 0 ORDER BY ALL"
    ), [*compared_columns, *values]


def of_accounts(accounts: Sequence[str], column: str = "account") -> Query:
    """Return the condition for rows of some accounts, or of all if none is named, with its parameters."""
    return (f"{column} IN ({_places(accounts)})", [*accounts]) if accounts else ("true", [])


def _places(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def newest_counts(accounts: Sequence[str], until: int | None = None) -> Query:
    """Return the query, over the view ``ledger``, for the newest counts of each policy by status.

    ``until`` is the number of the last run that counts. A policy whose objects are all deleted has zeros.
    """
    where = f"l.account IN ({_places(accounts)})" if accounts else "true"
    names = ("compliant", "incompliant", "inapplicable", "undetermined")
    sums = ", ".join(f"coalesce(sum(l.{name}) FILTER ({where} AND l.run = n.run), 0)" for name in names)
    past = f" WHERE number <= {int(until)}" if until is not None else ""
    newest = f"SELECT max(number) AS run FROM {RUNS}{past}"
    query = f"SELECT l.policy_id, {sums} FROM ledger AS l, ({newest}) AS n WHERE l.run <= n.run GROUP BY 1 ORDER BY 1"
    return query, [*accounts] * len(names)
