"""Functions that engines call back return the right value for a value, for null, and for odd data. None raises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.evaluation.planner import udfs
from perpend.evaluation.planner.udfs import (
    NATIVES,
    queries,
)


def native(name: str, *constants: Any) -> Any:
    return NATIVES[name](*constants)


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


def query(expression: str, form: str, document: str | None) -> str | None:
    (found,) = queries((expression, form))(document)
    return found


def test_a_query_that_fails_says_so_and_one_of_no_document_gives_null() -> None:
    failed = query("abs(@)", "number", '"a"')
    assert failed is not None
    assert failed.startswith("e")
    assert [None, None] == [query("a", "text", document) for document in (None, "{")]
