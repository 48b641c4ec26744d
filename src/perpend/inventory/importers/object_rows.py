"""Write objects as rows while they are read, without holding them in memory.

An object with a relation that nothing declares, or with an unusual one, is not taken. An Id that is there twice is found
when all inputs have been read: these objects are read again, and :class:`~perpend.inventory.importers.objects.Objects`
merges them.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import field, replace
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.aws import ACCOUNT_TYPE, USER_TYPE, is_root_user
from perpend.core.dataclass import dataclass
from perpend.core.objects.inventory import is_filled
from perpend.core.schema.shred import form_of_value
from perpend.core.schema.tables import ROW, SOURCE, Form, is_reserved, listed, unfollowed, unread
from perpend.core.values.partial_object import MISSING, PartialObject, doubt_of, reasons_of
from perpend.core.values.values import PlainJson
from perpend.inventory.importers.merge_relations import LISTED, TableFragment, unstated_lists
from perpend.inventory.readers.merge import reading_order, root_arn, user_fields
from perpend.inventory.readers.tools.contents import Found
from perpend.inventory.snapshots.database import name, rows_of, text
from perpend.inventory.snapshots.files import naming
from perpend.inventory.snapshots.rows import PHYSICAL, copy, json_lines, parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from perpend.core.objects.inventory import Origin
    from perpend.core.objects.object_types import Children, Lookup, ObjectType
    from perpend.inventory.importers.objects import Objects
    from perpend.inventory.readers.credential_report import Reading
    from perpend.inventory.readers.formats import InputKind
    from perpend.inventory.snapshots.database import Connection

_ROOT: Final = listed("perpend_root")
"""The column of a spool with the number of the object that was read with a row: its own, or that it is nested in."""

_APART: Final = "perpend_apart"
"""The table with the numbers of objects that must be merged."""

_STATED, _LEFT_OUT = "", "?"
"""A spool's words for a child list that its row states, and that it leaves out as the format does with an empty one."""

_MOST_LAYOUTS: Final = 4_096
_MOST_NAMES: Final = 2_048
_LONGEST: Final = 255
_LINES_AT_ONCE: Final = 256
_NESTED: Final = (dict, list)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_FORMS: Final = {str: Form.TEXT, PlainJson: Form.TEXT, bool: Form.BOOLEAN, float: Form.NUMBER, int: Form.NUMBER}
_KINDS: Final = frozenset({*_FORMS, dict, list, type(None)})


@dataclass(frozen=True, slots=True)
class _Layout:
    """How rows of one shape are written: the names, and the kinds of their values.

    ``line`` has a place for each of ``values``, which are names with their encoders; ``are_texts``: all values are texts.
    ``known`` is the number of the table's names when it was made. ``integers`` are names of whole numbers.
    """

    line: str
    values: tuple[str, ...]
    encoders: tuple[Callable[[Any], str], ...]
    are_texts: bool
    lookups: tuple[Lookup, ...]
    children: tuple[Children, ...]
    integers: tuple[str, ...]
    known: int


@dataclass(slots=True)
class _State:
    """What a table knows of its rows so far. ``names`` maps each field to the first row that knows of it.

    ``texts`` are fields with texts that may not be plain JSON.
    """

    rows: int = 0
    end: int = 0
    names: dict[str, int] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def copy(self) -> _State:
        return _State(self.rows, self.end, dict(self.names), dict(self.forms), set(self.marks), set(self.texts))


