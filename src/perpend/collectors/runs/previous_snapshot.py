"""Carry objects over from the previous snapshot: unchanged, or with the time of their disappearance.

An object has disappeared if a complete listing of its scope does not show it, or a list that its owner states in full. Any
other object stays unchanged, with its source. Joins run over Parquet files: memory use does not grow with the number of rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.collectors.protocol import KEPT_FOR, STATED
from perpend.core.clouds.registry import cloud_named, is_of_provider_sql
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import NOT_ASKED
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Form, listed, unfollowed, unread
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.inventory.importers.merge_relations import LISTED, TableFragment
from perpend.inventory.snapshots.database import name, rows_of, text, unions
from perpend.inventory.snapshots.queries.identity import object_identity
from perpend.inventory.snapshots.rows import PHYSICAL, copy, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from perpend.core.objects.claims import Claim
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot

_STATE: Final = "perpend_state"
_UNUSED, _FORGOTTEN, _AS_BEFORE, _GONE_BEFORE, _GONE = -2, -1, 0, 1, 2
_ID: Final = "Id"


@dataclass(slots=True)
class CarriedOver:
    """The tables and sources that a new snapshot takes over from the previous one, with counts of rows by type.

    ``collected`` are the newly collected tables, and have the column of the disappearance if one is needed. ``sources`` follow
    the new sources. ``as_before`` counts rows that no complete listing covers, ``gone`` rows whose objects have disappeared
    since, ``forgotten`` rows whose objects disappeared so long ago that they are dropped. Rows of objects that the cloud's
    provider owns and the account no longer uses are dropped without a count: these objects are neither here nor deleted.
    """

    collected: dict[str, TableFragment]
    sources: list[StoredSource] = field(default_factory=list)
    pieces: dict[str, TableFragment] = field(default_factory=dict)
    as_before: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _StagedRows:
    """Rows of one type that may stay, in a file. Their source numbers continue the numbers of the new sources."""

    type_name: str
    path: Path
    forms: dict[str, Form]
    marks: frozenset[str]
    deletion: str | None


def carried_over_of(
    connection: Connection,
    previous: Snapshot | None,
    collected: Mapping[str, TableFragment],
    sources: Sequence[StoredSource],
    *,
    declared: Callable[[str], ObjectType | None],
    new_path: Callable[[], Path],
    keep: timedelta = KEPT_FOR,
) -> CarriedOver:
    """Return the tables and sources that a new snapshot takes over. ``connection`` can read the previous one's files.

    ``collected`` are the new rows by type. ``sources`` are their sources, with claims of completeness. Objects that
    have disappeared stay for ``keep``.
    """
    carried_over = CarriedOver(dict(collected))
    if previous is None or not any(_is_collected(source) for source in previous.sources):
        return carried_over
    comparison = _Comparison(connection, previous, declared, sources, keep)
    staged = [comparison.stage(table, object_type, collected, new_path()) for table, object_type in comparison.types(collected)]
    used: dict[int, int] = {}
    for stage in staged:
        comparison.count(stage, carried_over, used)
    numbers = _take_sources(carried_over, previous, sources, used)
    for stage in staged:
        # A table without rows that is not collected again stays: that there is none of the type is known.
        carried = {**carried_over.as_before, **carried_over.gone}
        if stage.type_name not in collected or stage.type_name in carried:
            comparison.add(stage, carried_over, numbers, new_path())
    carried_over.gone = {type_name: number for type_name, number in carried_over.gone.items() if number}
    return carried_over


def seen_of(
    connection: Connection,
    previous: Snapshot | None,
    collected: Mapping[str, TableFragment],
    *,
    declared: Callable[[str], ObjectType | None],
) -> dict[str, Counter[tuple[str, str]]]:
    """Return counts of the previous objects that were not collected again and are not deleted: by account, type and region."""
    seen: dict[str, Counter[tuple[str, str]]] = {}
    if previous is None or not any(_is_collected(source) for source in previous.sources):
        return seen
    comparison = _Comparison(connection, previous, declared)
    for table, object_type in comparison.types(collected):
        for account, region, number in comparison.seen(table, object_type, collected.get(table.name)):
            seen.setdefault(account, Counter())[table.name, region] = number
    return seen


def used_objects(connection: Connection, previous: Snapshot, uses: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the Ids of objects that the cloud's provider owns and an account used, by type.

    ``uses`` names the field of each type that counts the users of an object.
    """
    used: dict[str, list[str]] = {}
    for type_name, field_name in uses.items():
        table = previous.tables.by_name.get(type_name)
        if table is None or _ID not in table.columns:
            continue
        count = f"TRY_CAST({name(field_name)} AS DOUBLE)" if field_name in table.columns else "NULL"
        query = (
            f"SELECT DISTINCT {name(_ID)} FROM {previous.relation(type_name)} "
            f"WHERE {is_of_provider_sql(name(_ID))} AND coalesce({count}, 1) <> 0 ORDER BY ALL"
        )
        used[type_name] = [str(identity) for (identity,) in rows_of(connection, query)]
    return used


