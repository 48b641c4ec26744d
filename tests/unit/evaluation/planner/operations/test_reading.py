"""A field is read as a value of the type that its use wants; where it holds something else, it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.evaluation.planner.operations.planned import ends, field

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
