"""The engine reads a member of a plain document itself; a Python function runs every other query."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.evaluation.planner.operations.planned import ends, field

CHECKS = {"evaluationError": "m", "resultTypeMismatch": "m"}


def query(kind: str, expression: str, path: str = "json", **more: str) -> Any:
    document = {"JSON_FROM": {"arg": field(path, "BYTES"), "undeterminedIf": {"isInvalid": "m"}}}
    check = {f"JSON_QUERY_{kind}": {"arg": document, "expression": expression, "undeterminedIf": {**CHECKS, **more}}}
    return ends({"IS_EMPTY": {"arg": check}})[1:]


def token(key: str) -> str:
    asked = f"part(if(true(json#plain), None as texts, queries(json, ({key!r}, 'token'))), 0)"
    return f"else(member(if(true(json#plain), json, None), {key!r}), {asked})"


def test_a_member_is_a_token_that_fits_or_does_not() -> None:
    a = token("a")
    assert [(f"not(quoted({a}))", 102), (f"is(unquoted({a}), '')", 199)] == query("TEXT", "a")
    assert [(f"not(numeric({a}))", 102), (f"null(number({a}))", 199)] == query("NUMBER", "a")
    boolean = f"if(null({a}), None as boolean, same({a}, 'true'))"
    assert [(f"not(or(null({a}), same({a}, 'true'), same({a}, 'false')))", 102), (f"null({boolean})", 199)] == query(
        "BOOLEAN", "a"
    )


@pytest.mark.parametrize("expression", ["a.b", "a[0]", "length(a)", '"a\\"b"', f'"{"a" * 201}"'])
def test_any_other_query_is_asked_of_the_package(expression: str) -> None:
    part = f"part(queries(json, ({expression!r}, 'number')), 0)"
    assert [
        (f"same({part}, 'm')", 102),
        (f"starts(else({part}, ''), 'e')", 103),
        (f"null(number(rest({part})))", 199),
    ] == query("NUMBER", expression)


def test_a_document_of_which_it_is_not_known_whether_it_is_plain_is_asked_of_the_package() -> None:
    mismatch, _, _ = query("TEXT", "a", "other")
    assert ("same(part(queries(other, ('a', 'text')), 0), 'm')", 102) == mismatch


def test_an_empty_result_is_told_last() -> None:
    assert [(f"not(quoted({token('a')}))", 102), (f"is(unquoted({token('a')}), '')", 104)] == query(
        "TEXT", "a", resultIsEmpty="m"
    )