class _Comparison:
    """Compares the previous snapshot type by type with the collected rows."""

    def __init__(
        self,
        connection: Connection,
        previous: Snapshot,
        declared: Callable[[str], ObjectType | None],
        sources: Sequence[StoredSource] = (),
        keep: timedelta = KEPT_FOR,
    ) -> None:
        self._connection = connection
        self._previous = previous
        self._declared = declared
        self._sources = sources
        times = [source.observed_at for source in sources if source.observed_at]
        self._limit = max(times) - keep if times else None

    def types(self, collected: Mapping[str, TableFragment]) -> list[tuple[Table, ObjectType]]:
        """Return the previous tables of objects with rows that were not collected again, and those without a new table."""
        tables = [table for table in self._previous.tables.by_name.values() if table.type_name and _ID in table.columns]
        compared = [table.name for table in tables if table.name in collected and table.rows]
        missing = {table.name for table in tables if table.name not in collected}
        parts = (
            f"SELECT {text(one)} WHERE EXISTS (SELECT 1 FROM {self._previous.stored(one)} "
            f"WHERE {self._only_before(collected[one])})"
            for one in compared
        )
        for statement in unions(parts):
            missing |= {one for (one,) in rows_of(self._connection, statement)}
        return [(table, self._declared(table.name) or ObjectType(table.name)) for table in tables if table.name in missing]

    def _only_before(self, piece: TableFragment | None) -> str:
        """Return the condition that a previous row was collected, and was not collected again."""
        others = f" AND {name(_ID)} NOT IN (SELECT {name(_ID)} FROM {piece.relation})" if piece and piece.rows else ""
        return f"{name(SOURCE)} IN ({self._numbers()}) AND {name(_ID)} IS NOT NULL{others}"

    def stage(self, table: Table, object_type: ObjectType, collected: Mapping[str, TableFragment], path: Path) -> _StagedRows:
        """Write the rows of a previous table that were not collected again to a file, each with its state."""
        piece = collected.get(table.name)
        deletion = object_type.deletion_field
        forms = {column.name: column.form for column in table.columns.values()}
        if deletion and forms.get(deletion) is not Form.TEXT:
            forms[deletion] = Form.TEXT
        marks = {unread(column.name) for column in table.columns.values() if column.partial and column.name != deletion}
        marks |= {CONTRADICTED} if table.contradicted else set()
        columns = ", ".join(name(column) for column in (*(column for column in forms if column != deletion), *sorted(marks)))
        rows = self._rows(table, object_type, piece, f"{columns}, {name(ROW)}, {name(SOURCE)}, {self._observed()} AS seen")
        claimed_by = f"coalesce({', '.join([self._claimed_by(table.name), *self._stated_by(table, collected)])})"
        claimed = f"SELECT *, {claimed_by} AS claimed_by FROM ({rows}) AS previous"
        long_ago = f"TRY_CAST(left(gone_at, 19) AS TIMESTAMP) < {_timestamp(self._limit)}"
        state = (
            f"CASE WHEN gone_at IS NOT NULL AND {long_ago} THEN {_FORGOTTEN} WHEN gone_at IS NOT NULL THEN {_GONE_BEFORE} "
            f"WHEN claimed_by IS NULL THEN {_AS_BEFORE} WHEN {is_of_provider_sql(name(_ID))} THEN {_UNUSED} ELSE {_GONE} END"
        )
        stated = f", coalesce(gone_at, {self._times()}[claimed_by + 1]) AS {name(deletion)}" if deletion else ""
        number = f"CAST(coalesce(claimed_by, {name(SOURCE)} + {len(self._sources)}) AS INTEGER) AS {name(SOURCE)}"
        copy(
            self._connection,
            f"SELECT {columns}, {name(ROW)}, {number}, {state} AS {_STATE}{stated} FROM ({claimed}) ORDER BY {name(ROW)}",
            path,
            staging=True,
        )
        return _StagedRows(table.name, path, forms, frozenset(marks), deletion)

    def seen(self, table: Table, object_type: ObjectType, piece: TableFragment | None) -> list[tuple[str, str, int]]:
        """Count the rows of a previous table that were not collected again and are not deleted, by account and region."""
        rows = self._rows(table, object_type, piece, name(_ID))
        known = "gone_at IS NULL AND account IS NOT NULL AND region IS NOT NULL"
        query = f"SELECT account, region, count(*) FROM ({rows}) WHERE {known} GROUP BY ALL ORDER BY ALL"
        return rows_of(self._connection, query)

    def _rows(self, table: Table, object_type: ObjectType, piece: TableFragment | None, columns: str) -> str:
        """Return the query for the rows of a previous table that were not collected again, with scope and time of deletion."""
        deletion = object_type.deletion_field
        known = deletion in table.columns and table.columns[deletion].form is Form.TEXT if deletion else False
        gone_at = f"nullif({name(deletion)}, '')" if deletion and known else "CAST(NULL AS VARCHAR)"
        identity = object_identity(self._previous, object_type, self._declared)
        scope = ", ".join(f"{identity.columns[column]} AS {column}" for column in ("account", "region"))
        return (
            f"SELECT {columns}, {gone_at} AS gone_at, account, region "
            f"FROM (SELECT o.*, {scope} FROM {self._previous.relation(table.name)} AS o{identity.joins}) "
            f"WHERE {self._only_before(piece)}"
        )

    def count(self, staged: _StagedRows, carried_over: CarriedOver, used: dict[int, int]) -> None:
        """Count rows by state, and the rows that stay by source."""
        query = f"SELECT {_STATE}, {name(SOURCE)}, count(*) FROM {parquet(staged.path)} GROUP BY ALL ORDER BY ALL"
        for state, source, number in rows_of(self._connection, query):
            if state == _UNUSED:
                continue
            where = {_FORGOTTEN: carried_over.forgotten, _AS_BEFORE: carried_over.as_before}.get(state, carried_over.gone)
            where[staged.type_name] = where.get(staged.type_name, 0) + (0 if state == _GONE_BEFORE else number)
            if state != _FORGOTTEN and (staged.deletion or state == _AS_BEFORE):
                used[source] = used.get(source, 0) + number

    def add(self, staged: _StagedRows, carried_over: CarriedOver, numbers: Mapping[int, int], path: Path) -> None:
        """Add the rows that stay. Add the column of the disappearance to the new rows, which have null there."""
        new = carried_over.collected.get(staged.type_name)
        forms = self._agreed(staged, new)
        lookups = (self._declared(staged.type_name) or ObjectType(staged.type_name)).lookups.values()
        # An object that has disappeared contradicts no list which does not hold it.
        keys = sorted({lookup.key for lookup in lookups} & forms.keys())
        # A type without a column of the disappearance cannot show it: its disappeared objects are dropped.
        states = f"{_STATE} >= {_AS_BEFORE}" if staged.deletion else f"{_STATE} = {_AS_BEFORE}"
        source = f"CAST({[numbers.get(old, -1) for old in range(max(numbers, default=-1) + 1)]}[{name(SOURCE)} + 1] AS INTEGER)"
        columns = [
            f"row_number() OVER (ORDER BY {name(ROW)}) - 1 AS {name(ROW)}",
            f"{source} AS {name(SOURCE)}",
            *(f"CAST({name(column)} AS {PHYSICAL[form]}) AS {name(column)}" for column, form in forms.items()),
            *map(name, sorted(staged.marks)),
            *(f"CASE WHEN {_STATE} <> {_AS_BEFORE} THEN {text(LISTED)} END AS {name(listed(key))}" for key in keys),
        ]
        query = f"SELECT {', '.join(columns)} FROM {parquet(staged.path)} WHERE {states} ORDER BY {name(ROW)}"
        copy(self._connection, query, path, staging=True)
        [(rows,)] = rows_of(self._connection, f"SELECT count(*) FROM {parquet(path)}")
        if not rows and new is not None:
            return
        carried_over.pieces[staged.type_name] = TableFragment(parquet(path), forms, rows, staged.marks | {*map(listed, keys)})
        if new is not None and staged.deletion and staged.deletion not in new.forms:
            relation = f"(SELECT *, CAST(NULL AS VARCHAR) AS {name(staged.deletion)} FROM {new.relation})"
            with_field = replace(new, relation=relation, forms={**new.forms, staged.deletion: Form.TEXT}, keys="")
            carried_over.collected[staged.type_name] = with_field

    def _agreed(self, staged: _StagedRows, new: TableFragment | None) -> dict[str, Form]:
        """Return the forms of columns. A column of nulls takes the form that the new rows have."""
        differing = [column for column, form in staged.forms.items() if new and new.forms.get(column, form) is not form]
        if not differing or new is None:
            return staged.forms
        counted = ", ".join(f"count({name(column)})" for column in differing)
        counts = rows_of(self._connection, f"SELECT {counted} FROM {parquet(staged.path)}")[0]
        return {**staged.forms, **{one: new.forms[one] for one, number in zip(differing, counts, strict=True) if not number}}

    def _numbers(self) -> str:
        return ", ".join(str(number) for number, source in enumerate(self._previous.sources) if _is_collected(source))

    def _observed(self) -> str:
        """Return the SQL expression of the time when a row was observed."""
        times = ", ".join(_timestamp(source.observed_at) for source in self._previous.sources)
        return f"CAST([{times}] AS TIMESTAMP[])[{name(SOURCE)} + 1]"

    def _times(self) -> str:
        return _texts([_iso(source.observed_at) if source.observed_at else None for source in self._sources])

    def _stated_by(self, table: Table, collected: Mapping[str, TableFragment]) -> list[str]:
        """Return the SQL expressions of the sources whose owner of a row states its list; null if the owner does not."""
        stated = []
        for owner, piece in collected.items():
            for children in (self._declared(owner) or ObjectType(owner)).children.values():
                mark = name(unfollowed(children.name))
                if (
                    children.type_name == table.name
                    and children.key in table.columns
                    and unfollowed(children.name) in piece.marks
                ):
                    own = f"{name(_ID)} = previous.{name(children.key)} AND {mark} IS NULL"
                    stated.append(f"(SELECT min({name(SOURCE)}) FROM {piece.relation} AS owners WHERE owners.{own})")
        return stated

    def _claimed_by(self, type_name: str) -> str:
        """Return the SQL expression of the source that listed a row's scope in full after it was read; null if none did."""
        complete, missing = [], []
        for number, source in enumerate(self._sources):
            for claim in source.coverage:
                if claim.relation or claim.type_name not in ("", type_name):
                    continue
                scope = f"{_text(claim.scope.account)}, {_text(claim.scope.region)}"
                if claim.lacking is not None:
                    missing.append(f"({scope})")
                elif _is_collected(source):
                    complete.append(f"({scope}, {number}, {_timestamp(source.observed_at)})")
        if not complete:
            return "CAST(NULL AS INTEGER)"
        listed_by = (
            f"SELECT min(number) FROM (VALUES {', '.join(complete)}) AS listed(account, region, number, listed_at) "
            "WHERE listed.account = previous.account AND (listed.region IS NULL OR listed.region = previous.region) "
            "AND listed.listed_at >= previous.seen"
        )
        if not missing:
            return f"({listed_by})"
        in_scope = " AND ".join(
            f"(missing.{column} IS NULL OR previous.{column} IS NULL OR missing.{column} = previous.{column})"
            for column in ("account", "region")
        )
        unknown = f"SELECT 1 FROM (VALUES {', '.join(missing)}) AS missing(account, region) WHERE {in_scope}"
        return f"CASE WHEN NOT EXISTS ({unknown}) THEN ({listed_by}) END"


