"""Mark data as not known if they were observed too long ago, so that they cannot pass.

An object of a stale source is in doubt, like one whose sources contradict each other. A list that only a stale source
claims to hold in full is not known in full.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import NOT_IN_FULL
from perpend.core.schema.tables import CONTRADICTED, SOURCE, Tables, unfollowed, without_readings
from perpend.core.values.age import age_in_words
from perpend.inventory.importers.scopes import covers, meets, scope_columns
from perpend.inventory.readers.formats import ANSWER, REPORT
from perpend.inventory.snapshots.database import name, opened, rows_of, text, translate_errors
from perpend.inventory.snapshots.rows import copy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from perpend.core.objects.claims import Claim
    from perpend.core.objects.inventory import Source
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Join, Table
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot

REPORT_LIFE: Final = timedelta(hours=4)
"""The maximum age of a report on request: AWS creates a new one if the last is older."""

_REPORTS: Final = (REPORT.name, ANSWER.name)
_COLLECTED: Final = " credential report"
_SLACK: Final = timedelta(minutes=5)
"""The difference that clocks of different machines may have."""


class Dated(Protocol):
    """A source with its observation time and the lists that it claims to hold in full."""

    @property
    def observed_at(self) -> datetime | None:
        """When the source was observed, None if that is not known."""

    @property
    def coverage(self) -> tuple[Claim, ...]:
        """The lists that the source claims to hold in full."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The maximum age of data in a run. Ages are relative to ``now``.

    ``stated``: the user gave the time of the observations; sources without a time count as observed then.
    """

    limit: timedelta
    now: datetime
    stated: bool = False

    def reason(self, observed_at: datetime | None) -> str | None:
        """Return why data observed at a time are too old, None if they are not."""
        limit = age_in_words(self.limit)
        if observed_at is None:
            return None if self.stated else f"observed at an unknown time: it may be older than {limit}"
        age, when = self.now - observed_at, f"{observed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if age > self.limit:
            return f"observed {age_in_words(age)} ago, {when}: older than {limit}"
        if age < -_SLACK and not self.stated:
            return f"observed at {when}, which is in the future: its age is unknown"
        return None

    def reasons(self, sources: Sequence[Dated]) -> dict[int, str]:
        """Return the reasons of stale sources, by number."""
        reasons = ((number, self.reason(source.observed_at)) for number, source in enumerate(sources))
        return {number: reason for number, reason in reasons if reason is not None}


def freshness_of(max_age: timedelta | None, snapshot_time: datetime | None, today: datetime | None) -> Freshness | None:
    """Return the age limit, relative to the given time of the run, else to now. None without a limit."""
    if max_age is None:
        return None
    return Freshness(max_age, snapshot_time or today or datetime.now(UTC), stated=snapshot_time is not None)


def old_reports(sources: Iterable[Source], now: datetime) -> dict[str, timedelta]:
    """Return the ages of credential reports that are older than AWS lets them become, by name."""
    return {
        source.name: now - source.observed_at
        for source in sources
        if source.observed_at is not None
        and (source.kind in _REPORTS or source.name.endswith(_COLLECTED))
        and now - source.observed_at > REPORT_LIFE
    }


def stale_claims(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, str]]:
    """Yield the claims that only stale sources make, each with the reason why it does not hold."""
    fresh = [claim for number, source in enumerate(sources) if number not in stale for claim in source.coverage]
    for number, reason in stale.items():
        for claim in sources[number].coverage:
            if claim.lacking is None and not any(_vouches(other, claim) for other in fresh):
                yield claim, reason


def mark_stale_coverage(sources: Sequence[Dated], stale: Mapping[int, str]) -> Iterator[tuple[Claim, ...]]:
    """Yield the claims of each source, with stale ones marked as incomplete."""
    reasons = dict(stale_claims(sources, stale))
    for number, source in enumerate(sources):
        aged = (replace(claim, lacking=claim.lacking or reasons.get(claim)) for claim in source.coverage)
        yield tuple(aged) if number in stale else source.coverage


def _vouches(fresh: Claim, claim: Claim) -> bool:
    about = fresh.type_name in ("", claim.type_name) and fresh.relation in ("", claim.relation)
    return fresh.lacking is None and about and fresh.scope.covers(claim.scope)


_ID: Final = "Id"


def mark_stale_snapshot(
    snapshot: Snapshot, freshness: Freshness | None, declared: Callable[[str], ObjectType | None], directory: Path
) -> Snapshot:
    """Return a snapshot in which stale data are not known; the same snapshot if nothing is stale.

    ``directory`` takes the copies of changed tables.
    """
    stale = freshness.reasons(snapshot.sources) if freshness else {}
    if not stale:
        return snapshot
    tables, files = dict(snapshot.tables.by_name), dict[str, tuple[Path, ...]]()
    with opened(directories=[directory], paths=snapshot.files.paths) as connection, translate_errors(directory):
        aging = _Aging(connection, snapshot, stale, declared)
        for number, (table_name, table) in enumerate(snapshot.tables.by_name.items()):
            aged = aging.aged(table)
            if aged is None:
                continue
            tables[table_name], query = aged
            path = directory / f"{number}.parquet"
            copy(connection, query, path, staging=True)
            files[table_name] = (path,)
    written = "\0".join([snapshot.content_hash, *(f"{number} {reason}" for number, reason in stale.items())])
    return replace(
        snapshot,
        sources=_aged_sources(snapshot.sources, stale),
        tables=Tables(tables, snapshot.tables.complete),
        files=snapshot.files.replaced(files),
        content_hash=hashlib.sha256(written.encode()).hexdigest(),
    )


def _aged_sources(sources: Sequence[StoredSource], stale: Mapping[int, str]) -> tuple[StoredSource, ...]:
    """Return sources without the claims of stale ones."""
    coverage = mark_stale_coverage(sources, stale)
    return tuple(replace(source, coverage=claims) for source, claims in zip(sources, coverage, strict=True))


class _Aging:
    """Marks the tables of one snapshot. ``stale`` are reasons by the numbers of sources."""

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        stale: Mapping[int, str],
        declared: Callable[[str], ObjectType | None],
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._stale = stale
        self._declared = declared
        self._claims = list(stale_claims(snapshot.sources, stale))

    def aged(self, table: Table) -> tuple[Table, str] | None:
        """Return a marked table and the query for its rows; None if nothing in it is stale."""
        lists = {child.name: cases for child in table.children.values() if (cases := self._list_cases(table, child))}
        if not lists and not self._has_stale_rows(table):
            return None
        relation = self._snapshot.stored(table.name)
        there = {str(column) for column, *_ in rows_of(self._connection, f"DESCRIBE SELECT * FROM {relation}")}
        values = {unfollowed(one): f"CASE {' '.join(cases)} END" for one, cases in lists.items()}
        values[CONTRADICTED] = _reason(self._stale, self._snapshot.sources)
        query = f"SELECT {_marked(values, there)} FROM {relation}"
        return replace(table, contradicted=True, children=_partial(table.children, lists)), query

    def _has_stale_rows(self, table: Table) -> bool:
        numbers = ", ".join(map(str, self._stale))
        query = f"SELECT 1 FROM {self._snapshot.stored(table.name)} WHERE {name(SOURCE)} IN ({numbers}) LIMIT 1"
        return bool(rows_of(self._connection, query))

    def _list_cases(self, table: Table, join: Join) -> list[str]:
        """Return the cases in which only a stale source claims to hold all of a child list."""
        if join.own != _ID or join.lacking is not None:
            return []
        forms = {column.name: column.form for column in table.columns.values()}
        account, region = scope_columns(forms, self._declared(without_readings(table.name)))
        vouched = [
            claim.scope
            for number, source in enumerate(self._snapshot.sources)
            if number not in self._stale
            for claim in source.coverage
            if claim.lacking is None and claim.is_about(join.table, join.name)
        ]
        fresh = f" AND NOT coalesce({covers(vouched, account, region)}, false)" if vouched else ""
        return [
            f"WHEN {meets(claim.scope, account, region)}{fresh} THEN {text(NOT_IN_FULL + reason)}"
            for claim, reason in self._claims
            if claim.is_about(join.table, join.name)
        ]


def _partial(joins: Mapping[str, Join], marked: Mapping[str, object]) -> dict[str, Join]:
    return {relation: replace(join, partial=join.partial or relation in marked) for relation, join in joins.items()}


def _reason(stale: Mapping[int, str], sources: Sequence[StoredSource]) -> str:
    """Return the expression for the reason why a row is stale, null if it is not."""
    listed = ", ".join(text(stale[number]) if number in stale else "NULL" for number in range(len(sources)))
    return f"CAST([{listed}] AS VARCHAR[])[{name(SOURCE)} + 1]"


def _marked(values: Mapping[str, str], there: Collection[str]) -> str:
    """Return all columns, with reasons in some. A reason that is present already takes precedence."""
    replaced = [f"coalesce({name(column)}, {value}) AS {name(column)}" for column, value in values.items() if column in there]
    added = [f"{value} AS {name(column)}" for column, value in values.items() if column not in there]
    every = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    return ", ".join([every, *added])
