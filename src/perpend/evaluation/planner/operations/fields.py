"""Plan fields, lookups and tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.values import document, empty, read, unpacked
from perpend.evaluation.planner.scalar import Kind
from perpend.evaluation.planner.scope import Guards, empty_of
from perpend.evaluation.planner.udfs import UNUSABLE

if TYPE_CHECKING:
    from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value


def field(use: PlannedUse) -> Value:
    scalars, value_type = use.scalars, use.expression.type
    has_empty = use.slot("isEmpty") is not None
    delegate = use.delegate
    guards: Guards = ()
    if delegate is not None:
        delegate_value = read(use.place, delegate, ValueType.ANY, missing_is_null=True)
        guards = (
            *delegate_value.guards,
            *use.stop(empty_of(scalars, delegate_value.node, delegate_value.form or Form.TEXT), "noAccessDelegate"),
        )
    value = read(use.place, use.constant("path"), value_type, missing_is_null=has_empty)
    guards = (*guards, *value.guards)
    if has_empty:
        guards = (*guards, *use.stop(empty(scalars, value), "isEmpty"))
    return replace(value, guards=guards)


def is_empty_lookup(use: PlannedUse) -> Value:
    scalars, place = use.scalars, use.place
    guards: Guards = ()
    for name in use.constant("path").split("."):
        at = place.through([name])
        node, form, unknown = at.column("Id")
        guards = (*guards, *at.guards[len(place.guards) :], *unknown)
        place = replace(at, there=scalars.all(at.there, scalars.negation(empty_of(scalars, node, form))))
    return use.value(scalars.negation(place.there), guards)


def not_empty_lookup(use: PlannedUse) -> Value:
    value = is_empty_lookup(use)
    return replace(value, node=use.scalars.negation(value.node))


def tag_exists(use: PlannedUse) -> Value:
    return _tag(use, "tag exists")


def tag_value(use: PlannedUse) -> Value:
    return _tag(use, "tag value")


def _tag(use: PlannedUse, function: str) -> Value:
    scalars, name = use.scalars, use["name"]
    tags = read(use.place, use.constant("tagsJson"), ValueType.ANY)
    exact = use.type_of("name") is ValueType.BYTES
    answer = scalars.native(function, Kind.TEXT, name.node, document(scalars, tags), constants=(exact,))
    unusable = scalars.make("same", answer, use.text(UNUSABLE))
    value = unpacked(scalars, scalars.make("rest", answer), use.expression.type)
    return use.value(value, name.guards, tags.guards, use.unusable(unusable))


PLANNERS: Planners = {
    "FIELD": field,
    "IS_EMPTY_LOOKUP": is_empty_lookup,
    "NOT_EMPTY_LOOKUP": not_empty_lookup,
    "TAG_EXISTS": tag_exists,
    "TAG_VALUE_TEXT": tag_value,
    "TAG_VALUE_BYTES": tag_value,
}