def _take_sources(
    carried_over: CarriedOver, previous: Snapshot, sources: Sequence[StoredSource], used: Mapping[int, int]
) -> dict[int, int]:
    """Take over the previous sources whose rows stay, or whose claims no new claim replaces. Return new numbers by old ones."""
    numbers = {number: number for number in range(len(sources))}
    claims = [claim for source in sources for claim in source.coverage]
    by_account: dict[str | None, list[Claim]] = {}
    for claim in claims:
        by_account.setdefault(claim.scope.account, []).append(claim)

    def is_replaced(old: Claim) -> bool:
        account = old.scope.account
        near = claims if account is None else (*by_account.get(account, ()), *by_account.get(None, ()))
        return any(_replaces(claim, old) for claim in near)

    names = {source.name for source in sources}
    for number, source in enumerate(previous.sources):
        valid = tuple(old for old in source.coverage if not is_replaced(old))
        rows = used.get(len(sources) + number, 0)
        if not (_is_collected(source) or source.kind == STATED) or not (rows or valid):
            continue
        numbers[len(sources) + number] = len(sources) + len(carried_over.sources)
        new_name = (
            source.name if source.name not in names else f"{source.name} of {_iso(source.observed_at or previous.created)}"
        )
        names.add(new_name)
        carried_over.sources.append(replace(source, name=new_name, objects=rows, coverage=valid))
    return numbers


