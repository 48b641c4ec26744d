"""What planned values are asked whatever operation asks: emptiness, documents, JSON, by type and by form."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.forms import document, or_empty, unpacked, variant
from perpend.evaluation.planner.operations.use import Value
from perpend.evaluation.planner.scalar import Kind, Scalars
from tests.unit.evaluation.planner.operations.planned import condition, field, opposite, shown

NULL = {"UNIT_TEST_NULL": {"returnType": "NUMBER"}}


@pytest.mark.parametrize(
    ("arg", "planned"),
    [
        (field("text"), "is(text, '')"),
        (field("text", "BYTES"), "or(null(text), same(text, ''))"),
        (field("number"), "null(number)"),
        (field("variant"), "true(variant empty(variant))"),
        ({"ATTRIBUTES_FROM": {"arg": field("text")}}, "null(text)"),
        ({"SET_FROM": {"arg": field("text"), "separator": ","}}, "same(size(split(text, ',', 'Text', (True, True, True))), 0)"),
        ({"JSON": []}, "true(json empty('[]'))"),
    ],
)
def test_a_value_is_empty_by_the_rules_of_its_type(arg: Any, planned: str) -> None:
    assert planned == condition({"IS_EMPTY": {"arg": arg}})
    assert opposite(planned) == condition({"NOT_EMPTY": {"arg": arg}})


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def test_a_null_text_is_the_empty_one(made: Scalars) -> None:
    found = [
        or_empty(made, one)
        for one in (made.literal(None, Kind.TEXT), made.literal("a", Kind.TEXT), made.column("t", "a", Kind.TEXT))
    ]
    assert ["''", "'a'", "else(a, '')"] == list(map(shown, found))


def test_a_text_that_a_native_writes_is_a_value_of_its_type(made: Scalars) -> None:
    text = made.column("t", "a", Kind.TEXT)
    kinds = (ValueType.TEXT, ValueType.NUMBER, ValueType.BOOLEAN)
    assert ["a", "number(a)", "if(null(a), None as boolean, same(a, 'true'))"] == [
        shown(unpacked(made, text, kind)) for kind in kinds
    ]


@pytest.mark.parametrize(
    ("form", "kind", "as_document", "as_variant"),
    [
        (Form.TEXT, Kind.TEXT, "a", "json quote(a)"),
        (Form.NUMBER, Kind.NUMBER, "json quote(a)", "json quote(a)"),
        (Form.BOOLEAN, Kind.BOOLEAN, "json quote(a)", "json quote(a)"),
        (Form.VARIANT, Kind.TEXT, "variant document(a)", "a"),
    ],
)
def test_a_value_of_no_declared_type_is_a_document_or_json(
    made: Scalars, form: Form, kind: Kind, as_document: str, as_variant: str
) -> None:
    asked = Value(made.column("t", "a", kind), ValueType.ANY, form=form)
    assert (as_document, as_variant) == (shown(document(made, asked)), shown(variant(made, asked)))
