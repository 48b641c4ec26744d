"""How fields, lookups and tags are planned: one function per operation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.meaning.types import ValueType
from perpend.plan.natives_json import UNUSABLE
from perpend.plan.operations.use import KIND_OF_TYPE, Use, Value
from perpend.plan.operations.values import collection_flags, empty, unpacked
from perpend.plan.place import Guards, Place, blank, empty_of, text_of
from perpend.plan.scalar import Kind, Scalar, Scalars
from perpend.tables.schema import Form, plain

if TYPE_CHECKING:
    from perpend.tables.schema import Column

_KINDS_OF_FORM = {
    Form.TEXT: frozenset({ValueType.TEXT, ValueType.BYTES}),
    Form.NUMBER: frozenset({ValueType.NUMBER}),
    Form.BOOLEAN: frozenset({ValueType.BOOLEAN}),
}
_FORM_NAMES = {
    ValueType.TEXT: "text",
    ValueType.BYTES: "text",
    ValueType.NUMBER: "number",
    ValueType.BOOLEAN: "boolean",
}


def field(use: Use) -> Value:
    """FIELD."""
    scalars, kind = use.scalars, use.expression.type
    has_empty = use.slot("isEmpty") is not None
    delegate = use.delegate()
    guards: Guards = ()
    if delegate is not None:
        denied = read(use.place, delegate, ValueType.ANY, missing_is_null=True)
        guards = (*denied.guards, *use.stop(empty_of(scalars, denied.node, denied.form or Form.TEXT), "noAccessDelegate"))
    value = read(use.place, use.constant("path"), kind, missing_is_null=has_empty)
    guards = (*guards, *value.guards)
    if has_empty:
        guards = (*guards, *use.stop(empty(scalars, value), "isEmpty"))
    return replace(value, guards=guards)


def read(place: Place, path: str, kind: ValueType, *, missing_is_null: bool = False) -> Value:
    """Return what a field holds as a value of a type, guarded against what is not known or of another form."""
    *lookups, name = path.split(".")
    at = place.through(lookups)
    node, form, unknown = at.column(name, missing_is_null=missing_is_null)
    guards = (*at.guards[len(place.guards) :], *unknown)
    scalars = place.build.scalars
    if kind is ValueType.ANY:
        return Value(node, kind, guards, form)
    value, wrong = _converted(scalars, node, form, kind)
    if wrong is not scalars.false:
        guards = (*guards, *at.unknown(wrong, None))
    return Value(value, kind, guards, plain=_plain(at, name) if form is Form.TEXT else None)


def _plain(place: Place, name: str) -> Scalar | None:
    column: Column | None = place.table.columns.get(name) if place.table else None
    if column is None or not column.plain:
        return None
    scalars = place.build.scalars
    return scalars.all(place.there, scalars.truth(scalars.column(place.alias, plain(column.name), Kind.BOOLEAN)))


def _converted(scalars: Scalars, node: Scalar, form: Form, kind: ValueType) -> tuple[Scalar, Scalar]:
    """Return a column's value as one of a type, and the condition under which it is none."""
    present = scalars.negation(scalars.is_null(node))
    if kind in (ValueType.DATE_TIME, ValueType.DURATION) and form in (Form.TEXT, Form.VARIANT):
        text, wrong = text_of(scalars, node, form)
        value, invalid = _from_text(scalars, text, kind)
        return value, scalars.any(wrong, invalid)
    if form is Form.VARIANT:
        return _from_variant(scalars, node, kind)
    if kind in _KINDS_OF_FORM[form]:
        return node, scalars.false
    if kind is ValueType.JSON and form is not Form.TEXT:
        return scalars.native("json quote", Kind.TEXT, node), scalars.false
    return scalars.literal(None, KIND_OF_TYPE.get(kind, Kind.TEXT)), present