class _TypeRows:
    """The rows of one type in a file."""

    def __init__(self, declared: ObjectType | None, path: Path) -> None:
        self.path = path
        self.state = _State()
        self.longest = 0
        self.relations = unstated_lists(declared)
        self._declared = declared
        self._lookups = {one.name: one for one in declared.lookups.values() if one.key} if declared else {}
        self.children = {one.name: one for one in declared.children.values() if one.key} if declared else {}
        self._layouts: dict[Any, _Layout] = {}
        self._lines: list[str] = []
        with naming(path):
            self._stream = path.open("w+", encoding="utf-8", newline="", buffering=1 << 20)

    def layout_of(self, fields: Mapping[str, Any], left_out: tuple[str, ...], key: str | None) -> _Layout | None:
        """Return the layout of a row's shape; None if it must not be written. ``key`` names the owner that lists the object."""
        reasons = tuple(reasons_of(fields).items()) if type(fields) is not dict else ()
        shape = tuple(fields), tuple(map(type, fields.values())), reasons, left_out, key
        layout = self._layouts.get(shape)
        if layout is None or layout.known != len(self.state.names):
            layout = self._new_layout(fields, dict(reasons), left_out, key)
            if layout is not None:
                if len(self._layouts) >= _MOST_LAYOUTS:
                    self._layouts.clear()
                self._layouts[shape] = layout
        return layout

    def _new_layout(
        self, fields: Mapping[str, Any], reasons: Mapping[str, str], left_out: tuple[str, ...], key: str | None
    ) -> _Layout | None:
        related = {*self._lookups, *self.children}
        own = [one for one in fields if one not in related]
        if not _are_usual([*own, *reasons]) or not set(map(type, fields.values())) <= _KINDS or doubt_of(fields):
            return None
        if not isinstance(fields.get("Id"), str):
            return None
        for field_name in (*own, *reasons):
            self.state.names.setdefault(field_name, self.state.rows)
        if len(self.state.names) > _MOST_NAMES:
            return None
        marks = {unread(one): reasons.get(one, MISSING) for one in self.state.names if one not in fields}
        marks |= {unfollowed(one): _STATED for one in self.children if one in fields}
        marks |= {unfollowed(one): _LEFT_OUT for one in left_out if one in self.children}
        marks |= {listed(key): LISTED} if key else {}
        self.state.marks |= marks.keys()
        filled = [one for one in own if fields[one] is not None]
        self.state.texts |= {one for one in filled if type(fields[one]) is str}
        for field_name in filled:
            form = _FORMS.get(type(fields[field_name]), Form.VARIANT)
            if self.state.forms.setdefault(field_name, form) is not form:
                self.state.forms[field_name] = Form.VARIANT
        constant = "".join(f",{encode_basestring(mark)}:{encode_basestring(reason)}" for mark, reason in marks.items())
        members = "".join(f",{encode_basestring(one).replace('%', '%%')}:%s" for one in filled)
        return _Layout(
            f"{constant.replace('%', '%%')}{members}}}\n",
            tuple(filled),
            tuple(encode_basestring if isinstance(fields[one], str) else _ENCODE for one in filled),
            all(isinstance(fields[one], str) for one in filled),
            tuple(self._lookups[one] for one in fields if one in self._lookups),
            tuple(self.children[one] for one in fields if one in self.children),
            tuple(one for one in filled if type(fields[one]) is int),
            len(self.state.names),
        )

    def note_integers(self, fields: Mapping[str, Any], layout: _Layout) -> None:
        """Note whole numbers that a column of numbers cannot hold."""
        for field_name in layout.integers:
            if form_of_value(fields[field_name]) is Form.VARIANT:
                self.state.forms[field_name] = Form.VARIANT

    def append(self, rest: str) -> None:
        """Add a row, whose number is put in front of the rest of its line."""
        self._lines.append(f'{{"{ROW}":{self.state.rows}{rest}')
        self.state.rows += 1
        if len(self._lines) >= _LINES_AT_ONCE:
            self._write()

    def _write(self) -> None:
        self.longest = max(self.longest, max(map(len, self._lines), default=0))
        with naming(self.path):
            self._stream.write("".join(self._lines))
        self._lines.clear()

    def mark(self) -> _State:
        """Return the state, to go back to."""
        self._write()
        state = self.state.copy()
        with naming(self.path):
            state.end = self._stream.tell()
        return state

    def go_back(self, state: _State) -> None:
        """Forget the rows added since a state."""
        self.state = state
        self._layouts.clear()
        self._lines.clear()
        with naming(self.path):
            self._stream.seek(state.end)
            self._stream.truncate()

    def staged(self, connection: Connection, target: Path, stated: Container[str]) -> TableFragment:
        """Finish the file and return its rows as a fragment, which has the numbers of objects as well."""
        self._write()
        with naming(self.path):
            self._stream.close()
        state = self.state
        forms = {one: state.forms.get(one, Form.TEXT) for one in sorted(state.names)}
        marks = {unread(one): _unread(one, first, state) for one, first in state.names.items()}
        marks |= {unfollowed(one): _unfollowed(one, one in stated) for one in self.relations}
        marks |= {mark: name(mark) for mark in state.marks if mark.endswith(listed(""))}
        there = {unread(one) for one, first in state.names.items() if first} | state.marks
        marks = {mark: value for mark, value in marks.items() if mark in there}
        columns = {ROW: "BIGINT", SOURCE: "INTEGER", _ROOT: "BIGINT"}
        columns |= {one: "JSON" if form is Form.VARIANT else PHYSICAL[form] for one, form in forms.items()}
        columns |= dict.fromkeys(sorted(state.marks), "VARCHAR")
        values = [name(column) for column in (ROW, SOURCE, _ROOT)]
        values += [
            f"CAST({name(one)} AS VARCHAR) AS {name(one)}" if form is Form.VARIANT else name(one) for one, form in forms.items()
        ]
        values += [f"{value} AS {name(mark)}" for mark, value in sorted(marks.items())]
        # A character takes at most four bytes.
        lines = json_lines(self.path, columns, 4 * self.longest)
        copy(connection, f"SELECT {', '.join(values)} FROM {lines}", target, staging=True)
        self.path.unlink()
        unknown = {one: reason for one, reason in self.relations.items() if unfollowed(one) not in marks}
        documents = [one for one, form in state.forms.items() if form is Form.TEXT and one not in state.texts]
        plain = {one: f"{name(one)} IS NOT NULL" for one in documents}
        return TableFragment(parquet(target), forms, state.rows, frozenset(marks), unknown, plain)


