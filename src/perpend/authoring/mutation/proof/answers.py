"""Find the texts that a JMESPath query can return for any document, from the text of the query.

If the answers are not certain, more answers are assumed than there are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.values.jmespath_query import compile_query

if TYPE_CHECKING:
    from collections.abc import Mapping

_FALSE: Final = frozenset({"false", "null", '""', "[]", "{}"})
_TRUTHS: Final = frozenset({"true", "false"})
_KINDS: Final = frozenset(map(json.dumps, ("number", "string", "boolean", "array", "object", "null")))
_NUMBER: Final = "a number"
_FILLED: Final = "a text that is not blank"
_ANYTHING: Final = _FALSE | {"anything else"}
_OPEN: Final = _ANYTHING - _FALSE


class QueryAnswers(NamedTuple):
    """The texts that a query can return, and whether null or other non-blank texts are possible."""

    texts: tuple[str, ...]
    null: bool
    filled: bool


def answers_of(expression: str) -> QueryAnswers | None:
    """Return the texts that a query can return, None if it can be any."""
    answers = _answers(compile_query(expression).tree)
    if answers & _OPEN:
        return None
    texts = tuple(sorted(json.loads(answer) for answer in answers if answer.startswith('"')))
    return QueryAnswers(texts, "null" in answers, _FILLED in answers)


def _answers(tree: Mapping[str, Any]) -> frozenset[str]:
    """Return the possible JSON values of a query, or a marker for many values."""
    parts = tree["children"]
    match tree["type"]:
        case "literal":
            return frozenset({json.dumps(tree["value"])})
        case "and_expression":
            first, second = map(_answers, parts)
            return (first & _FALSE) | (second if first - _FALSE else frozenset())
        case "or_expression":
            first, second = map(_answers, parts)
            return (first - _FALSE) | (second if first & _FALSE else frozenset())
        case "not_expression":
            (first,) = map(_answers, parts)
            return frozenset({"true"} if first & _FALSE else ()) | frozenset({"false"} if first - _FALSE else ())
        case "pipe":
            return _answers(parts[1])
        case "comparator":
            return _TRUTHS if tree["value"] in ("eq", "ne") else _TRUTHS | {"null"}
        case "function_expression":
            return _of_function(tree["value"], parts)
    return _ANYTHING


def _of_function(name: str, parts: list[Mapping[str, Any]]) -> frozenset[str]:
    match name:
        case "type":
            return _KINDS
        case "length":
            return frozenset({_NUMBER})
        case "contains" | "starts_with" | "ends_with":
            return _TRUTHS
        case "to_string":
            return frozenset[str]().union(*map(_as_text, _answers(parts[0])))
        case "join" if any(map(_is_filled_text, _written_in(parts[1]))):
            return frozenset({_FILLED})
    return _ANYTHING


def _as_text(answer: str) -> frozenset[str]:
    if answer in _OPEN:
        return frozenset({_FILLED, '""'})
    if answer == _NUMBER:
        return frozenset({_FILLED})
    return frozenset({answer if answer == _FILLED or answer.startswith('"') else json.dumps(answer)})


def _written_in(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the literals in a list with other items: ``['*', Action]``, or the same flattened."""
    while tree["type"] in ("projection", "flatten") and tree["children"][1:] in ([], [{"type": "identity", "children": []}]):
        tree = tree["children"][0]
    return tree["children"] if tree["type"] == "multi_select_list" else []


def _is_filled_text(tree: Mapping[str, Any]) -> bool:
    return tree["type"] == "literal" and isinstance(tree["value"], str) and bool(tree["value"].strip())
