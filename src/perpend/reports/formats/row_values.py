"""Return the SQL for the rows of a stored table: names of objects and owners, and the values that policies read, as JSON.

SQL writes plain values. Functions in Python write others, value by value. Values that no column holds, such as lists of related
objects, are read in Python and joined.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import shown_name_sql
from perpend.core.schema.tables import OWNER, ROW, SOURCE, Form, unfollowed, unread
from perpend.core.values.values import document_of
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.verdict import reader_of
from perpend.inventory.snapshots.database import name, text
from perpend.inventory.snapshots.functions import add_function
from perpend.inventory.snapshots.queries.identity import filled
from perpend.inventory.snapshots.read_objects import MAX_DEPTH, number_of
from perpend.reports.formats.values import LONGEST, json_text, json_value, value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.schema.tables import Join, Table
    from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.program.program import Read

JSON_TEXT: Final = "perpend_json_text"
"""The function of SQL that writes a text as JSON."""

PLAIN: Final = r"[ !#-\[\]-~]*"
"""The form of texts that JSON holds without an escape, for RE2."""

_PLAIN_JSON: Final = rf'"{PLAIN}"|true|false|null|0|-?[1-9][0-9]{{0,14}}'
_NULL: Final = "CAST(NULL AS VARCHAR)"
_RANGE: Final = "perpend_rows_of_this_query"
_LARGEST_EXACT: Final = 2**53


class _NoColumn(Exception):
    """A value that no column holds: a related object, a list of them, or an object inside a column."""


class StoredRows:
    """A query that returns a row per object of a stored table, and expressions over its columns.

    ``reads`` are the values to write; long ones are cut unless ``whole``. ``others`` is the name of the table with the values
    that no column holds, which the caller fills from ``other_values`` if there are ``others_needed``.
    """

    def __init__(self, objects: StoredObjects, reads: Sequence[Read], *, whole: bool, others: str) -> None:
        self._readable = readable = objects.readable
        self.object_type = object_type = objects.object_type
        self._required = objects.required
        self._whole = whole
        self._others = others
        self._columns: dict[str, str] = {}
        self._aliases: dict[tuple[str, ...], str | None] = {(): "o"}
        self._tables: dict[tuple[str, ...], Table] = {(): readable.tables.by_name[object_type.name]}
        self._joins: list[str] = [objects.identity.joins]
        self._other_values: dict[str, Callable[[CloudObject], str | None]] = {}
        own = self._tables[()]
        external_id = _first(own, object_type.external_id_field, "Id")
        named = _first(own, object_type.name_field, "Name", "Id")
        self.id = self._column(_first(own, "Id"))
        self.external_id = self._column(external_id)
        self.name = self._column(shown_name_sql(named, external_id))
        self.account = self._column(objects.identity.columns["account"])
        self.region = self._column(objects.identity.columns["region"])
        self.master_id, self.master_name = self._master()
        self.source = f"r.{name(SOURCE)}"
        self.values = {read: self._value(read) for read in reads}

    def query(self, codes: str, where: str, columns: Sequence[str]) -> str:
        """Return the query for the rows that a condition on row numbers selects, with some columns of their codes."""
        own = [f"{expression} AS {alias.removeprefix('r.')}" for expression, alias in self._columns.items()]
        selected = ", ".join([f"v.{name(ROW)}", f"v.{name(SOURCE)}", *(f"v.{column}" for column in columns), *own])
        table = self._readable.relation(self.object_type.name)
        joined = f"(SELECT * FROM {codes} WHERE {where}) AS v JOIN (SELECT * FROM {table} WHERE {where}) AS o"
        followed = "".join(self._joins).replace(_RANGE, where)
        if self._other_values:
            followed += f" LEFT JOIN {self._others} AS p ON p.{name(ROW)} = o.{name(ROW)}"
        return f"SELECT {selected} FROM {joined} ON o.{name(ROW)} = v.{name(ROW)}{followed}"

    @property
    def others_needed(self) -> list[str]:
        """The columns of the table of other values."""
        return [*self._other_values]

    def other_values(self, object_: CloudObject) -> list[str | None]:
        """Return the other values of an object."""
        return [read(object_) for read in self._other_values.values()]

    def of_source(self, texts: Sequence[str]) -> str:
        """Return the expression of a text that depends on the row's source only. ``texts`` are those of all sources."""
        return f"list_extract([{', '.join(map(text_literal, texts))}], {self.source} + 1)"

    def of_account(self, texts: Mapping[str, str], other: str, unknown: str) -> str:
        """Return the expression of a text of the account: one of ``texts`` by number, else the expression ``other``.

        ``unknown`` is the text if no account is known.
        """
        known = " ".join(f"WHEN {text_literal(number)} THEN {text_literal(text)}" for number, text in texts.items())
        return f"CASE {self.account} {known} WHEN {self.account} THEN {other} ELSE {text_literal(unknown)} END"

    @property
    def sources(self) -> list[str]:
        """The names of the sources, in their order."""
        return [source.name for source in self._readable.sources]

    def _column(self, expression: str) -> str:
        """Return the column for an expression over the table and its lookups."""
        return self._columns.setdefault(expression, f"r.c{len(self._columns)}")

    def _master(self) -> tuple[str, str]:
        """Return the id and the name of the owner, null if there is none (``object_from_fields``)."""
        lookup = self.object_type.lookups.get(self.object_type.master or "")
        try:
            alias = self._through((lookup.name,)) if lookup else None
        except _NoColumn:
            read_id = self._other(lambda object_: object_.master.id if object_.master else None)
            return read_id, self._other(lambda object_: object_.master.name if object_.master else None)
        if lookup is None or alias is None:
            return _NULL, _NULL
        table = self._tables[lookup.name,]
        identity = filled(table, "Id", alias)
        named = f"CASE WHEN {identity} IS NOT NULL THEN coalesce({filled(table, 'Name', alias)}, {identity}) END"
        return self._column(identity), self._column(named)

    def _through(self, lookups: tuple[str, ...]) -> str | None:
        """Return the alias of the table behind some lookups, None if no row can be there."""
        if lookups not in self._aliases:
            self._aliases[lookups] = self._followed(lookups)
        return self._aliases[lookups]

    def _followed(self, lookups: tuple[str, ...]) -> str | None:
        above = self._through(lookups[:-1])
        if above is None:
            return None
        table = self._tables[lookups[:-1]]
        join = table.lookups.get(lookups[-1])
        if join is None and lookups[-1] in table.columns:
            raise _NoColumn
        if join is None or join.lacking is not None or len(lookups) > MAX_DEPTH:
            return None
        other = self._readable.tables.by_name[join.table]
        if _form(table, join.own) != _form(other, join.other):
            raise _NoColumn
        self._tables[lookups] = other
        alias = f"l{len(self._tables)}"
        self._joins.append(self._join(above, alias, join))
        return alias

    def _join(self, above: str, alias: str, join: Join) -> str:
        """Return the join with the rows behind a lookup. Of several rows with one key, the first counts."""
        key, relation = name(join.other), self._readable.relation(join.table)
        own = f"SELECT {name(join.own)} FROM {self._readable.relation(self.object_type.name)} WHERE {_RANGE}"
        condition = f"{key} IN ({own})" if above == "o" else f"{key} IS NOT NULL"
        first = f"SELECT min({name(ROW)}) FROM {relation} WHERE {condition} GROUP BY {key}"
        known = f" AND {above}.{name(unfollowed(join.name))} IS NULL" if join.partial else ""
        return (
            f" LEFT JOIN (SELECT * FROM {relation} WHERE {name(ROW)} IN ({first})) AS {alias} "
            f"ON {alias}.{key} = {above}.{name(join.own)}{known}"
        )

    def _other(self, read: Callable[[CloudObject], str | None]) -> str:
        """Return the column of a value that is read in Python."""
        column = f"value{len(self._other_values)}"
        self._other_values[column] = read
        return self._column(f"p.{column}")

    def _value(self, read: Read) -> str:
        """Return the expression of a value as JSON."""
        try:
            return self._value_in_column(read)
        except _NoColumn:
            write, values_of = json_value if self._whole else value_text, reader_of((read,))
            return self._other(lambda object_: write(next(iter(values_of(object_.fields)))))

    def _value_in_column(self, read: Read) -> str:
        """Return the expression of a value as JSON. Only this function knows the columns that hold values."""
        *lookups, last = read.path.split(".")
        alias = self._through(tuple(lookups))
        if alias is None:
            return "'null'"
        table, wanted = self._tables[tuple(lookups)], self._required.through(lookups)
        if (last in table.lookups and last in wanted.lookups) or (last in table.children and last in wanted.children):
            raise _NoColumn
        column = table.columns.get(last)
        if column is None:
            return "'null'"
        stored = f"{alias}.{name(last)}"
        if column.partial:
            stored = f"CASE WHEN {alias}.{name(unread(last))} IS NULL THEN {stored} END"
        if read.key is None:
            return self._column_value(stored, column.form)
        if column.members:
            member = column.members.get(read.key)
            return self._column_value(f"{alias}.{name(member)}", Form.TEXT) if member else "'null'"
        if column.form is Form.VARIANT:
            return _called(self._column(stored), self._named(STORED_MEMBER), read.key)
        if column.form is not Form.TEXT:
            return "'null'"
        return _called(self._column(stored), self._named(MEMBER), read.key)

    def _column_value(self, stored: str, form: Form) -> str:
        value = self._column(stored)
        match form:
            case Form.TEXT:
                return json_text_sql(value, self._named(TEXT), None if self._whole else LONGEST)
            case Form.NUMBER:
                whole = f"abs({value}) <= {_LARGEST_EXACT} AND {value} = trunc({value})"
                written = f"WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE {NUMBER}({value})"
                return f"CASE WHEN {value} IS NULL THEN 'null' {written} END"
            case Form.BOOLEAN:
                return f"CASE WHEN {value} THEN 'true' WHEN NOT {value} THEN 'false' ELSE 'null' END"
            case Form.VARIANT:
                is_simple = f"{self._is_short(value)} AND regexp_full_match({value}, {text(_PLAIN_JSON)})"
                called = f"{self._named(STORED)}({value})"
                return f"CASE WHEN {value} IS NULL THEN 'null' WHEN {is_simple} THEN {value} ELSE {called} END"

    def _is_short(self, written: str) -> str:
        return "TRUE" if self._whole else f"strlen({written}) <= {LONGEST}"

    def _named(self, function: str) -> str:
        return f"{function}_whole" if self._whole else function