def _unread(field_name: str, first: int, state: _State) -> str:
    """Return the expression of the reason why a field is unknown."""
    given = name(unread(field_name)) if unread(field_name) in state.marks else "NULL"
    return f"CASE WHEN {name(ROW)} < {first} THEN {text(MISSING)} ELSE {given} END" if first else given


def _unfollowed(relation: str, is_stated: bool) -> str:
    """Return the expression of the reason why a child list is unknown. ``is_stated``: the format never leaves it out."""
    column, missing = name(unfollowed(relation)), text(MISSING)
    left_out = missing if is_stated else "NULL"
    return f"CASE {column} WHEN {text(_STATED)} THEN NULL WHEN {text(_LEFT_OUT)} THEN {left_out} ELSE {missing} END"


class _Prepared:
    """The rows of one object, and the objects to which it refers by lookups. ``start`` begins each row."""

    __slots__ = ("cited", "rows", "source", "start", "targets")

    def __init__(self, start: str, source: int) -> None:
        self.start = start
        self.source = source
        self.targets: set[str] = set()
        self.rows: list[tuple[_TypeRows, _Layout, str]] = []
        self.cited: list[tuple[str, int, tuple[tuple[str, Any], ...]]] = []


_First = tuple[Any, "Reading", int]
"""The first reading of an account, with its place in the order of readings and its number."""


_Undone = tuple[dict[str, _State], int, dict[str, _First], set[str], set[tuple[str, str]]]
"""What was known when an input began."""


@dataclass(slots=True)
class _Input:
    """An input: the number of its first object."""

    source: str
    kind: InputKind
    first: int


