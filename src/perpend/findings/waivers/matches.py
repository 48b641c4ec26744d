"""Match waivers with the findings of a run or of a history in SQL; count them by policy and status, with data for warnings.

There is one join for each way to find them. A pattern is compared from both ends, and by RE2 only if more than one `*` is
left, so no pattern takes long.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from perpend.core.clouds.registry import account_of_id_sql
from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.objects.status import Status
from perpend.findings.waivers.status import Force, waiver_statuses_on
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.findings.waivers.read import WaiverFiles
    from perpend.findings.waivers.status import DecisionDay, WaiverStatus
    from perpend.inventory.snapshots.database import Connection


CANDIDATES: Final = "perpend_waiver_candidate"
"""The table of findings that could be covered."""

MATCHES: Final = "perpend_waiver_match"
"""The table of the findings that each waiver covers: ``candidate`` (a row of the former) and ``waiver`` (its place among the
statuses)."""

_CANDIDATE: Final = {
    **dict.fromkeys(("policy_id", "type", "id", "external_id", "name", "account", "region", "tags", "status"), "VARCHAR"),
    "key": "BIGINT",
}
COLUMNS: Final = tuple(_CANDIDATE)
"""The columns of a candidate; ``key`` is the number of the finding in its run or history, ``tags`` a JSON object or null."""

Stored = TypeVar("Stored", str, str | None, str | int | None)

_BETWEEN: Final = "\x1f"
"""The character between the key and the value of a stored tag: a `=` may be part of either."""

_PATTERN_COLUMNS: Final = ("prefix", "suffix", "least", "expression", "whole")
_WAIVERS: Final = "perpend_waiver"
_AT_ONCE: Final = 5_000
_MOST_ROWS: Final = 500_000
_ROW: Final = {
    "waiver": "INTEGER",
    "policy_id": "VARCHAR",
    "account": "VARCHAR",
    **dict.fromkeys(("regions", "types", "tags", "statuses"), "VARCHAR[]"),
    **{
        f"{of}_{column}": "BIGINT" if column == "least" else "VARCHAR"
        for of in ("object", "name")
        for column in _PATTERN_COLUMNS
    },
}


class MeansFindings(Protocol):
    """A selection of findings: policies, statuses and a scope. Every key must match, by any value of its list."""

    @property
    def policies(self) -> tuple[str, ...]:
        """The ids of policies."""

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of findings."""

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """Lists of values by key; a missing key matches everything."""


class TooManyWaivers(PerpendError):
    """Waivers with more combinations than are compared."""


def fill_candidates(connection: Connection, findings: str) -> None:
    """Fill the table of candidates from a query for findings of a run or of a history.

    An external id that is the id is left out: nothing is compared with it twice.
    """
    values = {"external_id": "nullif(external_id, id)"}
    listed = ", ".join(f"{values[column]} AS {column}" if column in values else column for column in COLUMNS)
    connection.execute(f"DROP TABLE IF EXISTS {CANDIDATES}")  # so that not both tables are in memory
    connection.execute(f"CREATE TEMP TABLE {CANDIDATES} AS SELECT {listed} FROM ({findings})")


