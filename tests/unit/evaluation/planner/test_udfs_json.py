"""What JSON documents are asked by functions of the package: each answer is a value or says by its first letter why not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from perpend.evaluation.planner.udfs_json import (
    invalid_json,
    json_empty,
    json_kind,
    json_quote,
    json_same,
    json_size,
    json_texts,
    packed,
    queries,
    token,
)


def asked(expression: str, form: str, document: str | None) -> str | None:
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
    assert found == {key: asked(key, form, document) for key in found}


def test_queries_over_one_document_are_answered_in_their_order() -> None:
    assert ["vx", "v2.0", None] == queries(("a", "text"), ("b", "number"), ("c", "text"))('{"a": "x", "b": 2}')


def test_a_query_that_fails_says_so_and_one_of_no_document_gives_null() -> None:
    failed = asked("abs(@)", "number", '"a"')
    assert failed is not None
    assert failed.startswith("e")
    assert [None, None] == [asked("a", "text", document) for document in (None, "{")]


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
