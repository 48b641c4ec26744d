"""Match waivers with the findings of a run or of a history; count them by policy and status, with data for warnings."""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.waivers.matching import (
    CANDIDATES,
    MATCHES,
    accounts_in_ids,
    covered_query,
    fill_candidates,
    insert_rows,
    match,
    matched,
    matched_objects,
)
from perpend.findings.waivers.status import Force, waiver_statuses_on
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.findings.waivers.read import WaiverFiles
    from perpend.findings.waivers.status import DecisionDay, WaiverStatus
    from perpend.inventory.snapshots.database import Connection

FindingsOf: TypeAlias = "Callable[[Collection[str]], str]"
"""Returns the query for the findings of some policies, in a run or in a history, with the columns of candidates."""

WAIVED: Final = "perpend_waived"
"""What is waived: ``key``, policy_id, status, account, ``waiver`` (the id of the one that is shown) and ``waived_until``."""

_MOST_PAIRS: Final = 100
_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class WaiverMatches:
    """The findings that waivers cover on a day.

    ``covers`` is the number of findings that each waiver matches, in force or not, by its id. ``waived`` is the number of
    waived findings by policy and status, ``by_waiver`` the same by the waiver shown. ``of`` is the number of findings of each
    policy with these statuses. ``overlaps`` counts the findings that pairs of waivers both cover.
    """

    day: DecisionDay
    waiver_statuses: tuple[WaiverStatus, ...] = ()
    covers: Mapping[str, int] = field(default_factory=dict)
    waived: Mapping[tuple[str, Status], int] = field(default_factory=dict)
    by_waiver: Mapping[tuple[str, str], int] = field(default_factory=dict)
    of: Mapping[str, int] = field(default_factory=dict)
    overlaps: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def number(self, status: Status) -> int:
        """Return the number of waived findings of a status."""
        return sum(number for (_, other), number in self.waived.items() if other is status)

    def waived_of(self, policy_id: str) -> int:
        """Return the number of waived INCOMPLIANT findings of a policy."""
        return self.waived.get((policy_id, Status.INCOMPLIANT), 0)


def match_waivers(
    connection: Connection,
    findings: FindingsOf,
    files: WaiverFiles,
    policy_ids: Collection[str],
    day: DecisionDay,
) -> WaiverMatches:
    """Return the findings that waivers cover, and fill the table of waived findings.

    ``policy_ids`` are all policies of the repository. Only findings of policies that waivers name are read.
    """
    waiver_statuses = waiver_statuses_on(files, day, policy_ids)
    _fill(connection, findings, waiver_statuses)
    return cover(connection, waiver_statuses, day)


def _fill(connection: Connection, findings: FindingsOf, waiver_statuses: Iterable[WaiverStatus]) -> None:
    """Fill the table of candidates with the findings of the policies that some waivers name."""
    if policies := {policy for waiver_status in waiver_statuses for policy in waiver_status.policies}:
        fill_candidates(connection, findings(policies))
    else:
        insert_rows(connection, CANDIDATES, ())


def objects_in_scope(
    connection: Connection, evaluated: FindingsOf, waiver_matches: WaiverMatches
) -> tuple[dict[str, tuple[int, int]], frozenset[str]]:
    """Return the number of evaluated objects, by id, in the scope of each waiver that covers nothing, and of undetermined ones.

    If there is such a waiver, the second value are the accounts that the Ids of evaluated objects name.

    ``evaluated`` are all verdicts, whatever their status. The matches are replaced.
    """
    unused = [
        waiver_status
        for waiver_status in waiver_matches.waiver_statuses
        if waiver_status.force is Force.IN_FORCE and not waiver_matches.covers.get(waiver_status.waiver.id)
    ]
    if not unused:
        return {}, frozenset()
    _fill(connection, evaluated, unused)
    match(connection, unused, whatever_status=True)
    in_scope = {unused[place].waiver.id: numbers for place, numbers in matched_objects(connection).items()}
    return in_scope, accounts_in_ids(connection)