class ObjectRows:
    """Takes the objects of all inputs of an import. ``declared`` returns the declaration of a type, None if there is none.

    ``new_path`` returns paths of temporary files. ``first_source`` is the number of the first input's source.
    """

    def __init__(
        self, declared: Callable[[str], ObjectType | None], new_path: Callable[[], Path], *, first_source: int
    ) -> None:
        self._declared = declared
        self.new_path = new_path
        self._source = first_source
        self.types: dict[str, _TypeRows] = {}
        self._cited: dict[tuple[str, int, tuple[tuple[str, Any], ...]], Origin] = {}
        self._targets: set[str] = set()
        self._left_out: set[tuple[str, str]] = set()
        self._inputs: list[_Input] = []
        self._number = 0
        self._firsts: dict[str, _First] = {}
        self._undone: _Undone = ({}, 0, {}, set(), set())

    @property
    def described(self) -> set[str]:
        """The types of the objects that were taken, of the objects that they refer to, and of those that follow from them."""
        follow = {ACCOUNT_TYPE, USER_TYPE} if self._firsts else set()
        return {*self.types, *(type_name for type_name, _, _ in self._cited), *follow}

    def ids_of(self, others: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str]]:
        """Yield the types and Ids of other objects, of those nested in them, and of those that follow from the imported
        rows."""
        for type_name, fields in others:
            yield from _ids_in(type_name, fields, self._declared)
        for type_name, _, members in self._cited:
            yield type_name, dict(members)["Id"]
        for _, reading, _ in self._firsts.values():
            yield ACCOUNT_TYPE, reading.account
            if not is_root_user(reading.arn):  # no reading shows the root user, the first of its account
                yield USER_TYPE, root_arn(reading.arn, reading.account)

    def add_left_out(self, stated: Container[str]) -> None:
        """Note the types of lists that are empty, since the format leaves empty ones out: all but those in ``stated``."""
        self._targets |= {type_name for name, type_name in self._left_out if name not in stated}

    def by_input(self, numbers: Iterable[int]) -> dict[str, set[int]]:
        """Return the numbers of objects within their inputs, counted from 0."""
        firsts = [one.first for one in self._inputs]
        by_input: dict[str, set[int]] = {}
        for number in numbers:
            given = self._inputs[bisect_right(firsts, number) - 1]
            by_input.setdefault(given.source, set()).add(number - given.first)
        return by_input

    def firsts(self, apart: Mapping[str, Container[int]]) -> list[Reading]:
        """Return the first reading of each account, without those whose objects are apart."""
        firsts = {one.source: one.first for one in self._inputs}
        return [
            reading
            for _, reading, number in self._firsts.values()
            if number - firsts[reading.origin.source] not in apart.get(reading.origin.source, ())
        ]

    def add_cited(self, objects: Objects) -> None:
        """Add the objects to which others only refer, and the types of all relations."""
        for type_name in sorted({*self._targets, *(one for one, rows in self.types.items() if rows.state.rows)}):
            objects.pile(type_name)
        for (type_name, source, members), origin in self._cited.items():
            objects.cite(type_name, dict(members), source=source, origin=origin)

    def begin(self, source: str, kind: InputKind) -> None:
        """Begin with an input."""
        self._inputs.append(_Input(source, kind, self._number))
        states = {name: rows.mark() for name, rows in self.types.items()}
        self._undone = states, len(self._cited), dict(self._firsts), set(self._targets), set(self._left_out)

    def end(self, *, is_read: bool) -> None:
        """End the input. If it was not read to its end, forget the objects taken from it."""
        if is_read:
            self._source += 1
            return
        states, cited, self._firsts, self._targets, self._left_out = self._undone
        self._inputs.pop()
        for type_name, rows in self.types.items():
            rows.go_back(states.get(type_name) or _State())
        for target in list(self._cited)[cited:]:
            del self._cited[target]

    def take(self, entry: Found) -> bool:
        """Write the rows of an object. Return False if it is none that can be written so."""
        number = self._number
        self._number += 1
        # A name that is new to a table must be marked as unknown in the rows prepared before it: prepare them again.
        while (prepared := self._prepared(entry, number)) is not None:
            if len(prepared.rows) == 1 or all(layout.known == len(rows.state.names) for rows, layout, _ in prepared.rows):
                break
        if prepared is None:
            return False
        for rows, _, rest in prepared.rows:
            rows.append(rest)
        self._targets |= prepared.targets
        if entry.left_out:
            children = self.types[entry.type_name].children
            self._left_out |= {(name, children[name].type_name) for name in entry.left_out if name in children}
        for target in prepared.cited:
            self._cited.setdefault(target, entry.origin)
        return True

    def take_reading(self, reading: Reading) -> bool:
        """Write the row of a credential report as a user."""
        number = self._number
        if not self.take(Found(USER_TYPE, user_fields(reading), reading.origin)):
            return False
        order, first = reading_order(reading), self._firsts.get(reading.account)
        if first is None or order < first[0]:
            self._firsts[reading.account] = order, reading, number
        return True

    def _prepared(self, entry: Found, number: int) -> _Prepared | None:
        """Return the rows of an object and those nested in it, None if one of them is unusual."""
        prepared = _Prepared(f',"{SOURCE}":{self._source},"{_ROOT}":{number}', self._source)
        is_usual = self._prepare(prepared, entry.type_name, entry.fields, left_out=entry.left_out)
        return prepared if is_usual else None

    def _prepare(
        self,
        prepared: _Prepared,
        type_name: str,
        fields: Mapping[str, Any],
        *,
        left_out: tuple[str, ...] = (),
        key: str | None = None,
    ) -> bool:
        """Prepare the rows of an object and those nested in it. Return False if one of them is unusual."""
        rows = self.types.get(type_name) or self._rows_of(type_name)
        layout = rows.layout_of(fields, left_out, key)
        if layout is None or not fields.get("Id"):
            return False
        for lookup in layout.lookups:
            target = fields[lookup.name]
            prepared.targets.add(lookup.target)
            if lookup.key not in fields:
                identity = target.get("Id") if isinstance(target, dict) else None
                whole = _with(fields, lookup.key, identity)
                return self._prepare(prepared, type_name, whole, left_out=left_out, key=key)
            if target is None and not fields[lookup.key]:
                continue
            if not isinstance(target, dict) or not is_filled(identity := target.get("Id")) or fields[lookup.key] != identity:
                return False
            cited = lookup.target, prepared.source, tuple(target.items())
            try:
                if cited not in self._cited:
                    prepared.cited.append(cited)
            except TypeError:  # it has objects or lists
                return False
        if layout.integers:
            rows.note_integers(fields, layout)
        if layout.are_texts:
            values = tuple([encode_basestring(fields[one]) for one in layout.values])
        else:
            values = tuple([encode(fields[one]) for one, encode in zip(layout.values, layout.encoders, strict=True)])
        prepared.rows.append((rows, layout, f"{prepared.start}{layout.line % values}"))
        for children in layout.children:
            items, owner = fields[children.name], fields.get("Id")
            prepared.targets.add(children.type_name)
            if not isinstance(items, list | None):
                return False
            for item in items or ():
                if not isinstance(item, dict):
                    return False
                child = item if children.key in item else _with(item, children.key, owner)
                if child[children.key] != owner or not self._prepare(prepared, children.type_name, child, key=children.key):
                    return False
        return True

    def _rows_of(self, type_name: str) -> _TypeRows:
        rows = self.types[type_name] = _TypeRows(self._declared(type_name), self.new_path())
        return rows


