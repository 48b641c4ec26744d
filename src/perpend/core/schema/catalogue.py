"""Object types as declared in, the tables that an inventory of them would have out: to show a plan before there are data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.schema.tables import Column, Form, Join, Table, Tables
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.shred import Wanted

_FORMS = {ValueType.NUMBER: Form.NUMBER, ValueType.BOOLEAN: Form.BOOLEAN}


def catalogue_tables(type_name: str, wanted: Wanted, declared: Callable[[str], ObjectType]) -> Tables:
    """Return the tables of a type and of all that is wanted beside it. What nothing declares is a text, joined by name."""
    tables: dict[str, Table] = {}
    _add(tables, type_name, wanted, declared)
    return Tables(tables)


def _add(tables: dict[str, Table], name: str, wanted: Wanted, declared: Callable[[str], ObjectType]) -> None:
    object_type = declared(name)
    known = tables.get(name, Table(name, name))
    columns = dict(known.columns)
    deletion = {object_type.deletion_field} if object_type.deletion_field else set()
    for field in sorted(wanted.values | {"Id"} | deletion):
        columns[field] = _column(object_type, field)
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
        _add(tables, lookups[lookup].table, below, declared)
    for child, below in wanted.children.items():
        _add(tables, children[child].table, below, declared)


def _column(object_type: ObjectType, name: str) -> Column:
    field = object_type.fields.get(name)
    form = _FORMS.get(field.type, Form.TEXT) if field else Form.TEXT
    return Column(name, form, plain=field is not None and field.kind == "json")