TEXT: Final = "perpend_text_value"
NUMBER: Final = "perpend_number_value"
STORED: Final = "perpend_stored_value"
MEMBER: Final = "perpend_member_value"
STORED_MEMBER: Final = "perpend_stored_member_value"
"""Functions of SQL that write a value as JSON: of a text, a number, a stored JSON text, and a key of a document."""


def _functions(written: Callable[[Any], str]) -> dict[str, Callable[..., str]]:
    """Return the functions of values by name. ``written`` writes a value."""

    def member(document: Any, key: str) -> str:
        read = document_of(document)
        return written(read.get(key) if isinstance(read, dict) else None)

    return {
        TEXT: lambda value: written(value),
        STORED: lambda value: written(json.loads(value)),
        MEMBER: lambda value, key: member(value, key),
        STORED_MEMBER: lambda value, key: member(json.loads(value), key),
    }


def json_text_sql(value: str, function: str = JSON_TEXT, most: int | None = None) -> str:
    """Return the expression of a text as JSON, null if it is null. ``function`` writes texts with escapes, or longer ones."""
    short = f"strlen({value}) <= {most} AND " if most is not None else ""
    simple = f"WHEN {short}regexp_full_match({value}, {text(PLAIN)}) THEN concat('\"', {value}, '\"')"
    return f"CASE WHEN {value} IS NULL THEN 'null' {simple} ELSE {function}({value}) END"


