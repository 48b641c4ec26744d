"""Guards of operands count from the base of their use, and stop only if evaluation reaches them."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.use import KIND_OF_TYPE, Value, only_if, shift_guards, shift_value
from perpend.evaluation.planner.scalar import Kind, Scalars
from perpend.evaluation.planner.scope import ScalarGuard
from tests.unit.evaluation.planner.operations.planned import ends, field


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def test_checks_are_counted_from_another_base_and_reasons_are_not(made: Scalars) -> None:
    guards = (ScalarGuard(made.true, 1), ScalarGuard(made.true, -1))
    assert [101, -1] == [guard.code for guard in shift_guards(guards, 100)]
    value = Value(made.true, ValueType.ANY, guards, Form.TEXT, made.false)
    assert value is shift_value(value, 0)
    found = shift_value(value, 2)
    assert ([3, -1], made.true, ValueType.ANY, Form.TEXT, made.false) == (
        [guard.code for guard in found.guards],
        *(found.node, found.type, found.form, found.plain),
    )


def test_a_guard_counts_only_where_evaluation_gets_to_it(made: Scalars) -> None:
    a, b = (made.column("t", name, Kind.BOOLEAN) for name in "ab")
    guards = (ScalarGuard(b, 1), ScalarGuard(made.negation(a), 2))
    assert (ScalarGuard(made.all(a, b), 1),) == only_if(made, a, guards), "the other one never holds there"


def test_what_values_are_kept_as() -> None:
    kinds = {kind: KIND_OF_TYPE.get(kind, Kind.TEXT) for kind in ValueType}
    assert {Kind.TEXTS} == {kinds[kind] for kind in ValueType if kind.item}
    assert (Kind.NUMBER, Kind.BOOLEAN, Kind.WHOLE) == (
        *(kinds[ValueType.NUMBER], kinds[ValueType.BOOLEAN]),
        kinds[ValueType.DATE_TIME],
    )
    assert {Kind.TEXT} == {kinds[kind] for kind in (ValueType.TEXT, ValueType.DURATION, ValueType.JSON, ValueType.ANY)}


def test_the_checks_of_operands_and_of_their_use_are_numbered_in_the_order_of_evaluation() -> None:
    low, high = field("text", isEmpty="m"), field("other", isEmpty="m")
    durations = [
        {"DURATION_FROM": {"arg": arg, "format": "GCP", "undeterminedIf": {"invalidFormat": "m"}}} for arg in (low, high)
    ]
    found = [code for _, code in ends({"LESS_THAN": {"left": durations[0], "right": durations[1]}})]
    assert [101, 102, 103, 104, 199] == found