class StagedRows:
    """The rows of all inputs, when these have been read. ``apart`` are the numbers of objects that must be merged, by input.

    ``others`` are the objects that were not taken, with their types; ``stated`` are lists that no format leaves out.
    """

    def __init__(
        self,
        connection: Connection,
        object_rows: ObjectRows,
        others: Iterable[tuple[str, Mapping[str, Any]]],
        stated: Container[str],
    ) -> None:
        self._connection = connection
        self._object_rows = object_rows
        self._pieces = {
            type_name: rows.staged(connection, object_rows.new_path(), stated)
            for type_name, rows in object_rows.types.items()
            if rows.state.rows
        }
        self.apart = self._find_apart(others)
        object_rows.add_left_out(stated)

    def _find_apart(self, others: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, set[int]]:
        path = self._object_rows.new_path()
        with naming(path), path.open("w", encoding="utf-8", newline="") as stream:
            for type_name, identity in self._object_rows.ids_of(others):
                stream.write(_ENCODE({"type": type_name, "Id": identity}) + "\n")
        others_ids = json_lines(path, {"type": "VARCHAR", "Id": "VARCHAR"}, 1 << 20)
        queries = []
        for type_name, piece in self._pieces.items():
            # Equal hashes of different Ids only make objects be merged that need not be.
            twice = f'SELECT hash("Id") FROM {piece.relation} GROUP BY 1 HAVING count(*) > 1'
            other = f'SELECT hash("Id") FROM {others_ids} WHERE type = {text(type_name)}'
            queries.append(
                f'SELECT {name(_ROOT)} AS number FROM {piece.relation} WHERE hash("Id") IN ({twice} UNION ALL {other})'
            )
        union = " UNION ".join(queries) or "SELECT 0 AS number LIMIT 0"
        self._connection.execute(f"CREATE OR REPLACE TABLE {_APART} AS {union}")
        numbers = [number for (number,) in rows_of(self._connection, f"SELECT DISTINCT number FROM {_APART} ORDER BY 1")]
        return self._object_rows.by_input(numbers)

    def fragments(self) -> Iterator[tuple[str, TableFragment]]:
        """Yield by type the rows of the objects that are not apart."""
        for type_name, piece in self._pieces.items():
            columns = [name(column) for column in (*piece.forms, *sorted(piece.marks))]
            number = f"row_number() OVER () - 1 AS {name(ROW)}" if self.apart else name(ROW)
            rest = f" WHERE {name(_ROOT)} NOT IN (SELECT number FROM {_APART})" if self.apart else ""
            relation = f"(SELECT {', '.join([number, name(SOURCE), *columns])} FROM {piece.relation}{rest})"
            rows = rows_of(self._connection, f"SELECT count(*) FROM {relation}")[0][0] if self.apart else piece.rows
            if rows:
                yield type_name, replace(piece, relation=relation, rows=rows)

    def firsts(self) -> list[Reading]:
        """Return the first reading of each account that is not apart."""
        return self._object_rows.firsts(self.apart)


