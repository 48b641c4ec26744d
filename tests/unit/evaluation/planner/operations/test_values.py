"""Fields are read as values of their types, tested for emptiness and converted; other forms are not known."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.schema.tables import Form
from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.use import Value
from perpend.evaluation.planner.operations.values import document, or_empty, unpacked, variant
from perpend.evaluation.planner.scalar import Kind, Scalars
from tests.unit.evaluation.planner.operations.planned import condition, ends, field, opposite, shown

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


IS_TEXT = "same(variant form(variant), 'text')"
PRESENT = "not(null(variant))"
VARIANT_TEXT = f"if({IS_TEXT}, rest(variant value(variant)), None)"
DATE = {"DATE_TIME": "1970-01-02"}
SET = {"SET": {"itemType": "TEXT", "items": ["a"]}}


def equal(path: str, right: Any) -> Any:
    return ends({"IS_EQUAL": {"left": field(path), "right": right}})


@pytest.mark.parametrize(
    ("path", "right", "planned"),
    [
        ("text", {"TEXT": "a"}, "is(text, 'a')"),
        ("number", {"NUMBER": 1}, "same(number, 1.0)"),
        ("boolean", {"BOOLEAN": True}, "same(boolean, True)"),
        ("number", {"JSON": 1}, "true(json same(json quote(number), '1'))"),
    ],
)
def test_a_column_of_the_type_is_the_value_itself(path: str, right: Any, planned: str) -> None:
    assert [(planned, 199)] == equal(path, right)


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("number", {"TEXT": "a"}),
        ("text", {"NUMBER": 1}),
        ("text", {"BOOLEAN": True}),
        ("boolean", {"NUMBER": 1}),
        ("text", {"JSON": 1}),
        ("boolean", DATE),
        ("text", SET),
    ],
)
def test_any_value_of_another_form_is_not_known(path: str, right: Any) -> None:
    assert (f"not(null({path}))", -1) == equal(path, right)[0]


def test_dates_and_durations_are_read_from_texts() -> None:
    assert [
        ("and(not(is(text, '')), null(instant(text)))", -1),
        ("same(instant(text), 86400000)", 199),
    ] == equal("text", DATE)
    duration = "duration(text, 'ISO_8601')"
    assert (f"and(not(is(text, '')), null({duration}))", -1) == equal("text", {"DURATION": "P1D"})[0]
    wrong, _ = equal("variant", DATE)[0]
    unreadable = f"and(not(is({VARIANT_TEXT}, '')), null(instant({VARIANT_TEXT})))"
    assert f"or(and({PRESENT}, not({IS_TEXT})), {unreadable})" == wrong


@pytest.mark.parametrize(
    ("right", "form"), [({"TEXT": "a"}, "text"), ({"NUMBER": 1}, "number"), ({"BOOLEAN": True}, "boolean")]
)
def test_a_value_kept_as_json_says_itself_what_it_is(right: Any, form: str) -> None:
    (wrong, code), (planned, _) = equal("variant", right)
    fits = f"same(variant form(variant), '{form}')"
    assert (f"and({PRESENT}, not({fits}))", -1) == (wrong, code)
    assert f"if({fits}, rest(variant value(variant)), None)" in planned


def test_a_list_kept_as_json_is_a_collection_and_a_text_is_no_json_value() -> None:
    items = "items(variant, 'Text', (True, True, True))"
    assert (f"and({PRESENT}, null({items}))", -1) == equal("variant", SET)[0]
    assert [(IS_TEXT, -1), (f"true(json same(if({IS_TEXT}, None, variant), '1'))", 199)] == equal("variant", {"JSON": 1})


def test_a_type_that_no_column_holds_is_not_known_wherever_there_is_a_value() -> None:
    attributes = {"ATTRIBUTES_FROM": {"arg": field("text")}}
    assert (PRESENT, -1) == equal("variant", attributes)[0]


def test_what_is_not_read_is_not_known_before_its_form_is_asked() -> None:
    assert [("not(null(some#unread))", -1), ("not(null(some))", -1), ("same(None as number, 1.0)", 199)] == equal(
        "some", {"NUMBER": 1}
    )
