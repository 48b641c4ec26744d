"""Functions that engines call back return the right value for a value, for null, and for odd data. None raises."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from perpend.evaluation.planner import udfs
from perpend.evaluation.planner.udfs import (
    NATIVES,
    invalid_json,
    json_empty,
    json_kind,
    json_quote,
    json_same,
    json_size,
    json_texts,
    ordered_number,
    packed,
    queries,
    token,
)

FLAGS = (False, False, False)
SET = (True, True, True)


def native(name: str, *constants: Any) -> Any:
    return NATIVES[name](*constants)


def test_a_text_is_split_as_the_flags_say() -> None:
    assert ["b", "a", "", "b"] == native("split", ",", "Bytes", FLAGS)("b,a,,b")
    assert ["a", "b"] == native("split", ",", "Bytes", SET)("b,a,,b")
    assert ["a", "b"] == native("split", "", "Bytes", FLAGS)("ab")
    assert [""] == native("split", "", "Bytes", FLAGS)("")
    assert native("split", ",", "Bytes", FLAGS)(None) is None


@pytest.mark.parametrize("text", [None, "null", '"a"', '["a", 1]', "{}"])
def test_what_is_no_list_of_texts_has_no_items(text: str | None) -> None:
    assert native("items", "Text", FLAGS)(text) is None


def test_items_of_a_list_are_a_collection() -> None:
    assert ["a", "b"] == native("items", "Text", SET)('["B", "a", "b"]')


def test_of_no_texts_none_is_found() -> None:
    assert not any(
        native(name)(wanted, found) for name in ("all in", "any in") for wanted in ([], None) for found in (["a"], "a")
    )


def test_texts_are_found_among_others_and_in_texts() -> None:
    assert [True, False, False] == [native("all in")(wanted, ["b", "cd", "a"]) for wanted in (["a", "b"], ["a", "d"], ["c"])]
    assert [True, False, True] == [native("all in")(wanted, "b cd a") for wanted in (["a", "b"], ["a", "e"], ["c"])]
    assert [True, False] == [native("any in")(wanted, ["b", "cd"]) for wanted in (["a", "b"], ["a", "c"])]
    assert [True, False] == [native("any in")(wanted, "b cd") for wanted in (["a", "c"], ["a", "e"])]
    assert not any(native(name)(["a"], None) for name in ("all in", "any in"))


def test_an_instant_is_in_milliseconds() -> None:
    assert [1_000, None, None] == list(map(native("instant"), ("1970-01-01T00:00:01Z", "soon", None)))


def test_durations_keep_their_order_as_texts() -> None:
    iso, gcp = native("duration", "ISO_8601"), native("duration", "GCP")
    assert iso("PT1S") == gcp("1s") == ordered_number(1_000)
    assert [None] * 4 == [iso("1s"), gcp("PT1S"), iso(None), gcp(None)]
    numbers = [-(10**20), -2, -1, 0, 1, 2, 10, 10**20]
    assert sorted(map(ordered_number, numbers)) == list(map(ordered_number, numbers))


def test_normal_form_and_lower_case() -> None:
    assert ["a b", ""] == list(map(native("norm"), (" A  b", None)))
    assert [" ſa", None] == list(map(native("lower"), (" ſA", None)))


def test_a_pattern_is_found_anywhere_and_null_is_the_empty_text() -> None:
    assert [True, False, False] == list(map(native("regex", "b+"), ("abba", "aa", None)))
    assert native("regex", "^$")(None)


def test_tags_are_asked_by_name() -> None:
    tags = json.dumps({"Env": "Prod"})
    assert ["vtrue", "vfalse", "u"] == [
        native("tag exists", False)(*one) for one in (("env", tags), ("x", tags), ("env", "[1]"))
    ]
    assert "vfalse" == native("tag exists", True)("env", tags)
    assert ["vProd", None, "u"] == [native("tag value", False)(*one) for one in (("env", tags), ("x", tags), ("env", "[1]"))]
    assert native("tag value", True)("env", tags) is None


def test_attributes_are_absent_repeated_or_have_a_value() -> None:
    assert ["v1", "r", "a", "a"] == [
        native("attribute")(*one) for one in (("a: 1\nb: 2", "a"), ("a: 1\na: 2", "a"), ("b: 2", "a"), (None, "a"))
    ]
    text = native("attributes text")
    assert text("a: 1") == text("a:  1\n") != text("a: 2")
    assert text(None) is None


def test_a_logging_filter_is_compared_by_meaning() -> None:
    match = native("logging match", "a=1 AND b=2")
    assert [True, False, False] == list(map(match, ("b=2 AND a=1", "a=1", None)))


def test_an_access_policy_that_is_none_is_unusable() -> None:
    allowed = native("access allowed", (("s3:GetObject",), "SAME_ACCOUNT"))
    assert [["vfalse"], ["vfalse"], ["u"], ["u"]] == list(map(allowed, (None, " ", "{", "[1]")))
    assert ["vtrue"] == allowed(EVERYTHING)


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "AccessLevel": "SAME_ORG"}
EVERYTHING = json.dumps({"Statement": [STATEMENT]})


@pytest.mark.parametrize(
    ("function", "questions", "text", "results"),
    [
        (
            "access allowed",
            ((("s3:GetObject",), "SAME_ACCOUNT"), (("s3:GetObject",), "SAME_ORG"), (("s3:*",), "NOBODY")),
            EVERYTHING,
            ["vtrue", "vfalse", "vtrue"],
        ),
        ("queries", (("a", "text"), ("b", "token"), ("c", "number")), '{"a": "x", "b": "y", "c": 1}', ["vx", '"y"', "v1.0"]),
    ],
)
def test_a_document_is_parsed_once_for_all_questions_that_are_marked(
    monkeypatch: pytest.MonkeyPatch, function: str, questions: Any, text: str, results: list[str]
) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(udfs, "json_from_text", lambda text: parsed.append(text) or json.loads(text))
    udfs._document.cache_clear()
    ask = native(function, *questions)
    assert results == ask(text)
    assert [text] == parsed
    assert [results[0], None, results[2]] == ask(text, "101")
    assert results == ask(text, None)


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
        native(f"variant {name}")(text) for name in ("form", "value", "document", "empty")
    )


def test_values_of_no_declared_type_are_equal_by_their_own_forms() -> None:
    same = native("variant same")
    assert all(same(*pair) for pair in ((None, '" "'), ('"A "', '"a"'), ("1", "1.0"), ("[1]", "[1.0]")))
    assert not any(same(*pair) for pair in (('"1"', "1"), ("true", "1"), (None, "0")))


def query(expression: str, form: str, document: str | None) -> str | None:
    (found,) = queries((expression, form))(document)
    return found


@pytest.mark.parametrize(("value", "text"), [(True, "vtrue"), (False, "vfalse"), ("a", "va"), ("", "v"), (1, "v1.0")])
def test_a_value_is_packed_behind_a_v(value: Any, text: str) -> None:
    assert text == packed(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", '"a"'), ([1], "["), ({}, "{"), (1.5, "1.5"), (True, "true"), (math.inf, "1e999"), (-math.inf, "-1e999")],
)
def test_a_token_is_what_an_engine_reads_out_of_a_plain_document(value: Any, text: str) -> None:
    assert text == token(value)


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("text", {"a": "vx", "b": "m", "c": "m", "d": "m", "e": None}),
        ("number", {"a": "m", "b": "v1.0", "c": "m", "d": "m", "e": None}),
        ("boolean", {"a": "m", "b": "m", "c": "vtrue", "d": "m", "e": None}),
        ("token", {"a": '"x"', "b": "1.0", "c": "true", "d": "[", "e": None}),
    ],
)
def test_a_query_gives_a_value_of_the_form_or_says_that_it_is_another(form: str, found: dict[str, str | None]) -> None:
    document = '{"a": "x", "b": 1, "c": true, "d": [1], "e": null}'
    assert found == {key: query(key, form, document) for key in found}


def test_queries_over_one_document_are_answered_in_their_order() -> None:
    assert ["vx", "v2.0", None] == queries(("a", "text"), ("b", "number"), ("c", "text"))('{"a": "x", "b": 2}')


def test_a_query_that_fails_says_so_and_one_of_no_document_gives_null() -> None:
    failed = query("abs(@)", "number", '"a"')
    assert failed is not None
    assert failed.startswith("e")
    assert [None, None] == [query("a", "text", document) for document in (None, "{")]


def test_a_text_that_is_not_json_has_a_reason() -> None:
    run = invalid_json()
    assert [None, None, None] == list(map(run, (None, "1", '{"a": []}')))
    assert all(map(run, ("", "{", "nope")))


@pytest.mark.parametrize(
    ("text", "empty", "size", "kind"),
    [
        (None, True, 0.0, None),
        ("null", True, 0.0, None),
        ("[]", True, 0.0, "texts"),
        ("{}", True, -1.0, "other"),
        ('""', False, -1.0, "other"),
        ("0", False, -1.0, "other"),
        ('["a"]', False, 1.0, "texts"),
        ('["a", 1]', False, 2.0, "list"),
        ("{", True, 0.0, None),
    ],
)
def test_a_document_is_empty_has_a_size_and_a_kind(text: str | None, empty: bool, size: float, kind: str | None) -> None:
    assert (empty, size, kind) == (json_empty()(text), json_size()(text), json_kind()(text))


def test_documents_are_equal_whatever_their_spelling() -> None:
    same = json_same()
    assert same('{"a": 1, "b": [2]}', ' {"b":[2.0],"a":1}')
    assert same(None, "null")
    assert not same("[1, 2]", "[2, 1]")


def test_the_texts_of_an_array_are_normal_unless_they_count_as_they_are() -> None:
    assert [["a"], ["A "]] == [json_texts(exact=exact)('["A ", 1, null]') for exact in (False, True)]
    assert [None, None] == list(map(json_texts(exact=True), (None, '{"a": "b"}')))


def test_a_value_is_quoted_as_json() -> None:
    assert ['"ä\\""', "1.5", "true", None] == list(map(json_quote(), ('ä"', 1.5, True, None)))