class OnlyNumbered:
    """Takes all objects but those with some numbers, by input: they are to be collected."""

    def __init__(self, wanted: Mapping[str, Container[int]]) -> None:
        self._wanted = wanted
        self._of_input: Container[int] = ()
        self._number = 0

    def begin(self, source: str, kind: InputKind) -> None:
        """Begin with an input."""
        self._of_input, self._number = self._wanted.get(source, ()), 0

    def end(self, *, is_read: bool) -> None:
        """End the input."""

    def take(self, entry: Found) -> bool:
        """Whether an object has none of the numbers."""
        self._number += 1
        return self._number - 1 not in self._of_input

    def take_reading(self, reading: Reading) -> bool:
        """Whether a row of a credential report has none of the numbers."""
        self._number += 1
        return self._number - 1 not in self._of_input


def _ids_in(
    type_name: str, fields: Mapping[str, Any], declared: Callable[[str], ObjectType | None]
) -> Iterator[tuple[str, str]]:
    """Yield the types and Ids of an object and of those nested in it."""
    if is_filled(identity := fields.get("Id")):
        yield type_name, identity
    if object_type := declared(type_name):
        related = [(one.target, fields.get(one.name)) for one in object_type.lookups.values()]
        related += [(one.type_name, fields.get(one.name)) for one in object_type.children.values()]
        for target, value in related:
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    yield from _ids_in(target, inner, declared)


def _with(fields: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return an object with one more field."""
    return PartialObject({**fields, key: value}, reasons_of(fields))


def _are_usual(names: Iterable[str]) -> bool:
    """Whether names are those of columns, not of relations."""
    return not any(
        one.endswith("__r")
        or one == "RecordType"
        or not one
        or not one.isprintable()
        or len(one) > _LONGEST
        or is_reserved(one)
        for one in names
    )
