"""Plan the operations for unit tests and debugging."""

from __future__ import annotations

from dataclasses import replace

from perpend.core.schema.tables import Form
from perpend.evaluation.planner.operations.use import KIND_OF_TYPE, PlannedUse, Planners, Value, only_if
from perpend.evaluation.planner.scalar import Kind


def debug(use: PlannedUse) -> Value:
    arg = use["arg"]
    return use.value(use.true, arg.guards) if use.constant("returnTrue") else arg


def unit_test(use: PlannedUse) -> Value:
    scalars, arg = use.scalars, use["arg"]
    column = use.place.table.columns.get("Id") if use.place.table else None
    if column is None:
        return use.value(scalars.false)
    node = use.place.masked(column)
    id_ = use.text(use.constant("id"))
    match column.form:
        case Form.TEXT:
            is_this_object = scalars.make("same", node, id_)
        case Form.VARIANT:
            is_this_object = scalars.make("same", node, scalars.native("json quote", Kind.TEXT, id_))
        case _:
            is_this_object = scalars.false
    return use.value(scalars.choice(is_this_object, arg.node, scalars.false), only_if(scalars, is_this_object, arg.guards))


def null(use: PlannedUse) -> Value:
    return use.value(use.scalars.literal(None, KIND_OF_TYPE.get(use.expression.type, Kind.TEXT)))


def runtime_error(use: PlannedUse) -> Value:
    return replace(null(use), guards=use.stop(use.true, "throw"))


PLANNERS: Planners = {
    "DEBUG": debug,
    "UNIT_TEST_NULL": null,
    "UNIT_TEST_RUNTIME_ERROR": runtime_error,
    "UNIT_TEST": unit_test,
}
