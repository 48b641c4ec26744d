"""Return the SQL for the rows of a stored table: names of objects and owners, and the values that policies read, as JSON.

The texts are those that Python writes for the same objects (``inventory.snapshots.read_objects``). SQL writes plain values.
Functions in Python write the others, value by value.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.aws import shown_name_sql
from perpend.core.schema.tables import OWNER, ROW, SOURCE, Form, plain, unfollowed, unread
from perpend.core.values.values import document_of, json_from_text
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.inventory.snapshots.database import name, text
from perpend.inventory.snapshots.functions import add_function
from perpend.inventory.snapshots.queries.identity import filled
from perpend.inventory.snapshots.read_objects import MAX_DEPTH, number_of
from perpend.reports.formats.values import LONGEST, json_text, json_value, value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from perpend.core.schema.tables import Join, Table
    from perpend.evaluation.verdicts.stores.stored_objects import StoredObjects
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.program.program import Read

JSON_TEXT: Final = "perpend_json_text"
"""The function of SQL that writes a text as JSON."""

PLAIN: Final = r"[ !#-\[\]-~]*"
"""The form of texts that JSON holds without an escape, for RE2."""

_PLAIN_JSON: Final = rf'"{PLAIN}"|true|false|null|0|-?[1-9][0-9]{{0,14}}'
_PLAIN_KEYS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ")
_NULL: Final = "CAST(NULL AS VARCHAR)"
_RANGE: Final = "perpend_rows_of_this_query"
_LARGEST_EXACT: Final = 2**53


class NotInSql(Exception):
    """A value that SQL cannot write as Python does: a related object, a list of them, or an object inside a column."""


class StoredRows:
    """A query that returns a row per object of a stored table, and expressions over its columns.

    ``reads`` are the values to write; long ones are cut unless ``whole``. Raises NotInSql for values that SQL cannot write.
    """

    def __init__(self, objects: StoredObjects, reads: Sequence[Read], *, whole: bool) -> None:
        self._held = held = objects.held
        self.object_type = object_type = objects.object_type
        self._required = objects.required
        self._whole = whole
        self._columns: dict[str, str] = {}
        self._aliases: dict[tuple[str, ...], str | None] = {(): "o"}
        self._tables: dict[tuple[str, ...], Table] = {(): held.tables.by_name[object_type.name]}
        self._joins: list[str] = [objects.identity.joins]
        self._keys = _keys_by_path(reads)
        self._texts: list[str] = []
        self._functions: dict[str, tuple[Callable[..., str], int]] = {}
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
        """Return the query for the rows that a condition on row numbers selects, with some columns of their codes.

        The column ``plain`` is true if no name and no text of the row needs an escape in JSON.
        """
        own = [f"{expression} AS {alias.removeprefix('r.')}" for expression, alias in self._columns.items()]
        selected = ", ".join([f"v.{name(ROW)}", f"v.{name(SOURCE)}", *(f"v.{column}" for column in columns), *own])
        table = self._held.relation(self.object_type.name)
        joined = f"(SELECT * FROM {codes} WHERE {where}) AS v JOIN (SELECT * FROM {table} WHERE {where}) AS o"
        followed = "".join(self._joins).replace(_RANGE, where)
        rows = f"SELECT {selected} FROM {joined} ON o.{name(ROW)} = v.{name(ROW)}{followed}"
        names = (self.id, self.name, self.external_id, self.master_id, self.master_name)
        are_plain = f"regexp_full_match(concat({', '.join([*names, *self._texts])}), {text(PLAIN)})"
        return f"SELECT *, {are_plain} AS plain FROM ({rows}) AS r"

    def text(self, expression: str) -> str:
        """Return the expression of a text as JSON, which is null if the text is null."""
        return self._text(expression, JSON_TEXT, None)

    def of_source(self, texts: Sequence[str]) -> str:
        """Return the expression of a text that depends on the row's source only. ``texts`` are those of all sources."""
        return f"list_extract([{', '.join(map(text_literal, texts))}], {self.source} + 1)"

    def called(self, function: Callable[..., str], *arguments: str) -> str:
        """Return the call of a function in Python. The result must be a text; arguments may be null."""
        named = f"perpend_{secrets.token_hex(8)}"
        self._functions[named] = function, len(arguments)
        return f"{named}({', '.join(arguments)})"

    def teach(self, connection: Connection) -> None:
        """Register the functions that expressions call."""
        for named, (function, number) in self._functions.items():
            add_function(connection, named, function, ["VARCHAR"] * number, "VARCHAR", of_nulls=True)

    @property
    def sources(self) -> list[str]:
        """The names of the sources, in their order."""
        return [source.name for source in self._held.sources]

    def _text(self, value: str, function: str, most: int | None) -> str:
        short = f" AND strlen({value}) <= {most}" if most is not None else ""
        simple = f"WHEN r.plain{short} THEN concat('\"', {value}, '\"')"
        return f"CASE WHEN {value} IS NULL THEN 'null' {simple} ELSE {function}({value}) END"

    def _column(self, expression: str) -> str:
        """Return the column for an expression over the table and its lookups."""
        return self._columns.setdefault(expression, f"r.c{len(self._columns)}")

    def _master(self) -> tuple[str, str]:
        """Return the id and the name of the owner, null if there is none (``object_from_fields``)."""
        lookup = self.object_type.lookups.get(self.object_type.master or "")
        alias = self._through((lookup.name,)) if lookup else None
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
            raise NotInSql
        if join is None or join.lacking is not None or len(lookups) > MAX_DEPTH:
            return None
        other = self._held.tables.by_name[join.table]
        if _form(table, join.own) != _form(other, join.other):
            raise NotInSql
        self._tables[lookups] = other
        behind = f"l{len(self._tables)}"
        self._joins.append(self._join(above, behind, join))
        return behind

    def _join(self, above: str, behind: str, join: Join) -> str:
        """Return the join with the rows behind a lookup. Of several rows with one key, the first counts."""
        key, relation = name(join.other), self._held.relation(join.table)
        own = f"SELECT {name(join.own)} FROM {self._held.relation(self.object_type.name)} WHERE {_RANGE}"
        asked = f"{key} IN ({own})" if above == "o" else f"{key} IS NOT NULL"
        first = f"SELECT min({name(ROW)}) FROM {relation} WHERE {asked} GROUP BY {key}"
        known = f" AND {above}.{name(unfollowed(join.name))} IS NULL" if join.partial else ""
        return (
            f" LEFT JOIN (SELECT * FROM {relation} WHERE {name(ROW)} IN ({first})) AS {behind} "
            f"ON {behind}.{key} = {above}.{name(join.own)}{known}"
        )

    def _value(self, read: Read) -> str:
        """Return the expression of a value as JSON. Only this function knows the columns that hold values."""
        *lookups, last = read.path.split(".")
        alias = self._through(tuple(lookups))
        if alias is None:
            return "'null'"
        table, wanted = self._tables[tuple(lookups)], self._required.through(lookups)
        if (last in table.lookups and last in wanted.lookups) or (last in table.children and last in wanted.children):
            raise NotInSql
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
        if not column.plain or read.key not in self._keys[read.path]:
            return _called(self._column(stored), self._named(MEMBER), read.key)
        return self._member(stored, f"coalesce({alias}.{name(plain(last))}, FALSE)", read.key, self._keys[read.path])

    def _column_value(self, stored: str, form: Form) -> str:
        value = self._column(stored)
        match form:
            case Form.TEXT:
                self._texts.append(value)
                return self._text(value, self._named(TEXT), self._most)
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

    def _member(self, stored: str, is_plain: str, key: str, keys: Sequence[str]) -> str:
        """Return the expression of a value in a document. All keys of a plain document are read at once."""
        paths = ", ".join(text(f'$."{one}"') for one in keys)
        members = self._column(f"CASE WHEN {is_plain} THEN CAST(json_extract({stored}, [{paths}]) AS VARCHAR[]) END")
        # A plain document has no backslashes, so its texts need escapes only for DEL and characters beyond ASCII.
        is_ascii = f"strlen({stored}) = length({stored}) AND NOT contains({stored}, chr(127))"
        are_ascii = self._column(f"{is_plain} AND {is_ascii}")
        other = self._column(f"CASE WHEN NOT {is_plain} THEN {stored} END")
        member = f"{members}[{keys.index(key) + 1}]"
        return (
            f"CASE WHEN {are_ascii} AND starts_with({member}, '\"') AND {self._is_short(member)} THEN {member} "
            f"WHEN {other} IS NOT NULL THEN {self._named(MEMBER)}({other}, {text(key)}) "
            f"WHEN {member} IS NULL THEN 'null' ELSE {self._named(FRAGMENT)}({member}) END"
        )

    @property
    def _most(self) -> int | None:
        return None if self._whole else LONGEST

    def _is_short(self, written: str) -> str:
        return "TRUE" if self._whole else f"strlen({written}) <= {LONGEST}"

    def _named(self, function: str) -> str:
        return f"{function}_whole" if self._whole else function


