"""Ask a history for its findings by policy and account: how many are open, which, and what has changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.model import Cause, Event, State
from perpend.findings.history.queries.views import CHANGES, KEY, LIVES, NAMES, TEXTS_VIEW, called, time_of_run
from perpend.findings.waivers.matches import WAIVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from perpend.inventory.snapshots.database import Connection

MOST_OBJECTS: Final = 20
"""How many objects an issue lists; the others are counted."""

_MOST_REMEDIES: Final = 3
_CHOSEN: Final = "perpend_issue_group"
_ENDS: Final = (Event.RESOLVED.value, Event.RESOURCE_DELETED.value, Event.POLICY_REMOVED.value)
_CHANGED: Final = (Event.OPENED.value, Event.REOPENED.value, *_ENDS)
_QUIET: Final = (Cause.POLICY.value, Cause.PARAMETER.value, Cause.ENGINE.value)
_OPEN: Final = f"l.life IN ('{State.OPEN}', '{State.UNCONFIRMED}')"
_UNKNOWN: Final = f"l.life = '{State.UNKNOWN}' AND p.retired_run IS NULL"
_FOUND: Final = f"FROM {LIVES} AS l {NAMES} LEFT JOIN {WAIVED} AS w ON w.key = {KEY}"
_IN_GROUP: Final = f"JOIN {_CHOSEN} AS g ON g.lineage = p.lineage AND g.account IS NOT DISTINCT FROM o.account"


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """The findings of one policy, by its lineage, and one account.

    Waived findings count only as ``waived``. ``unknown`` are findings that had ended, and now cannot be evaluated;
    ``unknown_closed`` is the newest run in which one of them had. ``newest`` is the newest run that opened one of the open
    findings, ``since`` the time of the oldest. ``digest`` changes if the findings, their states or their waivers do.
    """

    lineage: str
    account: str | None
    policy_id: str
    open: int = 0
    unconfirmed: int = 0
    waived: int = 0
    unknown: int = 0
    unknown_closed: int = 0
    newest: int = 0
    since: datetime | None = None
    digest: str = ""

    @property
    def group(self) -> tuple[str, str | None]:
        """The lineage and the account."""
        return self.lineage, self.account

    def has_ended(self, opened: int) -> bool:
        """Whether all findings are known to have ended; ``opened`` is the run in which an issue of theirs was opened."""
        return not (self.open or self.unconfirmed or self.waived or self.unknown_closed > opened)


@dataclass(frozen=True, slots=True)
class IssueObject:
    """An object with an open finding. ``is_unconfirmed``: the newest verdict does not say whether it still fails."""

    name: str
    object_id: str
    region: str | None
    since: datetime | None
    is_unconfirmed: bool


@dataclass(slots=True)
class GroupDetails:
    """The first objects of a group, the texts that say how to fix them, and its changes since a run.

    ``changes`` are numbers by event; ``by_policy`` are those that a changed policy or engine caused.
    """

    objects: list[IssueObject] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    by_policy: dict[str, int] = field(default_factory=dict)

    def number(self, *events: Event) -> int:
        """Return the number of changes with these events."""
        return sum(self.changes.get(event.value, 0) for event in events)


def finding_counts(connection: Connection) -> dict[tuple[str, str | None], FindingCounts]:
    """Return the counts of all groups. ``connection`` has the views of a history, and the table of waived findings."""
    own = "w.key IS NULL"
    columns = (
        *("p.lineage", "o.account", "arg_max(p.policy_id, p.policy_no)"),
        *(f"count(*) FILTER (l.life = '{life}' AND {own})" for life in (State.OPEN, State.UNCONFIRMED)),
        f"count(*) FILTER ({_OPEN} AND NOT {own})",
        f"count(l.ended) FILTER ({_UNKNOWN})",
        f"coalesce(max(l.ended) FILTER ({_UNKNOWN}), 0)",
        f"coalesce(max(l.open_since) FILTER (l.life = '{State.OPEN}' AND {own}), 0)",
        time_of_run(f"min(l.open_since) FILTER ({_OPEN} AND {own})"),
        f"coalesce(CAST(bit_xor(hash({KEY}, l.life, w.waiver, l.value)) FILTER ({_OPEN}) AS VARCHAR), '')",
    )
    query = f"SELECT {', '.join(columns)} {_FOUND} WHERE l.life <> '{State.PASSING}' GROUP BY p.lineage, o.account"
    counts: dict[tuple[str, str | None], FindingCounts] = {}
    answer = connection.execute(query)
    while rows := answer.fetchmany(1_000):
        for row in rows:
            of_group = FindingCounts(*row)
            counts[of_group.group] = of_group
    return counts


def group_details(connection: Connection, since: Mapping[tuple[str, str | None], int]) -> dict[Any, GroupDetails]:
    """Return the details of groups, with the changes after a run of each."""
    groups: dict[Any, GroupDetails] = defaultdict(GroupDetails)
    if not since:
        return groups
    places = list(since)
    rows = [(place, lineage, account, since[lineage, account]) for place, (lineage, account) in enumerate(places)]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_CHOSEN} (place INTEGER, lineage VARCHAR, account VARCHAR, since INTEGER)"
    )
    connection.executemany(f"INSERT INTO {_CHOSEN} VALUES (?, ?, ?, ?)", rows)
    for place, *values in _rows(connection, _objects_query()):
        groups[places[place]].objects.append(IssueObject(*values))
    for place, text in _rows(connection, _remedies_query()):
        groups[places[place]].remedies.append(text)
    for place, event, number, quiet in _rows(connection, _changes_query()):
        groups[places[place]].changes[event] = number
        groups[places[place]].by_policy[event] = quiet
    return groups


def _rows(connection: Connection, query: str) -> Iterable[Sequence[Any]]:
    return connection.execute(query).fetchall()


def _objects_query() -> str:
    """Return the query for the first objects of each chosen group, those that were open longest first."""
    order = f"l.life = '{State.UNCONFIRMED}', l.open_since, {called('o')}, o.id"
    return (
        f"SELECT g.place, coalesce({called('o')}, o.id), o.id, o.region, {time_of_run('l.open_since')}, "
        f"l.life = '{State.UNCONFIRMED}' {_FOUND} {_IN_GROUP} WHERE {_OPEN} AND w.key IS NULL "
        f"QUALIFY row_number() OVER (PARTITION BY g.place ORDER BY {order}) <= {MOST_OBJECTS} ORDER BY g.place, {order}"
    )


def _remedies_query() -> str:
    """Return the query for the texts that say how to fix the findings of each chosen group, the most frequent first."""
    counted = (
        f"SELECT g.place, t.remediation AS text, count(*) AS number {_FOUND} {_IN_GROUP} JOIN {TEXTS_VIEW} AS t "
        f"ON t.policy_no = l.policy_no AND t.code = l.value // 8 WHERE l.life = '{State.OPEN}' AND w.key IS NULL "
        "AND coalesce(t.remediation, '') <> '' GROUP BY ALL"
    )
    return (
        f"SELECT place, text FROM ({counted}) QUALIFY row_number() OVER (PARTITION BY place ORDER BY number DESC, text) "
        f"<= {_MOST_REMEDIES} ORDER BY place, number DESC, text"
    )


def _changes_query() -> str:
    """Return the query for the newest opening or end of each finding of the chosen groups since a run, counted by event."""
    newest = (
        "SELECT g.place, arg_max(l.event, l.run) AS event, arg_max(l.cause, l.run) AS cause "
        f"FROM {CHANGES} AS l {NAMES} {_IN_GROUP} WHERE l.run > g.since AND l.event IN {_CHANGED} GROUP BY g.place, {KEY}"
    )
    return f"SELECT place, event, count(*), count(*) FILTER (cause IN {_QUIET}) FROM ({newest}) GROUP BY ALL ORDER BY ALL"
