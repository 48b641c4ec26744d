"""Helpers on planned values: read a field as a value of a type, test for emptiness, convert documents and variants."""

from __future__ import annotations

from perpend.core.schema.tables import Column, Form, plain
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.use import KIND_OF_TYPE, Value
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import Guards, Place, blank, empty_of, text_of


def empty(scalars: Scalars, value: Value) -> Scalar:
    """Return the condition that a value is empty by the rule for its type."""
    node = value.node
    match value.type:
        case ValueType.TEXT:
            return blank(scalars, node)
        case ValueType.BYTES:
            return scalars.any(scalars.is_null(node), scalars.make("same", node, scalars.literal("", Kind.TEXT)))
        case ValueType.JSON:
            return scalars.native("json empty", Kind.BOOLEAN, node)
        case ValueType.ANY:
            return empty_of(scalars, node, value.form or Form.TEXT)
    if value.type.item is not None:
        return scalars.make("same", scalars.make("size", node), scalars.literal(0, Kind.WHOLE))
    return scalars.is_null(node)


def or_empty(scalars: Scalars, text: Scalar) -> Scalar:
    if text.primitive == "literal":
        return scalars.literal(text.constants[0] or "", Kind.TEXT)
    return scalars.make("else", text, scalars.literal("", Kind.TEXT))


def unpacked(scalars: Scalars, text: Scalar, value_type: ValueType) -> Scalar:
    """Return the text of a native result as a value of its type."""
    if value_type is ValueType.NUMBER:
        return scalars.make("number", text)
    if value_type is ValueType.BOOLEAN:
        missing = scalars.is_null(text)
        is_true = scalars.make("same", text, scalars.literal("true", Kind.TEXT))
        return scalars.choice(missing, scalars.literal(None, Kind.BOOLEAN), is_true)
    return text


def document(scalars: Scalars, value: Value) -> Scalar:
    """Return a value without a declared type as the text of a JSON document: its own text, or the value as JSON."""
    match value.form:
        case Form.VARIANT:
            return scalars.native("variant document", Kind.TEXT, value.node)
        case Form.NUMBER | Form.BOOLEAN:
            return scalars.native("json quote", Kind.TEXT, value.node)
    return value.node


def variant(scalars: Scalars, value: Value) -> Scalar:
    """Return a value without a declared type as JSON text."""
    return value.node if value.form is Form.VARIANT else scalars.native("json quote", Kind.TEXT, value.node)


def guards_of(*values: Value) -> Guards:
    """Return the guards of values that are all computed, in order."""
    return tuple(guard for value in values for guard in value.guards)


_KINDS_OF_FORM = {
    Form.TEXT: frozenset({ValueType.TEXT, ValueType.BYTES}),
    Form.NUMBER: frozenset({ValueType.NUMBER}),
    Form.BOOLEAN: frozenset({ValueType.BOOLEAN}),
}
_SETS = frozenset({ValueType.SET_OF_TEXT, ValueType.SET_OF_BYTES})
_FORM_NAMES = {
    ValueType.TEXT: "text",
    ValueType.BYTES: "text",
    ValueType.NUMBER: "number",
    ValueType.BOOLEAN: "boolean",
}


def read(place: Place, path: str, value_type: ValueType, *, missing_is_null: bool = False) -> Value:
    """Return a field as a value of a type, with guards for values that are not known or have another form."""
    *lookups, name = path.split(".")
    at = place.through(lookups)
    node, form, unknown = at.column(name, missing_is_null=missing_is_null)
    guards = (*at.guards[len(place.guards) :], *unknown)
    scalars = place.build.scalars
    if value_type is ValueType.ANY:
        return Value(node, value_type, guards, form)
    value, mismatch = _converted(scalars, node, form, value_type)
    if mismatch is not scalars.false:
        guards = (*guards, *at.unknown(mismatch, None))
    return Value(value, value_type, guards, plain=_is_plain(at, name) if form is Form.TEXT else None)


def _is_plain(place: Place, name: str) -> Scalar | None:
    column: Column | None = place.table.columns.get(name) if place.table else None
    if column is None or not column.plain:
        return None
    scalars = place.build.scalars
    return scalars.truth(scalars.column(place.alias, plain(column.name), Kind.BOOLEAN))


def _converted(scalars: Scalars, node: Scalar, form: Form, value_type: ValueType) -> tuple[Scalar, Scalar]:
    """Return the value of a column as one of a type, and the condition that it has another form."""
    present = scalars.negation(scalars.is_null(node))
    if value_type in (ValueType.DATE_TIME, ValueType.DURATION) and form in (Form.TEXT, Form.VARIANT):
        text, mismatch = text_of(scalars, node, form)
        value, invalid = _from_text(scalars, text, value_type)
        return value, scalars.any(mismatch, invalid)
    if form is Form.VARIANT:
        return _from_variant(scalars, node, value_type)
    if value_type in _KINDS_OF_FORM[form]:
        return node, scalars.false
    if value_type is ValueType.JSON and form is not Form.TEXT:
        return scalars.native("json quote", Kind.TEXT, node), scalars.false
    return scalars.literal(None, KIND_OF_TYPE.get(value_type, Kind.TEXT)), present


def _from_text(scalars: Scalars, node: Scalar, value_type: ValueType) -> tuple[Scalar, Scalar]:
    if value_type is ValueType.DATE_TIME:
        value = scalars.make("instant", node)
    else:
        value = scalars.native("duration", Kind.TEXT, node, constants=("ISO_8601",))
    return value, scalars.all(scalars.negation(blank(scalars, node)), scalars.is_null(value))


def _from_variant(scalars: Scalars, node: Scalar, value_type: ValueType) -> tuple[Scalar, Scalar]:
    form = scalars.native("variant form", Kind.TEXT, node)
    present = scalars.negation(scalars.is_null(node))
    nothing = scalars.literal(None, Kind.TEXT)
    if value_type.item is not None:
        value = scalars.native("items", Kind.TEXTS, node, constants=(value_type.item.value, (value_type in _SETS,) * 3))
        return value, scalars.all(present, scalars.is_null(value))
    if value_type is ValueType.JSON:
        is_text = scalars.make("same", form, scalars.literal("text", Kind.TEXT))
        return scalars.choice(is_text, nothing, node), is_text
    form_name = _FORM_NAMES.get(value_type)
    if form_name is None:
        return nothing, present
    fits = scalars.make("same", form, scalars.literal(form_name, Kind.TEXT))
    mismatch = scalars.all(present, scalars.negation(fits))
    letter = scalars.native("variant value", Kind.TEXT, node)
    text = scalars.choice(fits, scalars.make("rest", letter), nothing)
    return unpacked(scalars, text, value_type), mismatch