TEXT: Final = "perpend_text_value"
NUMBER: Final = "perpend_number_value"
STORED: Final = "perpend_stored_value"
FRAGMENT: Final = "perpend_fragment_value"
MEMBER: Final = "perpend_member_value"
STORED_MEMBER: Final = "perpend_stored_member_value"
"""Functions of SQL that write a value as JSON: of a text, a number, a stored JSON text, a part of a document, and a key."""


def _functions(written: Callable[[Any], str]) -> dict[str, Callable[..., str]]:
    """Return the functions of values by name. ``written`` writes a value."""

    def member(document: Any, key: str) -> str:
        read = document_of(document)
        return written(read.get(key) if isinstance(read, dict) else None)

    return {
        TEXT: lambda value: written(value),
        STORED: lambda value: written(json.loads(value)),
        FRAGMENT: lambda value: written(json_from_text(value)),
        MEMBER: lambda value, key: member(value, key),
        STORED_MEMBER: lambda value, key: member(json.loads(value), key),
    }


def teach_values(connection: Connection) -> None:
    """Register the functions of values in a database, once."""
    known = "SELECT 1 FROM duckdb_functions() WHERE function_name = ? LIMIT 1"
    if connection.execute(known, [JSON_TEXT]).fetchall():
        return
    add_function(connection, JSON_TEXT, lambda value: json_text(value), ["VARCHAR"], "VARCHAR")
    add_function(connection, NUMBER, lambda value: json_value(number_of(value)), ["DOUBLE"], "VARCHAR")
    for suffix, written in (("", value_text), ("_whole", json_value)):
        for function, body in _functions(written).items():
            arguments = ["VARCHAR"] * (2 if function in (MEMBER, STORED_MEMBER) else 1)
            add_function(connection, f"{function}{suffix}", body, arguments, "VARCHAR")


def _called(column: str, function: str, key: str) -> str:
    return f"CASE WHEN {column} IS NULL THEN 'null' ELSE {function}({column}, {text(key)}) END"


def _keys_by_path(reads: Sequence[Read]) -> dict[str, list[str]]:
    """Return the keys that are read of each document, as far as JSONPath names them without escapes."""
    keys: dict[str, list[str]] = {}
    for read in reads:
        if read.key is not None:
            of_path = keys.setdefault(read.path, [])
            if read.key and _PLAIN_KEYS.issuperset(read.key) and read.key not in of_path:
                of_path.append(read.key)
    return keys


def _first(table: Table, *names: str | None) -> str:
    """Return the first of some columns that holds a text, else an empty text (``object_from_fields``)."""
    return f"coalesce({', '.join(filled(table, one, 'o') for one in names if one)}, '')"


def _form(table: Table, column: str) -> Form | None:
    """Return the form of a column, None for a row number."""
    return None if column in (ROW, OWNER) else table.columns[column].form