def insert_rows(connection: Connection, table: str, rows: Iterable[Sequence[str | int | None]]) -> None:
    """Fill a table with the columns of candidates from memory."""
    columns = ", ".join(f"{column} {kind}" for column, kind in _CANDIDATE.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")
    _insert(connection, table, _CANDIDATE, (tuple(map(storable, row)) for row in rows))


def match(connection: Connection, waiver_statuses: Sequence[MeansFindings], *, whatever_status: bool = False) -> None:
    """Fill the table of matches; with ``whatever_status``, statuses are not compared."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _ROW.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_WAIVERS} ({columns})")
    rows = (row for number, means in enumerate(waiver_statuses) for row in _rows(number, means))
    _insert(connection, _WAIVERS, _ROW, rows, most=_MOST_ROWS)
    condition = _condition(whatever_status=whatever_status)
    whole = "w.object_whole IS NOT NULL"
    ways = (
        f"w.object_whole = c.id WHERE {whole} AND {condition}",
        f"w.object_whole = c.external_id WHERE {whole} AND c.external_id IS DISTINCT FROM c.id AND {condition}",
        f"w.account = c.account WHERE w.object_whole IS NULL AND {condition}",
        f"true WHERE w.object_whole IS NULL AND w.account IS NULL AND {condition}",
    )
    matches = " UNION ALL ".join(
        f"SELECT c.rowid AS candidate, w.waiver FROM {CANDIDATES} AS c JOIN {_WAIVERS} AS w "
        f"ON w.policy_id = c.policy_id AND {way}"
        for way in ways
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {MATCHES} AS SELECT DISTINCT * FROM ({matches})")


def matched(connection: Connection) -> dict[int, int]:
    """Return the number of findings that each waiver covers, by its index; none for zero."""
    return dict(rows_of(connection, f"SELECT waiver, count(*) FROM {MATCHES} GROUP BY 1"))


def matched_objects(connection: Connection) -> dict[int, tuple[int, int]]:
    """Return by index of a waiver the number of matched candidates, and how many of these are undetermined; none for zero."""
    undetermined = f"count(*) FILTER (c.status = '{Status.UNDETERMINED.value}')"
    query = f"SELECT m.waiver, count(*), {undetermined} FROM {MATCHES} AS m JOIN {CANDIDATES} AS c ON c.rowid = m.candidate"
    return {waiver: (number, unknown) for waiver, number, unknown in rows_of(connection, f"{query} GROUP BY 1")}


def accounts_in_ids(connection: Connection) -> frozenset[str]:
    """Return the accounts that the Ids of candidates name, whether they are those of the candidates or not."""
    account = account_of_id_sql("coalesce(external_id, id)")
    return frozenset(
        value for (value,) in rows_of(connection, f"SELECT DISTINCT {account} FROM {CANDIDATES}") if value is not None
    )


def covered_query(in_force: Iterable[int]) -> str:
    """Return the query for covered findings: ``candidate``, the first ``waiver`` in force, and the last one (``other``)."""
    listed = ", ".join(map(str, in_force)) or "NULL"
    return (
        f"SELECT candidate, min(waiver) AS waiver, max(waiver) AS other FROM {MATCHES} WHERE waiver IN ({listed}) "
        "GROUP BY candidate"
    )


def _condition(*, whatever_status: bool) -> str:
    patterns = f"({_is_like('c.id', 'object')} OR {_is_like('c.external_id', 'object')}) AND {_is_like('c.name', 'name')}"
    status = "true" if whatever_status else "list_contains(w.statuses, c.status)"
    return (
        f"{status} AND (w.account IS NULL OR w.account = c.account) "
        "AND (w.regions IS NULL OR list_contains(w.regions, c.region)) AND (w.types IS NULL OR list_contains(w.types, c.type)) "
        f"AND (w.tags IS NULL OR coalesce(list_has_any({_pairs('c.tags')}, w.tags), FALSE)) "
        f"AND {patterns}"
    )


def _pairs(tags: str) -> str:
    """Return the expression for the tags of an object as texts of name and value; null if they are not known."""
    members = f"map_entries(TRY(from_json({tags}, '\"MAP(VARCHAR, VARCHAR)\"')))"
    return f"list_transform({members}, lambda member: concat(member.key, chr({ord(_BETWEEN)}), member.value))"


def _is_like(value: str, of: str) -> str:
    """Return the condition that a value fits a pattern. An unknown value fits only a missing pattern."""
    column = f"w.{of}_"
    return (
        f"(CASE WHEN {column}whole IS NOT NULL THEN coalesce({value} = {column}whole, false) "
        f"WHEN {column}prefix IS NULL THEN true WHEN {value} IS NULL OR strlen({value}) < {column}least "
        f"OR NOT starts_with({value}, {column}prefix) OR NOT ends_with({value}, {column}suffix) THEN false "
        f"WHEN {column}expression IS NULL THEN true "
        f"ELSE regexp_full_match({value}, {column}expression) END)"
    )


def _rows(number: int, waiver_status: MeansFindings) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each combination of a waiver: policy, account, pattern of objects, pattern of names."""
    scope = waiver_status.scope
    anything: tuple[None, ...] = (None,)
    ways = product(
        waiver_status.policies,
        scope.get("accounts") or anything,
        scope.get("objects") or anything,
        scope.get("names") or anything,
    )
    regions, types = (list(scope[key]) if key in scope else None for key in ("regions", "types"))
    tags = [_BETWEEN.join(tag.split("=", 1)) for tag in scope["tags"]] if "tags" in scope else None
    for policy, account, of_object, of_name in ways:
        statuses = list(waiver_status.statuses)
        yield number, policy, account, regions, types, tags, statuses, *_pattern_row(of_object), *_pattern_row(of_name)


def _pattern_row(pattern: str | None) -> tuple[Any, ...]:
    """Return the parts of a pattern: prefix, suffix, their bytes, and an expression if these are not enough."""
    if pattern is None:
        return (None,) * len(_PATTERN_COLUMNS)
    parts = re.split(r"\*+", pattern)
    if len(parts) == 1:
        return None, None, None, None, pattern
    least = len(parts[0].encode()) + len(parts[-1].encode())
    expression = "(?s)" + ".*".join(map(re.escape, parts)) if len(parts) > 2 else None
    return parts[0], parts[-1], least, expression, None


def _insert(
    connection: Connection, table: str, kinds: dict[str, str], rows: Iterable[Sequence[Any]], *, most: int | None = None
) -> None:
    shape = json.dumps([dict(kinds)])
    insert = f"INSERT INTO {table} SELECT unnest(from_json(?::JSON, '{shape}'), recursive := true)"
    batch: list[dict[str, Any]] = []
    for count, row in enumerate(rows):
        if most is not None and count >= most:
            raise TooManyWaivers(f"entries stand for more than {most:,} combinations of policies, accounts, objects and names")
        batch.append(dict(zip(kinds, row, strict=True)))
        if len(batch) == _AT_ONCE:
            connection.execute(insert, [json.dumps(batch)])
            batch = []
    if batch:
        connection.execute(insert, [json.dumps(batch)])


def storable(value: Stored) -> Stored:
    """Return a value as a database can store it: a text without odd signs, and anything else as it is."""
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd") if isinstance(value, str) else value


FindingsOf: TypeAlias = "Callable[[Collection[str]], str]"
"""Returns the query for the findings of some policies, in a run or in a history, with the columns of candidates."""

WAIVED: Final = "perpend_waived"
"""What is waived: ``key``, policy_id, status, account, ``waiver`` (the id of the one that is shown) and ``waived_until``."""

_MOST_PAIRS: Final = 100
_ROWS_AT_ONCE: Final = 10_000


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
    while rows := answer.fetchmany(_ROWS_AT_ONCE):
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
