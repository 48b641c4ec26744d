"""Write the final tables of an import: follow declared relations and mark columns that may hold JSON."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import account_of_id_sql
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Span
from perpend.core.objects.claims import not_imported
from perpend.core.objects.identity import scope_fields
from perpend.core.objects.object_types import NO_DELETION, ObjectType
from perpend.core.schema.tables import (
    CONTRADICTED,
    OWNER,
    ROW,
    SOURCE,
    Column,
    Form,
    Join,
    Table,
    holds_readings,
    plain,
    unfollowed,
    unread,
    without_readings,
)
from perpend.inventory.importers import rules
from perpend.inventory.importers.child_lists import LONGEST_KEY, Lists
from perpend.inventory.importers.scopes import scope_columns
from perpend.inventory.snapshots.database import name, rows_of, text, unions
from perpend.inventory.snapshots.plain_sql import is_plain, shapes_of
from perpend.inventory.snapshots.rows import copy, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import Claims
    from perpend.core.objects.object_types import Children
    from perpend.core.schema.shred import Part
    from perpend.inventory.importers.merge_relations import MergedTable
    from perpend.inventory.snapshots.database import Connection

_MOST_NAMED: Final = 6


@dataclass(slots=True)
class _Relations:
    """The joins of a table, and for each the SQL expression of the reason why its target is unknown, null if it is known."""

    lookups: dict[str, Join] = field(default_factory=dict)
    children: dict[str, Join] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


class Assembly:
    """The tables of a run by name. ``parts`` are the tables made by shredding, ``coverage`` the completeness claims.

    ``older`` are types with objects that an earlier collection has read and this one has not. ``collected``: all rows are
    those of collections, no file has any.
    """

    def __init__(
        self,
        connection: Connection,
        tables: Mapping[str, MergedTable],
        *,
        declared: Callable[[str], ObjectType | None],
        parts: Mapping[str, Part],
        coverage: Claims,
        older: Collection[str] = (),
        collected: bool = False,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._declared_type = declared
        self._parts = parts
        self._coverage = coverage
        self._lists = Lists(connection, tables, declared=self._declared, coverage=coverage, older=older, collected=collected)
        self._unfollowed: dict[str, list[str]] = {}
        self._dangling: set[tuple[str, str]] = set()

    def _declared(self, table: str) -> ObjectType | None:
        return self._declared_type(without_readings(table))

    def write(
        self, directory_of: Callable[[str], Path], group: int, *, temporary: bool = False
    ) -> Iterator[tuple[Table, Path]]:
        """Write every table into its directory, ``group`` rows per row group; yield each table with its file.

        The files of a ``temporary`` snapshot are lightly compressed.
        """
        for table in self._tables:
            self._complete_empty(table)
        self._find_dangling()
        for table in self._tables:
            path = directory_of(table) / "part-0.parquet"
            yield self._write(table, path, group, temporary=temporary), path

    def _find_dangling(self) -> None:
        """Find the declared lookups of which some key leads to no object: only these need a reason for each row."""
        compared = [
            (table, lookup.name, lookup.key, self._tables[lookup.target])
            for table, own in self._tables.items()
            if own.rows and (declared := self._declared(table))
            for lookup in declared.lookups.values()
            if lookup.key and own.forms.get(lookup.key) is Form.TEXT
            if lookup.target in self._tables and self._tables[lookup.target].forms.get("Id") is Form.TEXT
        ]
        parts = (
            f"SELECT {place} WHERE EXISTS (SELECT 1 FROM ({self._tables[table].keys}) WHERE {_dangles(name(key), other)})"
            for place, (table, _, key, other) in enumerate(compared)
        )
        for statement in unions(parts):
            self._dangling |= {compared[place][:2] for (place,) in rows_of(self._connection, statement)}

    def _complete_empty(self, table: str) -> None:
        """Add the columns that joins need, and ``Id``, to tables without rows."""
        declared = self._declared(table)
        needed = [(table, "Id")]
        needed += [(one.type_name, one.key) for one in declared.children.values() if one.key] if declared else []
        for target, column in needed:
            united = self._tables.get(target)
            if united and not united.rows and column not in united.forms:
                united.forms[column] = Form.TEXT
                more = f"SELECT *, CAST(NULL AS VARCHAR) AS {name(column)} FROM"
                united.query = f"{more} ({united.query})"
                united.narrow = f"{more} ({united.narrow})" if united.narrow else ""

    def _write(self, table: str, path: Path, group: int, *, temporary: bool) -> Table:
        united = self._tables[table]
        relations = self._relations(table)
        marked = self._marked(united)
        system = [ROW, *(column for column in (OWNER, SOURCE, CONTRADICTED) if column == SOURCE or column in united.marks)]
        companions = [column for column in united.stored_companions if column not in map(unfollowed, relations.reasons)]
        own = [column for column in united.forms if column not in united.members]
        members = [one for of_column in united.members.values() for one in of_column.values() if one not in own]
        columns = {column: name(column) for column in (*system, *own, *companions, *members)}
        columns |= {plain(column): united.plain.get(column) or self._is_plain(united, column) for column in marked}
        columns |= {unfollowed(column): reason for column, reason in relations.reasons.items()}
        # Grouping loses the order of rows; all other queries keep it.
        order = f" ORDER BY {name(ROW)}" if united.unmerged else ""
        listed = ", ".join(f"{value} AS {name(column)}" for column, value in columns.items())
        # INVARIANT: equal rows give equal files. Parquet stores whether a column is nullable, and DuckDB's knowledge of that
        # depends on the query plan, so make every column nullable.
        any_nulls = "*" if temporary else ", ".join(f"try({name(column)}) AS {name(column)}" for column in columns)
        copy(
            self._connection,
            f"SELECT {any_nulls} FROM (SELECT {listed} FROM ({united.query}) AS stored){order}",
            path,
            group=group,
            staging=temporary,
        )
        filled = self._filled(path, [*companions, *map(unfollowed, relations.reasons), CONTRADICTED], united)
        part = self._parts.get(table)
        return Table(
            table,
            part.type_name if part else "" if holds_readings(table) else table,
            {
                column: Column(
                    column,
                    form,
                    unread(column) in filled,
                    column in marked or column in united.members,
                    united.members.get(column, {}),
                )
                for column, form in united.forms.items()
            },
            _partial(relations.lookups, filled),
            _partial(relations.children, filled),
            united.rows,
            CONTRADICTED in filled,
            self._deletion(table) if united.several or united.merged else None,
        )

    def _deletion(self, table: str) -> str:
        """Return the deletion field that was used to merge readings of one object."""
        return (self._declared(table) or ObjectType(table)).deletion_field or NO_DELETION

    def _is_plain(self, united: MergedTable, column: str) -> str:
        return is_plain(name(column), shapes_of(self._connection, name(column), f"({united.query})"))

    def _marked(self, united: MergedTable) -> list[str]:
        """Return the text columns in which some text may be JSON."""
        known = {*united.members, *united.plain, *united.bare}
        texts = [column for column, form in united.forms.items() if form is Form.TEXT and column not in known]
        if not texts or not united.rows:
            return list(united.plain)
        opens = (f"bool_or(starts_with({name(column)}, '{{') OR starts_with({name(column)}, '['))" for column in texts)
        opened = rows_of(self._connection, f"SELECT {', '.join(opens)} FROM ({united.keys})")[0]
        marked = {*united.plain, *(column for column, some in zip(texts, opened, strict=True) if some)}
        return [column for column in united.forms if column in marked]

    def _filled(self, path: Path, marks: list[str], united: MergedTable) -> set[str]:
        """Return the companion columns that have a value in some row."""
        there = [column for column in marks if column != CONTRADICTED or CONTRADICTED in united.marks]
        if not there or not united.rows:
            return set()
        counted = ", ".join(f"count({name(column)})" for column in there)
        counts = rows_of(self._connection, f"SELECT {counted} FROM {parquet(path)}")[0]
        return {column for column, count in zip(there, counts, strict=True) if count}

    def _relations(self, table: str) -> _Relations:
        relations = _Relations()
        part = self._parts.get(table)
        for relation, below in part.lookups.items() if part else ():
            relations.lookups[relation] = Join(relation, below.name, ROW, OWNER)
        for relation, below in part.children.items() if part else ():
            relations.children[relation] = Join(relation, below.name, ROW, OWNER)
        declared = self._declared(table) if part is None or part.type_name else None
        for lookup in declared.lookups.values() if declared else ():
            if lookup.key and lookup.name not in relations.lookups:
                self._add_lookup(relations, table, lookup.name, lookup.target, lookup.key)
        for child in declared.children.values() if declared else ():
            if child.key and child.name not in relations.children:
                self._add_children(relations, table, child)
        return relations

    def _add_lookup(self, relations: _Relations, table: str, relation: str, target: str, key: str) -> None:
        own, other = self._tables[table], self._tables.get(target)
        if key not in own.forms:
            return
        if other is None or other.forms.get("Id") is not Form.TEXT or own.forms[key] is not Form.TEXT:
            what = f"`{target}` was not imported" if other is None else f"`{key}` and `Id` are not both texts"
            self._note_relation(table, relation, what)
            return
        relations.lookups[relation] = Join(relation, target, key, "Id")
        column = name(key)
        cases = [*_given(unfollowed(relation), own), *_given(unread(key), own)]
        if (table, relation) not in self._dangling:
            relations.reasons[relation] = f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"
            return
        cases.append(f"WHEN NOT ({_dangles(column, other)}) THEN NULL")
        dangling = (
            f"'leads to `' || left({column}, {LONGEST_KEY}) || '`, which was not collected' || "
            f"{self._other_account(table, column)} || {text(self._why(target))}"
        )
        relations.reasons[relation] = f"CASE {' '.join(cases)} ELSE {dangling} END"

    def _other_account(self, table: str, column: str) -> str:
        """Return the SQL of the advice to collect the account that a key names, if the key is an Id of another account."""
        own, owner = scope_columns(self._tables[table].forms, self._declared(table))[0], account_of_id_sql(column)
        return f"CASE WHEN {owner} <> {own} THEN '; collect account `' || {owner} || '` as well' ELSE '' END"

    def _why(self, target: str) -> str:
        """Return why some objects of a type were not read, as a suffix of a reason; empty if no claim says why."""
        reasons = list(dict.fromkeys(why for _, why in self._coverage.lacking(target)))
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        return f": {reasons[0]}{more}" if reasons else ""

    def _add_children(self, relations: _Relations, table: str, child: Children) -> None:
        own, other = self._tables[table], self._tables.get(child.type_name)
        unknown, scope = None, scope_fields(self._declared(table) or ObjectType(table))
        if other is None:
            unknown = not_imported(child.type_name)
        elif other.forms.get(child.key) is not Form.TEXT or own.forms.get("Id") is not Form.TEXT:
            unknown = f"cannot be looked up: `{child.type_name}` has no column `{child.key}` of texts"
            self._note_relation(table, child.name, f"`{child.type_name}` has no column `{child.key}` of texts")
        else:
            relations.reasons[child.name] = self._lists.reason(table, child)
        relations.children[child.name] = Join(child.name, child.type_name, "Id", child.key, lacking=unknown, scope=scope)

    def _note_relation(self, table: str, relation: str, what: str) -> None:
        if holds_readings(table):
            return  # the note about the objects' own table is enough
        self._unfollowed.setdefault(table, []).append(f"`{relation}` ({what})")

    @property
    def problems(self) -> list[Diagnostic]:
        """One warning per table with relations that cannot be followed, and the problems of child lists."""
        problems = []
        for table, relations in self._unfollowed.items():
            more = f" and {len(relations) - _MOST_NAMED} more" if len(relations) > _MOST_NAMED else ""
            message = f"`{table}` has relations that cannot be followed: {', '.join(relations[:_MOST_NAMED])}{more}"
            problems.append(rules.RELATION_NOT_FOLLOWED.at(Span(f"types/{table}/type.yaml"), message))
        return problems + self._lists.problems


def _dangles(column: str, target: MergedTable) -> str:
    """Return the condition that a key leads to no row of a table."""
    if not target.rows:
        return f"coalesce({column}, '') <> ''"
    return f"""coalesce({column}, '') <> '' AND {column} NOT IN (SELECT "Id" FROM ({target.keys}) WHERE "Id" IS NOT NULL)"""


def _given(mark: str, table: MergedTable) -> list[str]:
    """Return the case of a reason that a companion column of the table gives, if it has one."""
    return [f"WHEN {name(mark)} IS NOT NULL THEN {name(mark)}"] if mark in table.marks else []


def _partial(joins: Mapping[str, Join], filled: set[str]) -> dict[str, Join]:
    return {column: replace(join, partial=unfollowed(column) in filled) for column, join in joins.items()}
