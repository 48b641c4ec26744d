"""Mark stale data of stored tables as not known, for every engine.

Tables without stale data are unchanged; of others, a copy is made that is deleted after the run.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.objects.claims import NOT_IN_FULL
from perpend.core.schema.tables import CONTRADICTED, SOURCE, Tables, unfollowed, without_readings
from perpend.evaluation.verdicts.staleness import mark_stale_coverage, stale_claims
from perpend.inventory.importers.scopes import covers, meets, scope_columns
from perpend.inventory.snapshots.database import name, opened, rows_of, text, translate_errors
from perpend.inventory.snapshots.rows import copy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Join, Table
    from perpend.evaluation.verdicts.staleness import Freshness
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot

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
