"""JSON queries: values of the form that was asked for, and which check fires where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.interpreter.asked import NO, YES, end_of, field, program_asking

CHECKS = {"evaluationError": "failed", "resultTypeMismatch": "other", "resultIsEmpty": "empty"}
OTHER, FAILED, EMPTY = (102, None), 103, (104, None)
"""Where the checks stand behind that of the document: in the order of their declaration."""
DOCUMENT = {"JSON_FROM": {"arg": field("doc"), "undeterminedIf": {"isInvalid": "not JSON"}}}
QUERIES = {
    "TEXT": "JSON_QUERY_TEXT",
    "BYTES": "JSON_QUERY_BYTES",
    "NUMBER": "JSON_QUERY_NUMBER",
    "BOOLEAN": "JSON_QUERY_BOOLEAN",
}


def query(kind: str, expression: str = "a", **checks: str) -> dict[str, Any]:
    return {QUERIES[kind]: {"arg": DOCUMENT, "expression": expression, "undeterminedIf": checks}}


@pytest.mark.parametrize("kind", QUERIES)
@pytest.mark.parametrize(
    ("value", "kinds"),
    [('"x"', ("TEXT", "BYTES")), ("1", ("NUMBER",)), ("1.5", ("NUMBER",)), ("true", ("BOOLEAN",)), ("[]", ()), ("{}", ())],
)
def test_a_result_of_another_form_fires_the_check_of_its_type(tmp_path: Path, kind: str, value: str, kinds: Any) -> None:
    program = program_asking(tmp_path, {"NOT_EMPTY": {"arg": query(kind, **CHECKS)}})
    assert (YES if kind in kinds else OTHER) == end_of(program, {"doc": f'{{"a": {value}}}'})


@pytest.mark.parametrize(
    ("kind", "document", "is_empty"),
    [
        ("TEXT", '{"a": " "}', True),
        ("BYTES", '{"a": " "}', False),
        ("BYTES", '{"a": ""}', True),
        ("NUMBER", '{"a": 0}', False),
        ("BOOLEAN", '{"a": false}', False),
        ("NUMBER", '{"a": null}', True),
        ("TEXT", "{}", True),
        ("TEXT", None, True),
    ],
)
def test_a_result_is_empty_by_the_rules_of_its_type(tmp_path: Path, kind: str, document: str | None, is_empty: bool) -> None:
    program = program_asking(tmp_path, {"IS_EMPTY": {"arg": query(kind, **CHECKS)}})
    assert (EMPTY if is_empty else NO) == end_of(program, {"doc": document})
    unchecked = {name: text for name, text in CHECKS.items() if name != "resultIsEmpty"}
    program = program_asking(tmp_path, {"IS_EMPTY": {"arg": query(kind, **unchecked)}})
    assert (YES if is_empty else NO) == end_of(program, {"doc": document})


def test_a_query_that_fails_says_why(tmp_path: Path) -> None:
    program = program_asking(tmp_path, {"IS_EMPTY": {"arg": query("NUMBER", "length(a)", **CHECKS)}})
    index, error = end_of(program, {"doc": '{"a": 5}'})
    assert (FAILED, True) == (index, (error or "").startswith("JMESPathTypeError: In function length(), invalid type"))
    assert (101, True) == (end_of(program, {"doc": "{x"})[0], bool(end_of(program, {"doc": "{x"})[1]))
