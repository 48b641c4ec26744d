"""The former snapshot and what was collected since in, rows that stay out: with the time of their disappearance, or as before.

An object that a complete listing does not show any more has disappeared. What no complete listing speaks of stays as it was,
with the source that it was observed in. Joins run over Parquet; memory does not grow with rows.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.accounts.completeness import KIND, STATED
from perpend.core.objects.object_types import ObjectType
from perpend.core.schema.tables import CONTRADICTED, ROW, SOURCE, Form, unread
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.inventory.importers.merge_relations import TableFragment
from perpend.inventory.importers.scopes import account_in_arn, region_in_arn, scope_columns
from perpend.inventory.snapshots.database import name, rows_of, text
from perpend.inventory.snapshots.rows import PHYSICAL, copy, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from perpend.core.objects.claims import Claim
    from perpend.core.schema.tables import Table
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredSource
    from perpend.inventory.snapshots.snapshot import Snapshot

KEPT_FOR: Final = timedelta(days=30)
"""How long objects that have disappeared stay in a store unless somebody says otherwise."""

_ACCOUNT: Final = re.compile(rf"{KIND} ([0-9]{{12}})\b")
_REGION_IN_KEY: Final = r"^[0-9]{12}[|/](?:arn:[^:]*:[^:]*:)?([a-z]{2,3}(?:-[a-z]+)+-[0-9]+)[:/]"
"""How an Id names its region that begins with an account, as one of a trail or a recorder does."""
_STATE: Final = "perpend_state"
_FORGOTTEN, _AS_BEFORE, _GONE_BEFORE, _GONE = -1, 0, 1, 2
_ID: Final = "Id"


@dataclass(slots=True)
class CarriedOver:
    """What stays of a former snapshot: sources, to stand behind the new ones, and pieces of tables; how many rows of each type.

    ``collected`` are the new pieces, which say of their objects that they are there. ``as_before`` counts rows that no complete
    listing speaks of, ``gone`` those that were there before and are not any more, ``forgotten`` those that left long ago.
    """

    collected: dict[str, TableFragment]
    sources: list[StoredSource] = field(default_factory=list)
    pieces: dict[str, TableFragment] = field(default_factory=dict)
    as_before: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Spread:
    """Rows of one type that may stay, in a file: their sources are numbered as if all former ones stood behind the new ones."""

    type_name: str
    path: Path
    forms: dict[str, Form]
    marks: frozenset[str]
    deletion: str | None


def staying_of(
    connection: Connection,
    former: Snapshot | None,
    collected: Mapping[str, TableFragment],
    sources: Sequence[StoredSource],
    *,
    declared: Callable[[str], ObjectType | None],
    new_path: Callable[[], Path],
    keep: timedelta = KEPT_FOR,
) -> CarriedOver:
    """Return what stays of a former snapshot, whose files ``connection`` reaches, beside what was collected.

    ``collected`` are the new rows by type, ``sources`` say what they come from and what was listed in full. Objects that have
    disappeared stay for ``keep``.
    """
    staying = CarriedOver(dict(collected))
    if former is None or not any(_is_collected(source) for source in former.sources):
        return staying
    compared = _Compared(connection, former, sources, keep)
    staged = [
        compared.stage(table, object_type, collected.get(table.name), new_path())
        for table, object_type in _types(former, declared)
    ]
    used: dict[int, int] = {}
    for stage in staged:
        compared.count(stage, staying, used)
    numbers = _take_sources(staying, former, sources, used)
    for stage in staged:
        if stage.type_name in staying.as_before or stage.type_name in staying.gone:
            compared.add(stage, staying, numbers, new_path())
    staying.gone = {type_name: number for type_name, number in staying.gone.items() if number}
    return staying


def seen_of(
    connection: Connection,
    former: Snapshot | None,
    collected: Mapping[str, TableFragment],
    *,
    declared: Callable[[str], ObjectType | None],
) -> dict[str, Counter[tuple[str, str]]]:
    """Return how many objects of a former snapshot were not collected again and are not gone: by account, type and region."""
    seen: dict[str, Counter[tuple[str, str]]] = {}
    if former is None or not any(_is_collected(source) for source in former.sources):
        return seen
    compared = _Compared(connection, former)
    for table, object_type in _types(former, declared):
        for account, region, number in compared.seen(table, object_type, collected.get(table.name)):
            seen.setdefault(account, Counter())[table.name, region] = number
    return seen


def _types(former: Snapshot, declared: Callable[[str], ObjectType | None]) -> Iterator[tuple[Table, ObjectType]]:
    """Yield the tables of objects that can be compared, with their types."""
    for table in former.tables.by_name.values():
        if table.type_name and _ID in table.columns:
            yield table, declared(table.name) or ObjectType(table.name)


class _Compared:
    """A former snapshot, compared type by type with what was collected since."""

    def __init__(
        self, connection: Connection, former: Snapshot, sources: Sequence[StoredSource] = (), keep: timedelta = KEPT_FOR
    ) -> None:
        self._connection = connection
        self._former = former
        self._sources = sources
        times = [source.observed_at for source in sources if source.observed_at]
        self._limit = max(times) - keep if times else None

    def stage(self, table: Table, object_type: ObjectType, piece: TableFragment | None, path: Path) -> _Spread:
        """Write the rows of a former table that were not collected again to a file, each with what became of it."""
        deletion = object_type.deletion_field
        forms = {column.name: column.form for column in table.columns.values()}
        if deletion and forms.get(deletion) is not Form.TEXT:
            forms[deletion] = Form.TEXT
        marks = {unread(column.name) for column in table.columns.values() if column.partial and column.name != deletion}
        marks |= {CONTRADICTED} if table.contradicted else set()
        columns = ", ".join(name(column) for column in (*(column for column in forms if column != deletion), *sorted(marks)))
        rows = self._rows(table, object_type, piece, f"{columns}, {name(ROW)}, {name(SOURCE)}, {self._observed()} AS seen")
        claimed = f"SELECT *, {self._claimed_by(table.name)} AS claimed_by FROM ({rows}) AS former"
        long_ago = f"TRY_CAST(left(gone_at, 19) AS TIMESTAMP) < {_timestamp(self._limit)}"
        state = (
            f"CASE WHEN gone_at IS NOT NULL AND {long_ago} THEN {_FORGOTTEN} WHEN gone_at IS NOT NULL THEN {_GONE_BEFORE} "
            f"WHEN claimed_by IS NOT NULL THEN {_GONE} ELSE {_AS_BEFORE} END"
        )
        stated = f", coalesce(gone_at, {self._times()}[claimed_by + 1]) AS {name(deletion)}" if deletion else ""
        number = f"CAST(coalesce(claimed_by, {name(SOURCE)} + {len(self._sources)}) AS INTEGER) AS {name(SOURCE)}"
        copy(
            self._connection,
            f"SELECT {columns}, {name(ROW)}, {number}, {state} AS {_STATE}{stated} FROM ({claimed}) ORDER BY {name(ROW)}",
            path,
            staging=True,
        )
        return _Spread(table.name, path, forms, frozenset(marks), deletion)

    def seen(self, table: Table, object_type: ObjectType, piece: TableFragment | None) -> list[tuple[str, str, int]]:
        """Return how many rows of a former table were not collected again and are not gone, by account and region."""
        rows = self._rows(table, object_type, piece, name(_ID))
        known = "gone_at IS NULL AND account IS NOT NULL AND region IS NOT NULL"
        query = f"SELECT account, region, count(*) FROM ({rows}) WHERE {known} GROUP BY ALL ORDER BY ALL"
        return rows_of(self._connection, query)

    def _rows(self, table: Table, object_type: ObjectType, piece: TableFragment | None, columns: str) -> str:
        """Return the query for the rows of a former table that were not collected again: columns, scopes, when they went."""
        deletion = object_type.deletion_field
        known = deletion in table.columns and table.columns[deletion].form is Form.TEXT if deletion else False
        gone_at = f"nullif({name(deletion)}, '')" if deletion and known else "CAST(NULL AS VARCHAR)"
        account, region = self._scope(table, object_type)
        new = f"SELECT {name(_ID)} FROM {piece.relation}" if piece else ""
        again = f" AND {name(_ID)} NOT IN ({new})" if piece and piece.rows else ""
        return (
            f"SELECT {columns}, {gone_at} AS gone_at, {account} AS account, {region} AS region "
            f"FROM {self._former.relation(table.name)} "
            f"WHERE {name(SOURCE)} IN ({self._numbers()}) AND {name(_ID)} IS NOT NULL{again}"
        )

    def count(self, staged: _Spread, staying: CarriedOver, used: dict[int, int]) -> None:
        """Count what became of rows, and those of each source that stay."""
        query = f"SELECT {_STATE}, {name(SOURCE)}, count(*) FROM {parquet(staged.path)} GROUP BY ALL ORDER BY ALL"
        for state, source, number in rows_of(self._connection, query):
            where = {_FORGOTTEN: staying.forgotten, _AS_BEFORE: staying.as_before}.get(state, staying.gone)
            where[staged.type_name] = where.get(staged.type_name, 0) + (0 if state == _GONE_BEFORE else number)
            if state != _FORGOTTEN and (staged.deletion or state == _AS_BEFORE):
                used[source] = used.get(source, 0) + number

    def add(self, staged: _Spread, staying: CarriedOver, numbers: Mapping[int, int], path: Path) -> None:
        """Add the rows that stay as a piece, and say of the new ones that they are there."""
        new = staying.collected.get(staged.type_name)
        forms = self._agreed(staged, new)
        # Of a type whose objects cannot say that they are gone, none stays that is.
        states = f"{_STATE} >= {_AS_BEFORE}" if staged.deletion else f"{_STATE} = {_AS_BEFORE}"
        source = f"CAST({[numbers.get(old, -1) for old in range(max(numbers, default=-1) + 1)]}[{name(SOURCE)} + 1] AS INTEGER)"
        columns = [
            f"row_number() OVER (ORDER BY {name(ROW)}) - 1 AS {name(ROW)}",
            f"{source} AS {name(SOURCE)}",
            *(f"CAST({name(column)} AS {PHYSICAL[form]}) AS {name(column)}" for column, form in forms.items()),
            *map(name, sorted(staged.marks)),
        ]
        query = f"SELECT {', '.join(columns)} FROM {parquet(staged.path)} WHERE {states} ORDER BY {name(ROW)}"
        copy(self._connection, query, path, staging=True)
        [(rows,)] = rows_of(self._connection, f"SELECT count(*) FROM {parquet(path)}")
        if not rows:
            return
        staying.pieces[staged.type_name] = TableFragment(parquet(path), forms, rows, staged.marks)
        if new is not None and staged.deletion and staged.deletion not in new.forms:
            relation = f"(SELECT *, CAST(NULL AS VARCHAR) AS {name(staged.deletion)} FROM {new.relation})"
            with_field = replace(new, relation=relation, forms={**new.forms, staged.deletion: Form.TEXT}, keys="")
            staying.collected[staged.type_name] = with_field

    def _agreed(self, staged: _Spread, new: TableFragment | None) -> dict[str, Form]:
        """Return the forms of columns: where there are only nulls, those that the new rows have."""
        differing = [column for column, form in staged.forms.items() if new and new.forms.get(column, form) is not form]
        if not differing or new is None:
            return staged.forms
        counted = ", ".join(f"count({name(column)})" for column in differing)
        counts = rows_of(self._connection, f"SELECT {counted} FROM {parquet(staged.path)}")[0]
        return {**staged.forms, **{one: new.forms[one] for one, number in zip(differing, counts, strict=True) if not number}}

    def _numbers(self) -> str:
        return ", ".join(str(number) for number, source in enumerate(self._former.sources) if _is_collected(source))

    def _scope(self, table: Table, object_type: ObjectType) -> tuple[str, str]:
        """Return the expressions of the account and region in which a listing would show a row."""
        forms = {column.name: column.form for column in table.columns.values()}
        accounts = [match[1] if (match := _ACCOUNT.match(source.name)) else None for source in self._former.sources]
        listed = f"{_texts(accounts)}[{name(SOURCE)} + 1]"
        _, region = scope_columns(forms, object_type)
        in_key = f"nullif(regexp_extract({name(_ID)}, {text(_REGION_IN_KEY)}, 1), '')"
        return f"coalesce({account_in_arn(_ID)}, {listed})", f"coalesce({region}, {region_in_arn(_ID)}, {in_key})"

    def _observed(self) -> str:
        """Return the expression of when a row was observed."""
        times = ", ".join(_timestamp(source.observed_at) for source in self._former.sources)
        return f"CAST([{times}] AS TIMESTAMP[])[{name(SOURCE)} + 1]"

    def _times(self) -> str:
        return _texts([_iso(source.observed_at) if source.observed_at else None for source in self._sources])

    def _claimed_by(self, type_name: str) -> str:
        """Return the expression of which source has listed a row's scope in full, later than the row; null where none has."""
        complete, lacking = [], []
        for number, source in enumerate(self._sources):
            for claim in source.coverage:
                if claim.relation or claim.type_name not in ("", type_name):
                    continue
                scope = f"{_text(claim.scope.account)}, {_text(claim.scope.region)}"
                if claim.lacking is not None:
                    lacking.append(f"({scope})")
                elif _is_collected(source):
                    complete.append(f"({scope}, {number}, {_timestamp(source.observed_at)})")
        if not complete:
            return "CAST(NULL AS INTEGER)"
        listed_by = (
            f"SELECT min(number) FROM (VALUES {', '.join(complete)}) AS listed(account, region, number, listed_at) "
            "WHERE listed.account = former.account AND (listed.region IS NULL OR listed.region = former.region) "
            "AND listed.listed_at >= former.seen"
        )
        if not lacking:
            return f"({listed_by})"
        met = " AND ".join(
            f"(lacking.{column} IS NULL OR former.{column} IS NULL OR lacking.{column} = former.{column})"
            for column in ("account", "region")
        )
        unknown = f"SELECT 1 FROM (VALUES {', '.join(lacking)}) AS lacking(account, region) WHERE {met}"
        return f"CASE WHEN NOT EXISTS ({unknown}) THEN ({listed_by}) END"