def create_functions(connection: Connection) -> None:
    """Create the functions of values in a database, once."""
    if has_function(connection, JSON_TEXT):
        return
    add_function(connection, JSON_TEXT, lambda value: json_text(value), ["VARCHAR"], "VARCHAR")
    add_function(connection, NUMBER, lambda value: json_value(number_of(value)), ["DOUBLE"], "VARCHAR")
    for suffix, written in (("", value_text), ("_whole", json_value)):
        for function, body in _functions(written).items():
            arguments = ["VARCHAR"] * (2 if function in (MEMBER, STORED_MEMBER) else 1)
            add_function(connection, f"{function}{suffix}", body, arguments, "VARCHAR")


def has_function(connection: Connection, function: str) -> bool:
    """Whether a database has a function."""
    known = "SELECT 1 FROM duckdb_functions() WHERE function_name = ? LIMIT 1"
    return bool(connection.execute(known, [function]).fetchall())


def _called(column: str, function: str, key: str) -> str:
    return f"CASE WHEN {column} IS NULL THEN 'null' ELSE {function}({column}, {text(key)}) END"


def _first(table: Table, *names: str | None) -> str:
    """Return the first of some columns that holds a text, else an empty text (``object_from_fields``)."""
    return f"coalesce({', '.join(filled(table, one, 'o') for one in names if one)}, '')"


def _form(table: Table, column: str) -> Form | None:
    """Return the form of a column, None for a row number."""
    return None if column in (ROW, OWNER) else table.columns[column].form
