"""Functions that engines call back: what each gives for a value, for null, and for what is odd. None raises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.evaluation.planner.udfs import NATIVES, ordered_number

FLAGS = (False, False, False)
SET = (True, True, True)


def asked(name: str, *constants: Any) -> Any:
    return NATIVES[name](*constants)


def test_a_text_is_split_as_the_flags_say() -> None:
    assert ["b", "a", "", "b"] == asked("split", ",", "Bytes", FLAGS)("b,a,,b")
    assert ["a", "b"] == asked("split", ",", "Bytes", SET)("b,a,,b")
    assert ["a", "b"] == asked("split", "", "Bytes", FLAGS)("ab")
    assert [""] == asked("split", "", "Bytes", FLAGS)("")
    assert asked("split", ",", "Bytes", FLAGS)(None) is None


@pytest.mark.parametrize("text", [None, "null", '"a"', '["a", 1]', "{}"])
def test_what_is_no_list_of_texts_has_no_items(text: str | None) -> None:
    assert asked("items", "Text", FLAGS)(text) is None


def test_items_of_a_list_are_a_collection() -> None:
    assert ["a", "b"] == asked("items", "Text", SET)('["B", "a", "b"]')


def test_of_no_texts_none_is_found() -> None:
    assert not any(
        asked(name)(wanted, found) for name in ("all in", "any in") for wanted in ([], None) for found in (["a"], "a")
    )


def test_texts_are_found_among_others_and_in_texts() -> None:
    assert [True, False, False] == [asked("all in")(wanted, ["b", "cd", "a"]) for wanted in (["a", "b"], ["a", "d"], ["c"])]
    assert [True, False, True] == [asked("all in")(wanted, "b cd a") for wanted in (["a", "b"], ["a", "e"], ["c"])]
    assert [True, False] == [asked("any in")(wanted, ["b", "cd"]) for wanted in (["a", "b"], ["a", "c"])]
    assert [True, False] == [asked("any in")(wanted, "b cd") for wanted in (["a", "c"], ["a", "e"])]
    assert not any(asked(name)(["a"], None) for name in ("all in", "any in"))


def test_an_instant_is_in_milliseconds() -> None:
    assert [1_000, None, None] == list(map(asked("instant"), ("1970-01-01T00:00:01Z", "soon", None)))


def test_durations_keep_their_order_as_texts() -> None:
    iso, gcp = asked("duration", "ISO_8601"), asked("duration", "GCP")
    assert iso("PT1S") == gcp("1s") == ordered_number(1_000)
    assert [None] * 4 == [iso("1s"), gcp("PT1S"), iso(None), gcp(None)]
    numbers = [-(10**20), -2, -1, 0, 1, 2, 10, 10**20]
    assert sorted(map(ordered_number, numbers)) == list(map(ordered_number, numbers))


def test_normal_form_and_lower_case() -> None:
    assert ["a b", ""] == list(map(asked("norm"), (" A  b", None)))
    assert [" ſa", None] == list(map(asked("lower"), (" ſA", None)))


def test_a_pattern_is_found_anywhere_and_null_is_the_empty_text() -> None:
    assert [True, False, False] == list(map(asked("regex", "b+"), ("abba", "aa", None)))
    assert asked("regex", "^$")(None)


def test_tags_are_asked_by_name() -> None:
    tags = json.dumps({"Env": "Prod"})
    assert ["vtrue", "vfalse", "u"] == [
        asked("tag exists", False)(*one) for one in (("env", tags), ("x", tags), ("env", "[1]"))
    ]
    assert "vfalse" == asked("tag exists", True)("env", tags)
    assert ["vProd", None, "u"] == [asked("tag value", False)(*one) for one in (("env", tags), ("x", tags), ("env", "[1]"))]
    assert asked("tag value", True)("env", tags) is None


def test_attributes_are_absent_repeated_or_have_a_value() -> None:
    assert ["v1", "r", "a", "a"] == [
        asked("attribute")(*one) for one in (("a: 1\nb: 2", "a"), ("a: 1\na: 2", "a"), ("b: 2", "a"), (None, "a"))
    ]
    text = asked("attributes text")
    assert text("a: 1") == text("a:  1\n") != text("a: 2")
    assert text(None) is None


def test_a_logging_filter_is_compared_by_meaning() -> None:
    match = asked("logging match", "a=1 AND b=2")
    assert [True, False, False] == list(map(match, ("b=2 AND a=1", "a=1", None)))


def test_an_access_policy_that_is_none_is_unusable() -> None:
    allowed = asked("access allowed", ("s3:GetObject",), "SAME_ACCOUNT")
    assert ["vfalse", "vfalse", "u", "u"] == list(map(allowed, (None, " ", "{", "[1]")))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "AccessLevel": "SAME_ORG"}
    assert "vtrue" == allowed(json.dumps({"Statement": [statement]}))


@pytest.mark.parametrize(
    ("text", "form", "value", "document", "empty"),
    [
        (None, None, None, None, True),
        ("null", None, None, "null", True),
        ('" "', "text", "v ", " ", True),
        ('"a"', "text", "va", "a", False),
        ("1", "number", "v1.0", "1", False),
        ("true", "boolean", "vtrue", "true", False),
        ("false", "boolean", "vfalse", "false", False),
        ("[]", "list", None, "[]", True),
        ('{"a": 1}', "object", None, '{"a": 1}', False),
    ],
)
def test_a_value_of_no_declared_type_says_what_it_is(
    text: str | None, form: str | None, value: str | None, document: str | None, empty: bool
) -> None:
    assert (form, value, document, empty) == tuple(
        asked(f"variant {name}")(text) for name in ("form", "value", "document", "empty")
    )


def test_values_of_no_declared_type_are_equal_by_their_own_forms() -> None:
    same = asked("variant same")
    assert all(same(*pair) for pair in ((None, '" "'), ('"A "', '"a"'), ("1", "1.0"), ("[1]", "[1.0]")))
    assert not any(same(*pair) for pair in (('"1"', "1"), ("true", "1"), (None, "0")))
