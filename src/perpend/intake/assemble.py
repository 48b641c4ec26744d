"""All tables of a run as relations in, their final files out: relations checked against what they lead to, JSON marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.diagnostics.model import Span
from perpend.intake import rules
from perpend.intake.pieces import lost_values
from perpend.ir.object_types import MASTER_KEY
from perpend.store.database import name, rows_of, text
from perpend.store.files import shown
from perpend.store.plain_sql import is_plain, shapes_of
from perpend.store.rows import copy, parquet
from perpend.tables.schema import CONTRADICTED, OWNER, ROW, SOURCE, Column, Form, Join, Table, plain, unfollowed, unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from perpend.diagnostics.model import Diagnostic
    from perpend.intake.pieces import United
    from perpend.ir.object_types import ObjectType
    from perpend.store.database import Connection
    from perpend.tables.shred import Part

_LONGEST_KEY: Final = 60
_MOST_NAMED: Final = 6
_MOST_SHOWN: Final = 3


@dataclass(slots=True)
class _Relations:
    """The joins of a table, and for each the expression that says row by row why it is not known where it leads."""

    lookups: dict[str, Join] = field(default_factory=dict)
    children: dict[str, Join] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


class Assembly:
    """The tables of a run by name. ``parts`` are those that shredding made, ``lacking`` says why rows may be missing."""

    def __init__(
        self,
        connection: Connection,
        tables: Mapping[str, United],
        *,
        declared: Callable[[str], ObjectType | None],
        parts: Mapping[str, Part],
        lacking: str | None,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._declared = declared
        self._parts = parts
        self._lacking = lacking
        self._unfollowed: dict[str, list[str]] = {}
        self._blank: dict[tuple[str, str], tuple[int, list[str]]] = {}

    def write(self, directory_of: Callable[[str], Path]) -> Iterator[tuple[Table, Path]]:
        """Write every table into its directory; yield each with its file."""
        for table in self._tables:
            self._complete_empty(table)
        for table in self._tables:
            path = directory_of(table) / "part-0.parquet"
            yield self._write(table, path), path

    def _complete_empty(self, table: str) -> None:
        """Give a table without rows an Id, and those that its relations lead to the columns that they need."""
        declared = self._declared(table)
        needed = [(table, "Id")]
        needed += [(one.type_name, one.key) for one in declared.children.values() if one.key] if declared else []
        for target, column in needed:
            found = self._tables.get(target)
            if found and not found.rows and column not in found.forms:
                found.forms[column] = Form.TEXT
                found.query = f"SELECT *, CAST(NULL AS VARCHAR) AS {name(column)} FROM ({found.query})"

    def _write(self, table: str, path: Path) -> Table:
        united = self._tables[table]
        relations = self._relations(table)
        marked = self._marked(united)
        columns = [name(ROW), *(name(one) for one in (OWNER, SOURCE, CONTRADICTED) if one == SOURCE or one in united.marks)]
        companions = [one for one in united.companions if one not in map(unfollowed, relations.reasons)]
        columns += [name(one) for one in (*united.forms, *companions)]
        for one in marked:
            shapes = shapes_of(self._connection, name(one), f"({united.query})")
            columns.append(f"{is_plain(name(one), shapes)} AS {name(plain(one))}")
        columns += [f"{reason} AS {name(unfollowed(one))}" for one, reason in relations.reasons.items()]
        copy(self._connection, f"SELECT {', '.join(columns)} FROM ({united.query}) AS stored", path)
        filled = self._filled(path, [*companions, *map(unfollowed, relations.reasons), CONTRADICTED], united)
        part = self._parts.get(table)
        return Table(
            table,
            part.type_name if part else table,
            {one: Column(one, form, unread(one) in filled, one in marked) for one, form in united.forms.items()},
            _partial(relations.lookups, filled),
            _partial(relations.children, filled),
            united.rows,
            self._lacking,
            CONTRADICTED in filled,
        )

    def _marked(self, united: United) -> list[str]:
        """Return the columns of texts of which some text may be JSON."""
        texts = [one for one, form in united.forms.items() if form is Form.TEXT]
        if not texts:
            return []
        opens = (f"bool_or(starts_with({name(one)}, '{{') OR starts_with({name(one)}, '['))" for one in texts)
        found = rows_of(self._connection, f"SELECT {', '.join(opens)} FROM ({united.query})")[0]
        return [one for one, some in zip(texts, found, strict=True) if some]

    def _filled(self, path: Path, marks: list[str], united: United) -> set[str]:
        """Return the companion columns that are not null throughout."""
        there = [one for one in marks if one != CONTRADICTED or CONTRADICTED in united.marks]
        if not there:
            return set()
        counted = ", ".join(f"count({name(one)})" for one in there)
        counts = rows_of(self._connection, f"SELECT {counted} FROM {parquet(path)}")[0]
        return {one for one, count in zip(there, counts, strict=True) if count}

    def _relations(self, table: str) -> _Relations:
        found = _Relations()
        part = self._parts.get(table)
        for relation, below in part.lookups.items() if part else ():
            found.lookups[relation] = Join(relation, below.name, ROW, OWNER)
        for relation, below in part.children.items() if part else ():
            found.children[relation] = Join(relation, below.name, ROW, OWNER)
        declared = self._declared(table) if part is None or part.type_name else None
        for lookup in declared.lookups.values() if declared else ():
            if lookup.key and lookup.name not in found.lookups:
                self._add_lookup(found, table, lookup.name, lookup.target, lookup.key)
        for child in declared.children.values() if declared else ():
            if child.key and child.name not in found.children:
                self._add_children(found, table, child.name, child.type_name, child.key)
        return found

    def _add_lookup(self, found: _Relations, table: str, relation: str, target: str, key: str) -> None:
        own, other = self._tables[table], self._tables.get(target)
        if key not in own.forms:
            return
        if other is None or other.forms.get("Id") is not Form.TEXT or own.forms[key] is not Form.TEXT:
            what = f"`{target}` was not imported" if other is None else f"`{key}` and `Id` are not both texts"
            self._note_relation(table, relation, what)
            return
        found.lookups[relation] = Join(relation, target, key, "Id")
        column = name(key)
        cases = [*_given(unfollowed(relation), own), *_given(unread(key), own)]
        ids = f'SELECT "Id" FROM ({other.query}) WHERE "Id" IS NOT NULL'
        cases.append(f"WHEN coalesce({column}, '') = '' OR {column} IN ({ids}) THEN NULL")
        dangling = f"'leads to `' || left({column}, {_LONGEST_KEY}) || '`, which was not collected'"
        found.reasons[relation] = f"CASE {' '.join(cases)} ELSE {dangling} END"

    def _add_children(self, found: _Relations, table: str, relation: str, child: str, key: str) -> None:
        own, other = self._tables[table], self._tables.get(child)
        if other is None or other.forms.get(key) is not Form.TEXT or own.forms.get("Id") is not Form.TEXT:
            if other is not None:
                self._note_relation(table, relation, f"`{child}` has no column `{key}` of texts")
            return
        found.children[relation] = Join(relation, child, "Id", key)
        cases = _given(unfollowed(relation), own)
        lost = lost_values(other, key)
        if lost and rows_of(self._connection, f"SELECT count(*) FROM ({lost})")[0][0]:
            cases.append(
                f"""WHEN "Id" IN ({lost}) THEN {text(f"sources contradict each other about which `{child}` belong here")}"""
            )
        orphans = self._orphans(child, key)
        why = f"{orphans} of `{child}` do not say in `{key}` what they belong to"
        found.reasons[relation] = _case(cases, text(why) if orphans else "NULL")

    def _orphans(self, table: str, key: str) -> int:
        """Return how many rows do not say what they belong to: keys not known, and blank where each row must have one.

        Blank keys are noted with the first of their rows.
        """
        found, declared = self._tables[table], self._declared(table)
        unknown = f"{name(unread(key))} IS NOT NULL" if unread(key) in found.marks else "false"
        blank = f"NOT ({unknown}) AND coalesce({name(key)}, '') = ''"
        listed = f"""array_agg("Id" ORDER BY {name(ROW)}) FILTER (WHERE {blank})"""
        counts = f"count(*) FILTER (WHERE {unknown}), count(*) FILTER (WHERE {blank}), ({listed})[1:{_MOST_SHOWN}]"
        unread_keys, blank_keys, first = rows_of(self._connection, f"SELECT {counts} FROM ({found.query})")[0]
        if not blank_keys or not (declared and key in declared.fields and declared.fields[key].kind == MASTER_KEY):
            return int(unread_keys)
        if (table, key) not in self._blank:
            self._blank[table, key] = (int(blank_keys), [one for one in first if one])
        return int(unread_keys) + int(blank_keys)

    def _note_relation(self, table: str, relation: str, what: str) -> None:
        self._unfollowed.setdefault(table, []).append(f"`{relation}` ({what})")

    @property
    def problems(self) -> list[Diagnostic]:
        """What is to be said of relations that lead nowhere, one warning per table, and of blank keys, one per column."""
        found = []
        for table, relations in self._unfollowed.items():
            more = f" and {len(relations) - _MOST_NAMED} more" if len(relations) > _MOST_NAMED else ""
            message = f"of `{table}` it is not known what lies behind {', '.join(relations[:_MOST_NAMED])}{more}"
            found.append(rules.RELATION_NOT_FOLLOWED.at(Span(f"types/{table}/type.yaml"), message))
        for (table, key), (count, first) in self._blank.items():
            rows = ", ".join(f"`{shown(one[:_LONGEST_KEY])}`" for one in first)
            more = " …" if count > len(first) else ""
            message = (
                f"`{key}` of `{table}` is blank where each row must belong to another: {count} in all, {rows or 'no Id'}{more}"
            )
            found.append(rules.BLANK_KEY.at(Span(f"types/{table}/type.yaml"), message))
        return found


def _given(mark: str, table: United) -> list[str]:
    """Return the case of a reason that a companion column of the table gives, if it has one."""
    return [f"WHEN {name(mark)} IS NOT NULL THEN {name(mark)}"] if mark in table.marks else []


def _case(cases: list[str], otherwise: str) -> str:
    return f"CASE {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise


def _partial(joins: Mapping[str, Join], filled: set[str]) -> dict[str, Join]:
    return {one: Join(one, join.table, join.own, join.other, unfollowed(one) in filled) for one, join in joins.items()}
