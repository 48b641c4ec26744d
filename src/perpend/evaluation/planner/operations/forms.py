"""What planned values are asked and turned into, whatever operation asks: emptiness, documents, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import Guards, blank, empty_of

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import Value


def empty(scalars: Scalars, value: Value) -> Scalar:
    """Return whether a value is empty by the rules of its type."""
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
    """Return a native's text as a value of the type that it writes."""
    if value_type is ValueType.NUMBER:
        return scalars.make("number", text)
    if value_type is ValueType.BOOLEAN:
        missing = scalars.is_null(text)
        is_true = scalars.make("same", text, scalars.literal("true", Kind.TEXT))
        return scalars.choice(missing, scalars.literal(None, Kind.BOOLEAN), is_true)
    return text


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


def guards_of(*values: Value) -> Guards:
    """Return the guards of values that are all computed, in their order."""
    return tuple(guard for value in values for guard in value.guards)
