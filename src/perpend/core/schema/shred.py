"""Convert nested objects to rows of tables: each lookup and child list becomes a table, joined by row number.

Column forms follow from the values: one odd cell makes a column a variant. Nothing is dropped or guessed.
"""

from __future__ import annotations

import json
import math
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

from perpend.core.dataclass import dataclass
from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType, is_deletion_field
from perpend.core.objects.relations import child_objects, lookup_target
from perpend.core.schema.tables import (
    CONTRADICTED,
    OWNER,
    ROW,
    SOURCE,
    Column,
    Form,
    Join,
    Table,
    Tables,
    is_companion,
    plain,
    unfollowed,
    unread,
)
from perpend.core.values.partial_object import doubt_of, reason_of, reasons_of
from perpend.core.values.types import ValueType
from perpend.core.values.values import PlainJson, is_plain_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from perpend.core.objects.object_types import ObjectType

_LARGEST_EXACT: Final = 2**53


@dataclass(slots=True)
class RequiredFields:
    """The fields, lookups and child lists to read of the objects at one place, and those below them.

    ``object_type`` is their type if the keys of its relations are to be checked.
    """

    values: set[str] = field(default_factory=set)
    lookups: dict[str, RequiredFields] = field(default_factory=dict)
    children: dict[str, RequiredFields] = field(default_factory=dict)
    object_type: ObjectType = UNKNOWN_TYPE

    def through(self, lookups: Iterable[str]) -> RequiredFields:
        """Return the entry at the end of a path of lookups. It is created if needed."""
        wanted = self
        for name in lookups:
            wanted = wanted.lookups.setdefault(name, RequiredFields())
        return wanted


class Rows(Protocol):
    """A target for the rows of a part: a list, or a store."""

    def append(self, row: dict[str, Any], /) -> None:
        """Add a finished row."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[dict[str, Any]]: ...


@dataclass(slots=True)
class Part:
    """One table under construction: its rows, its columns and the parts below it."""

    name: str
    type_name: str
    wanted: RequiredFields
    rows: Rows = field(default_factory=list[dict[str, Any]])
    lookups: dict[str, Part] = field(default_factory=dict)
    children: dict[str, Part] = field(default_factory=dict)


def all_fields_of(objects: Iterable[Mapping[str, Any]], declared: ObjectType | None = None) -> RequiredFields:
    """Return everything that the objects hold. Objects under ``…__r`` and ``RecordType`` are lookups; lists of objects are
    children."""
    everything = RequiredFields()
    if declared:
        for name in declared.lookups:
            everything.lookups.setdefault(name, RequiredFields())
        for name in declared.children:
            everything.children.setdefault(name, RequiredFields())
    unset: _Unset = {}
    for fields in objects:
        _want(everything, fields, unset)
    for (_, name), (wanted, listed) in unset.items():
        if name in wanted.lookups or name in wanted.children:
            continue
        if listed:
            wanted.children[name] = RequiredFields()
        else:
            wanted.values.add(name)
    return everything


_Unset = dict[tuple[int, str], tuple[RequiredFields, bool]]
"""Relations that some object holds as null or as an empty list, by place, and whether as a list.