def _from_text(scalars: Scalars, node: Scalar, kind: ValueType) -> tuple[Scalar, Scalar]:
    if kind is ValueType.DATE_TIME:
        value = scalars.make("instant", node)
    else:
        value = scalars.native("duration", Kind.TEXT, node, constants=("ISO_8601",))
    return value, scalars.all(scalars.negation(blank(scalars, node)), scalars.is_null(value))


def _from_variant(scalars: Scalars, node: Scalar, kind: ValueType) -> tuple[Scalar, Scalar]:
    present = scalars.negation(scalars.is_null(node))
    nothing = scalars.literal(None, KIND_OF_TYPE.get(kind, Kind.TEXT))
    if kind.item is not None:
        value = scalars.native("items", Kind.TEXTS, node, constants=(kind.item.value, collection_flags(kind)))
        return value, scalars.all(present, scalars.is_null(value))
    form = scalars.native("variant form", Kind.TEXT, node)
    if kind is ValueType.JSON:
        is_text = scalars.make("same", form, scalars.literal("text", Kind.TEXT))
        return scalars.choice(is_text, nothing, node), is_text
    wanted = _FORM_NAMES.get(kind)
    if wanted is None:
        return nothing, present
    fits = scalars.make("same", form, scalars.literal(wanted, Kind.TEXT))
    wrong = scalars.all(present, scalars.negation(fits))
    letter = scalars.native("variant value", Kind.TEXT, node)
    text = scalars.choice(fits, scalars.make("rest", letter), scalars.literal(None, Kind.TEXT))
    return unpacked(scalars, text, kind), wrong


def is_empty_lookup(use: Use) -> Value:
    """IS_EMPTY_LOOKUP."""
    scalars, place = use.scalars, use.place
    guards: Guards = ()
    empty_so_far = scalars.false
    for name in use.constant("path").split("."):
        at = place.through([name])
        guards = (*guards, *at.guards[len(place.guards) :])
        node, form, unknown = at.column("Id")
        guards = (*guards, *unknown)
        no_id = empty_of(scalars, node, form)
        empty_so_far = scalars.any(empty_so_far, scalars.negation(at.there), no_id)
        place = replace(at, there=scalars.all(at.there, scalars.negation(no_id)))
    return use.value(empty_so_far, guards)


def not_empty_lookup(use: Use) -> Value:
    """NOT_EMPTY_LOOKUP."""
    value = is_empty_lookup(use)
    return replace(value, node=use.scalars.negation(value.node))


def tag(use: Use) -> Value:
    """TAG_EXISTS, TAG_VALUE_TEXT and TAG_VALUE_BYTES."""
    scalars, name = use.scalars, use["name"]
    tags = read(use.place, use.constant("tagsJson"), ValueType.ANY)
    exact = use.expression.arguments["name"].type is ValueType.BYTES
    asked = "tag exists" if use.expression.type is ValueType.BOOLEAN else "tag value"
    found = scalars.native(asked, Kind.TEXT, name.node, document(scalars, tags), constants=(exact,))
    unusable = scalars.make("same", found, use.text(UNUSABLE))
    value = unpacked(scalars, scalars.make("rest", found), use.expression.type)
    return use.value(value, name.guards, tags.guards, use.unusable(unusable))


def document(scalars: Scalars, value: Value) -> Scalar:
    """Return a value of no declared type as the text of a JSON document: its own text, or the value as JSON."""
    match value.form:
        case Form.VARIANT:
            return scalars.native("variant document", Kind.TEXT, value.node)
        case Form.NUMBER | Form.BOOLEAN:
            return scalars.native("json quote", Kind.TEXT, value.node)
    return value.node


def variant(scalars: Scalars, value: Value) -> Scalar:
    """Return a value of no declared type as JSON text."""
    return value.node if value.form is Form.VARIANT else scalars.native("json quote", Kind.TEXT, value.node)


def is_disappeared(use: Use) -> Value:
    """IS_DISAPPEARED."""
    gone, odd = use.place.gone()
    return use.value(use.scalars.all(use.place.there, gone), odd)