def _take_sources(
    staying: CarriedOver, former: Snapshot, sources: Sequence[StoredSource], used: Mapping[int, int]
) -> dict[int, int]:
    """Take over former sources whose rows stay, or which claim what nothing new speaks of; return all numbers as they are."""
    numbers = {number: number for number in range(len(sources))}
    claims = [claim for source in sources for claim in source.coverage]
    names = {source.name for source in sources}
    for number, source in enumerate(former.sources):
        standing = tuple(old for old in source.coverage if not any(_speaks_of(claim, old) for claim in claims))
        rows = used.get(len(sources) + number, 0)
        if source.kind not in (KIND, STATED) or not (rows or standing):
            continue
        numbers[len(sources) + number] = len(sources) + len(staying.sources)
        called = source.name if source.name not in names else f"{source.name} of {_iso(source.observed_at or former.created)}"
        names.add(called)
        staying.sources.append(replace(source, name=called, objects=rows, coverage=standing))
    return numbers


def _speaks_of(new: Claim, old: Claim) -> bool:
    """Whether a new claim takes the place of an old one, be it that nothing is known any more."""
    about = "" in (new.type_name, old.type_name) or (new.type_name == old.type_name and new.relation in ("", old.relation))
    return about and new.scope.meets(old.scope)


def _is_collected(source: StoredSource) -> bool:
    return source.kind == KIND


def _iso(time: datetime) -> str:
    return iso_from_milliseconds(milliseconds_from_datetime(time))


def _timestamp(time: datetime | None) -> str:
    return "CAST(NULL AS TIMESTAMP)" if time is None else f"TIMESTAMP {text(_iso(time).removesuffix('Z'))}"


def _text(value: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if value is None else text(value)


def _texts(values: Sequence[str | None]) -> str:
    return f"CAST([{', '.join('NULL' if value is None else text(value) for value in values)}] AS VARCHAR[])"