def covered_findings(
    connection: Connection, findings: FindingsOf, waiver_matches: WaiverMatches
) -> Iterator[tuple[WaiverStatus, tuple[str, ...], bool]]:
    """Yield the waivers in force with the findings (policy, type, Id, status) that they cover, and whether they are shown."""
    waiver_statuses = waiver_matches.waiver_statuses
    in_force = [place for place, waiver_status in enumerate(waiver_statuses) if waiver_status.force is Force.IN_FORCE]
    _fill(connection, findings, [waiver_statuses[place] for place in in_force])
    match(connection, waiver_statuses)
    listed = ", ".join(map(str, in_force)) or "NULL"
    answer = connection.execute(
        "SELECT m.waiver, c.policy_id, c.type, coalesce(c.id, ''), c.status, m.waiver = f.waiver "
        f"FROM {MATCHES} AS m JOIN {CANDIDATES} AS c ON c.rowid = m.candidate "
        f"JOIN ({covered_query(in_force)}) AS f ON f.candidate = m.candidate WHERE m.waiver IN ({listed}) ORDER BY ALL"
    )
    while rows := answer.fetchmany(_AT_ONCE):
        for place, *finding, is_shown in rows:
            yield waiver_statuses[place], tuple(finding), is_shown


def cover(connection: Connection, waiver_statuses: Sequence[WaiverStatus], day: DecisionDay) -> WaiverMatches:
    """Return the candidates that waivers cover, and fill the table of waived findings.

    A waiver that covers more than its limit covers nothing at all.
    """
    match(connection, waiver_statuses)
    numbers = matched(connection)
    waiver_statuses = [
        replace(waiver_status, force=Force.OVER_LIMIT)
        if waiver_status.force is Force.IN_FORCE and waiver_status.waiver.exceeds_limit(numbers.get(place, 0))
        else waiver_status
        for place, waiver_status in enumerate(waiver_statuses)
    ]
    in_force = [place for place, waiver_status in enumerate(waiver_statuses) if waiver_status.force is Force.IN_FORCE]
    _keep(connection, waiver_statuses, in_force)
    by_waiver: Counter[tuple[str, str]] = Counter()
    waived: Counter[tuple[str, Status]] = Counter()
    counts = f"SELECT waiver, policy_id, status, count(*) FROM {WAIVED} GROUP BY ALL ORDER BY ALL"
    for waiver, policy_id, status, number in rows_of(connection, counts):
        by_waiver[waiver, policy_id] += number
        waived[policy_id, Status(status)] += number
    pairs = (
        f"SELECT waiver, other, count(*) FROM ({covered_query(in_force)}) WHERE waiver <> other "
        f"GROUP BY ALL ORDER BY ALL LIMIT {_MOST_PAIRS}"
    )
    return WaiverMatches(
        day,
        tuple(waiver_statuses),
        {waiver_statuses[place].waiver.id: number for place, number in numbers.items()},
        waived,
        by_waiver,
        dict(rows_of(connection, f"SELECT policy_id, count(*) FROM {CANDIDATES} GROUP BY 1")),
        {
            (waiver_statuses[first].waiver.id, waiver_statuses[other].waiver.id): number
            for first, other, number in rows_of(connection, pairs)
        },
    )


def _keep(connection: Connection, waiver_statuses: Sequence[WaiverStatus], in_force: Sequence[int]) -> None:
    """Fill the table of waived findings."""
    connection.execute("CREATE OR REPLACE TEMP TABLE perpend_waiver_name (waiver INTEGER, id VARCHAR, until VARCHAR)")
    for place in in_force:
        waiver = waiver_statuses[place].waiver
        until = waiver.until.isoformat() if waiver.until else None
        connection.execute("INSERT INTO perpend_waiver_name VALUES (?, ?, ?)", [place, waiver.id, until])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {WAIVED} AS SELECT c.key, c.policy_id, c.status, c.account, n.id AS waiver, "
        f"n.until AS waived_until FROM ({covered_query(in_force)}) AS m JOIN {CANDIDATES} AS c ON c.rowid = m.candidate "
        "JOIN perpend_waiver_name AS n ON n.waiver = m.waiver"
    )
