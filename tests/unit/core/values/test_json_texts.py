"""JSON texts: what a document says, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.values.values import document_of, json_from_text, json_normal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9007199254740993", 9007199254740992.0),
        ("-9007199254740993", -9007199254740992.0),
        ("9007199254740992", 9007199254740992),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ('{"a":1,"A":2}', {"a": 1, "A": 2}),
        (" [1]\n", [1]),
        ("null", None),
    ],
)
def test_json_texts(text: str, expected: Any) -> None:
    found = json_from_text(text)
    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a":1,"b":2,"a":1}', "a"),
        ('[{"a":{"b":null,"\\u0062":null}}]', "b"),
        ('{"":1,"":2}', ""),
        ('{"\\ud800":1,"\\udfff":2}', "\ufffd"),
        (f'{{"{"k" * 99}":1,"{"k" * 99}":2}}', "k" * 59 + "…"),
    ],
)
def test_an_object_that_repeats_a_key_is_no_json(text: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"^an object has the key `{key}` twice$"):
        json_from_text(text)


def test_half_a_surrogate_pair_is_a_replacement_character_wherever_it_stands() -> None:
    found = json_from_text('{"a": ["\\ud800", ["x\\udc00"], {"\\udbff": null}, 1], "\\uD83D\\uDE00": "\\uD83D\\uDE00"}')
    assert {"a": ["\ufffd", ["x\ufffd"], {"\ufffd": None}, 1], "😀": "😀"} == found


@pytest.mark.parametrize(
    ("value", "expected"), [('{"a": [1]}', {"a": [1]}), ("{a", "{a"), ("", ""), ("1", 1), ({"a": 1}, {"a": 1}), (None, None)]
)
def test_a_field_that_holds_no_document_is_what_it_is(value: Any, expected: Any) -> None:
    assert expected == document_of(value)


def test_repeated_keys_are_told_to_whom_they_are_no_fault() -> None:
    repeated: list[str] = []
    assert {"a": 2, "b": {"c": 4}} == json_from_text('{"a": 1, "b": {"c": 3, "c": 4}, "a": 2}', repeated=repeated)
    assert ["c", "a"] == repeated
    large = json_from_text("9007199254740993", repeated=repeated)
    assert (9007199254740992.0, float) == (large, type(large))


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "{'a':1}", "NaN", "-Infinity", "01", "1 2", "// c\n1", "\u00a01"])
def test_no_json_texts(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        json_from_text(text)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_json(name: str) -> None:
    for repeated in (None, []):
        with pytest.raises(ValueError, match=f"^`{name}` is not a JSON number$"):
            json_from_text(f"[{name}]", repeated=repeated)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_is_read_to_a_depth(opening: str, closing: str) -> None:
    json_from_text(opening * 200 + "1" + closing * 200)
    for depth in (201, 100_000):
        with pytest.raises(ValueError, match="nested more than 200 levels deep"):
            json_from_text(opening * depth + "1" + closing * depth)


@pytest.mark.parametrize("filling", ["", "[],", '{"a":[]},', "[[[]]],"])
def test_what_was_closed_before_counts_for_no_depth(filling: str) -> None:
    def nested(depth: int) -> str:
        return f"[{filling}" * 150 + "[" * (depth - 150) + "]" * depth

    json_from_text(f"[{nested(199)}" + f",{nested(199)}" * 2 + "]")
    with pytest.raises(ValueError, match="nested more than 200 levels deep"):
        json_from_text(f"[{nested(199)},{nested(200)}]")


@pytest.mark.parametrize(
    "value", ["[" * 300, '"' + "[" * 300, "\\[" * 300, [[]] * 300, [{"a]": "{"}] * 300, {"[" * 300: [{}] * 300}], ids=repr
)
def test_breadth_and_brackets_in_texts_are_no_depth(value: Any) -> None:
    assert value == json_from_text(json.dumps(value))


@given(JSON)
def test_json_reads_as_python_reads_it(value: Any) -> None:
    assert json_normal(value) == json_normal(json_from_text(json.dumps(value)))