This is no information if another object shows the target. If none does, the relation is a list, or a value that is null.
"""


def _want(wanted: RequiredFields, fields: Mapping[str, Any], unset: _Unset) -> None:
    wanted.values.update(name for name in reasons_of(fields) if not name.endswith("__r"))
    for name, value in fields.items():
        relation = name.endswith("__r") or name == "RecordType"
        if isinstance(value, dict) and relation:
            _want(wanted.lookups.setdefault(name, RequiredFields()), value, unset)
        elif relation and (value is None or value == []):
            unset[id(wanted), name] = (wanted, value is not None or unset.get((id(wanted), name), (wanted, False))[1])
        elif isinstance(value, list) and relation and all(isinstance(item, dict) for item in value):
            below = wanted.children.setdefault(name, RequiredFields())
            for item in value:
                _want(below, item, unset)
        else:
            wanted.values.add(name)


def shred(objects: Iterable[Mapping[str, Any]], type_name: str, wanted: RequiredFields, *, complete: bool) -> Part:
    """Return the rows of objects of one type as a part, with the parts below it.

    ``complete``: a missing key is null. Otherwise its value is unknown, and the row gives the reason.
    """
    root = part_of(type_name, wanted)
    for fields in objects:
        add_object(root, fields, complete=complete)
    return root


def part_of(
    name: str, wanted: RequiredFields, *, type_name: str | None = None, rows: Callable[[str], Rows] | None = None
) -> Part:
    """Return an empty part and the empty parts below it. ``rows`` creates the target for the rows of a table by its name."""
    return Part(
        name,
        name if type_name is None else type_name,
        wanted,
        rows(name) if rows else [],
        {relation: part_of(f"{name}/{relation}", below, type_name="", rows=rows) for relation, below in wanted.lookups.items()},
        {
            relation: part_of(f"{name}/{relation}[]", below, type_name="", rows=rows)
            for relation, below in wanted.children.items()
        },
    )


def add_object(part: Part, fields: Mapping[str, Any], *, complete: bool, more: Mapping[str, Any] | None = None) -> None:
    """Add the row of an object, and the rows of its nested objects, to a part. ``more`` holds further values of its own row."""
    more = more or {}
    everywhere = {SOURCE: more[SOURCE]} if SOURCE in more else {}
    _add(part, fields, everywhere, complete=complete, own=more)


def _add(
    part: Part, fields: Mapping[str, Any], everywhere: Mapping[str, Any], *, complete: bool, own: Mapping[str, Any]
) -> None:
    number = len(part.rows)
    row: dict[str, Any] = {ROW: number, **everywhere, **own}
    if doubt := doubt_of(fields):
        row[CONTRADICTED] = doubt
    nested = {OWNER: number}
    deletions = {name for name in fields if is_deletion_field(name)}
    for name in sorted(part.wanted.values | deletions | {"Id"}):
        # An object of an undeclared relation without an Id may still have one that was not collected.
        unasked = name == "Id" and name not in part.wanted.values and bool(part.type_name)
        _add_value(row, name, fields, complete=complete or name in deletions or unasked)
    for name, below in part.lookups.items():
        target, reason = lookup_target(part.wanted.object_type, fields, name, complete=complete)
        if reason is not None:
            row[unfollowed(name)] = reason
        elif target is not None:
            _add(below, target, everywhere, complete=complete, own=nested)
        elif name not in fields and not complete:
            row[unfollowed(name)] = reason_of(fields, name)
    for name, below in part.children.items():
        items, reason = child_objects(part.wanted.object_type, fields, name, complete=complete)
        for item in items:
            _add(below, item, everywhere, complete=complete, own=nested)
        if reason is not None:
            row[unfollowed(name)] = reason
        elif name not in fields and not complete:
            row[unfollowed(name)] = reason_of(fields, name)
    part.rows.append(row)


def _add_value(row: dict[str, Any], name: str, fields: Mapping[str, Any], *, complete: bool) -> None:
    value, why_not = stored_value(fields.get(name))
    reason = why_not or (None if complete or name in fields else reason_of(fields, name))
    row[name] = value
    if reason is not None:
        row[unread(name)] = reason


def stored_value(value: Any) -> tuple[Any, str | None]:
    """Return a value that tables can hold, or null and the reason for any other value."""
    if isinstance(value, float) and math.isnan(value):
        return None, "holds NaN, which is no number"
    if value is not None and not _is_encodable(value):
        return None, "holds a text that is not Unicode"
    return value, None


def _is_encodable(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(_is_encodable(part) for pair in value.items() for part in pair)
    return not isinstance(value, list) or all(map(_is_encodable, value))


def tables_of(root: Part, *, complete: bool) -> tuple[Tables, dict[str, list[dict[str, Any]]]]:
    """Return the schema of a part's tables, and their rows with values in the form of their columns."""
    described: dict[str, Table] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    tables = distinct_names(part.name for part in parts_of(root))
    for part in parts_of(root):
        called = distinct_names(sorted({*_columns(part), *part.lookups, *part.children}))
        name = tables[part.name]
        described[name] = _table(part, name, tables, called)
        rows[name] = list(part.rows)
        for name_there, called_here in called.items():
            if name_there != called_here:
                _rename(rows[name], name_there, called_here)
    return Tables(described, complete), rows


def distinct_names(names: Iterable[str]) -> dict[str, str]:
    """Return a column name for each name. SQL ignores case, so names that differ only in case get a number."""
    names_given: dict[str, str] = {}
    used: set[str] = set()
    for name in dict.fromkeys(names):
        called, number = name, 1
        while called.casefold() in used:
            number += 1
            called = f"{name}#{number}"
        used.add(called.casefold())
        names_given[name] = called
    return names_given


def _rename(rows: Iterable[dict[str, Any]], name: str, called: str) -> None:
    for row in rows:
        for of in (str, unread, plain, unfollowed):
            if of(name) in row:
                row[of(called)] = row.pop(of(name))


def parts_of(part: Part) -> Iterator[Part]:
    """Yield a part and all parts below it."""
    yield part
    for below in (*part.lookups.values(), *part.children.values()):
        yield from parts_of(below)


