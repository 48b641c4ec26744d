"""What a query is said to answer with, and that it answers with nothing else."""

from __future__ import annotations

import pytest

from perpend.authoring.mutation.proof.answers import QueryAnswers, answers_of
from perpend.core.values.jmespath_query import compile_query

DOCUMENTS = (None, {}, [], "", " ", "x", 0, 5, True, False, {"a": None}, {"a": "x"}, {"a": []}, {"a": {"b": 1}}, ["x"])
SOME = "to_string((type(a) != 'array' && 'odd') || (a && 'some') || 'none')"
PIPED = "to_string([?a] | (@ && 'some' || 'none'))"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SOME, QueryAnswers(("none", "odd", "some"), null=False, filled=False)),
        ("type(a)", QueryAnswers(("array", "boolean", "null", "number", "object", "string"), null=False, filled=False)),
        ("to_string(!a)", QueryAnswers(("false", "true"), null=False, filled=False)),
        ("to_string(length(to_array(a)))", QueryAnswers((), null=False, filled=True)),
        ("to_string(a && 'x')", QueryAnswers(("", "[]", "false", "null", "x", "{}"), null=False, filled=False)),
        ("a == 'x' && 'yes' || null_key", None),
        ("a && 'x' || `null`", QueryAnswers(("x",), null=True, filled=False)),
        ("join('', ['*', to_array(a)[]][])", QueryAnswers((), null=False, filled=True)),
        ("join('', [' ', to_array(a)[]][])", None),
        ("join('', ['*'][?@ != '*'])", None),
        (PIPED, QueryAnswers(("none", "some"), null=False, filled=False)),
        ("to_string(a)", QueryAnswers(("", "[]", "false", "null", "{}"), null=False, filled=True)),
        ("a", None),
    ],
)
def test_answers_are_told_from_what_is_written(query, expected):
    assert expected == answers_of(query)


@pytest.mark.parametrize(
    "query", [SOME, "to_string(!a)", "to_string(a && 'x')", "to_string(a == 'x')", "a && 'x' || `null`", PIPED]
)
def test_no_document_brings_another_answer(query):
    known = answers_of(query)
    assert known is not None
    assert {compile_query(query).search(one) for one in DOCUMENTS} <= {*known.texts, *((None,) if known.null else ())}