def keep_earlier_claims(sources: Sequence[StoredSource], previous: Snapshot) -> list[StoredSource]:
    """Return new sources without the claims that a part was not asked for, if an earlier collection read that part in full.

    What was known and was not asked for again stays known, with the time of the earlier source.
    """
    complete = [claim for source in previous.sources for claim in source.coverage if claim.lacking is None]

    def is_known(claim: Claim) -> bool:
        is_left_out = claim.lacking is not None and claim.lacking.startswith(NOT_ASKED)
        return is_left_out and any(_is_about(old, claim) and old.scope.covers(claim.scope) for old in complete)

    return [replace(source, coverage=tuple(claim for claim in source.coverage if not is_known(claim))) for source in sources]


def _replaces(new: Claim, old: Claim) -> bool:
    """Whether a new claim replaces an old one: it is about all of its scope, or contradicts an old reason."""
    return _is_about(new, old) and (new.scope.covers(old.scope) or (old.lacking is not None and new.scope.meets(old.scope)))


def _is_about(claim: Claim, other: Claim) -> bool:
    """Whether a claim is about all that another one is about, or about any type."""
    about = claim.type_name == other.type_name and claim.relation in ("", other.relation)
    return about or "" in (claim.type_name, other.type_name)


def _is_collected(source: StoredSource) -> bool:
    return cloud_named(source.kind) is not None


def _iso(time: datetime) -> str:
    return iso_from_milliseconds(milliseconds_from_datetime(time))


def _timestamp(time: datetime | None) -> str:
    return "CAST(NULL AS TIMESTAMP)" if time is None else f"TIMESTAMP {text(_iso(time).removesuffix('Z'))}"


def _text(value: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else text(value)


def _texts(values: Sequence[str | None]) -> str:
    return f"CAST([{', '.join('NULL' if value is None else text(value) for value in values)}] AS VARCHAR[])"