def _columns(part: Part) -> set[str]:
    names = {name for row in part.rows for name in row} - {ROW, OWNER, CONTRADICTED}
    return {name for name in names | part.wanted.values if not is_companion(name)}


def _table(part: Part, name: str, tables: Mapping[str, str], called: Mapping[str, str]) -> Table:
    """Return the schema of one table. ``called`` maps its columns and relations to their names in the table."""

    def join(relation: str, below: Part) -> Join:
        partial = any(unfollowed(relation) in row for row in part.rows)
        return Join(called[relation], tables[below.name], ROW, OWNER, partial)

    return Table(
        name,
        part.type_name,
        {column: _column(part, column, called[column]) for column in sorted(_columns(part))},
        {relation: join(relation, below) for relation, below in part.lookups.items()},
        {relation: join(relation, below) for relation, below in part.children.items()},
        len(part.rows),
        any(CONTRADICTED in row for row in part.rows),
    )


def _column(part: Part, name: str, called: str) -> Column:
    """Return a column of the common form of its values, and convert the values to it."""
    values = [row.get(name) for row in part.rows]
    form = form_of(values)
    if form is Form.VARIANT:
        for row in part.rows:
            if row.get(name) is not None:
                row[name] = json.dumps(row[name], ensure_ascii=False)
    partial = any(unread(name) in row for row in part.rows)
    marks = form is Form.TEXT and any(isinstance(value, str) and value[:1] in ("{", "[") for value in values)
    if marks:
        for row, value in zip(part.rows, values, strict=True):
            row[plain(name)] = isinstance(value, str) and is_plain_json(value)
    return Column(called, form, partial, marks)


def form_of(values: Collection[Any]) -> Form:
    """Return the form of a column with these JSON values. A column of nulls has the form of text."""
    one_of_each = {type(value): value for value in values}
    # The form of an integer depends on its value, that of any other type does not.
    forms = {form_of_value(value) for value in (values if int in one_of_each else one_of_each.values()) if value is not None}
    return forms.pop() if len(forms) == 1 else Form.VARIANT if forms else Form.TEXT


def form_of_value(value: Any) -> Form:
    """Return the form of a column with this value, which is not null."""
    if isinstance(value, str):
        return Form.TEXT
    if isinstance(value, bool):
        return Form.BOOLEAN
    if isinstance(value, float) or (isinstance(value, int) and -_LARGEST_EXACT <= value <= _LARGEST_EXACT):
        return Form.NUMBER
    return Form.VARIANT


_TEXTS = frozenset({str, PlainJson, type(None)})


_FORMS = {ValueType.NUMBER: Form.NUMBER, ValueType.BOOLEAN: Form.BOOLEAN}


def catalogue_tables(type_name: str, wanted: RequiredFields, declared: Callable[[str], ObjectType]) -> Tables:
    """Return the schema of a type and everything wanted below it, to show a plan before there is data.

    An undeclared field is a text; an undeclared relation is joined by its name.
    """
    tables: dict[str, Table] = {}
    _add_declared(tables, type_name, wanted, declared)
    return Tables(tables)


def _add_declared(tables: dict[str, Table], name: str, wanted: RequiredFields, declared: Callable[[str], ObjectType]) -> None:
    object_type = declared(name)
    known = tables.get(name, Table(name, name))
    columns = dict(known.columns)
    deletion = {object_type.deletion_field} if object_type.deletion_field else set()
    for column in sorted(wanted.values | {"Id"} | deletion):
        columns[column] = _declared_column(object_type, column)
    lookups, children = dict(known.lookups), dict(known.children)
    for lookup in wanted.lookups:
        to = object_type.lookups.get(lookup)
        target = to.target if to else f"{name}/{lookup}"
        lookups[lookup] = Join(lookup, target, (to.key if to else "") or lookup, "Id")
        columns.setdefault(lookups[lookup].own, Column(lookups[lookup].own, Form.TEXT))
    for child in wanted.children:
        of = object_type.children.get(child)
        target = of.type_name if of else f"{name}/{child}"
        children[child] = Join(child, target, "Id", (of.key if of else "") or child)
    tables[name] = Table(name, name, columns, lookups, children)
    for lookup, below in wanted.lookups.items():
        _add_declared(tables, lookups[lookup].table, below, declared)
    for child, below in wanted.children.items():
        _add_declared(tables, children[child].table, below, declared)


def _declared_column(object_type: ObjectType, name: str) -> Column:
    field = object_type.fields.get(name)
    form = _FORMS.get(field.type, Form.TEXT) if field else Form.TEXT
    return Column(name, form, plain=field is not None and field.kind == "json")
