"""The fast test for plain JSON is never true where the exact one is not, whatever the text; the two together are exact."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perpend.core.values.values import PlainJson, is_plain_json
from perpend.inventory.snapshots.database import opened, rows_of, text
from perpend.inventory.snapshots.plain_sql import is_plain, recognise, shapes_of, teach
from tests.strategies import JSON

HOSTILE = [
    "",
    "{}",
    "[]",
    " {}",
    "{} ",
    "{}\n",
    "\ufeff{}",
    '{"a":1}',
    '{"a": 1}',
    '{"a" :1}',
    '{"a":1,"a":2}',
    '{"a":1, "a":1}',
    '{"a":{"b":1},"b":1}',
    '{"a":[{"b":1}]}',
    '{"a":["b","b"]}',
    '{"a":1,}',
    "[1,2,]",
    "[,1]",
    '{"a":NaN}',
    '{"a":nan}',
    '{"a":-Infinity}',
    "[inf]",
    '{"a":1e999}',
    '{"a":1E5}',
    '{"a":01}',
    '{"a":-0}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":' + "9" * 400 + "}",
    '{"a":0.' + "9" * 40 + "}",
    "{a:1}",
    "{'a':1}",
    '{"a":1}//c',
    '{"a":/**/1}',
    '{"a":"\t"}',
    '{"a":"\x01"}',
    '{"a":"\x00"}',
    '{"a":"\x7f\u2028"}',
    '{"a\\u0062":1}',
    '{"a":"\\n"}',
    '{"a":tRue}',
    '{"a":nul}',
    '{"a":undefined}',
    "[1 2]",
    '{"":1}',
    '{"":1,"":2}',
    '{"a":1}{"b":2}',
    '{"A":1,"a":2}',
    '{"\u00e9":1,"e\u0301":2}',
    '{"a":"nan, inf","b":",}"}',
    "[" * 300 + "]" * 300,
    '{"a":' * 250 + "1" + "}" * 250,
    '{"user":"x","arn":"y"}',
    '{"user":"x","arn":"y","user":"z"}',
    '{"user":"x","arn":"y}',
    "null",
    '"{}"',
]
SHAPES = [["user", "arn"], ["a", "b", "c"], ["a.b", "c*"]]
_PIECES = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', '"a"', '"b"', '"user"', '"arn"', "1", "-0.5", "true", "null", " ", "NaN", "inf", "\\"]
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(_PIECES, max_size=14).map("".join),
    JSON.map(lambda value: json.dumps(value, ensure_ascii=False)),
    JSON.map(lambda value: json.dumps(value, separators=(",", ":"))),
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "user", "arn", "a.b"]), st.sampled_from(['"x"', "1", "null", "[1]"])), max_size=4
    ).map(lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"),
)


@pytest.fixture(scope="module")
def connection():
    found = duckdb.connect()
    teach(found)
    return found


def ask(connection, texts, expression):
    connection.execute("CREATE OR REPLACE TABLE asked (place INTEGER, t VARCHAR)")
    connection.executemany("INSERT INTO asked VALUES (?, ?)", list(enumerate(texts)))
    connection.execute(f"CREATE OR REPLACE VIEW answered AS SELECT place, {expression} AS answer FROM asked")
    return [found for (found,) in connection.execute("SELECT answer FROM answered ORDER BY place").fetchall()]


def test_hostile_texts_are_marked_as_the_exact_test_says(connection):
    assert [is_plain_json(one) for one in HOSTILE] == ask(connection, HOSTILE, is_plain("t", SHAPES))
    assert [is_plain_json(one) for one in HOSTILE] == ask(connection, HOSTILE, is_plain("t"))


@given(st.lists(TEXTS, min_size=1, max_size=60))
def test_what_the_fast_test_recognises_is_plain(connection, texts):
    fast = ask(connection, texts, recognise("t", SHAPES))
    assert [] == [one for one, sure in zip(texts, fast, strict=True) if sure and not is_plain_json(one)]


@given(st.lists(TEXTS, min_size=1, max_size=60))
def test_both_tests_together_are_exact(connection, texts):
    assert [is_plain_json(one) for one in texts] == ask(connection, texts, is_plain("t", SHAPES))


def test_flat_documents_are_recognised_without_python(connection):
    flat = ['{"a":"x","b":[1,"y"],"c":null}', '{"user": "x", "arn": "y"}', "[]", '["a", 1]', '{"a.b":1,"c*":true}', "{}"]
    assert [True] * len(flat) == ask(connection, flat, recognise("t", SHAPES))


def test_shapes_are_those_of_the_first_documents(connection):
    texts = ['{"b":1,"a":2}', '{"b":2,"a":3}', '{"a":1,"a":2}', '{"x\\"y":1}', "{", "[]"]
    values = ", ".join(f"({text(one)})" for one in texts)
    assert [["b", "a"]] == shapes_of(connection, "t", f"(VALUES {values}) AS v(t)")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([f"k{number}" for number in range(64)], True),
        ([f"k{number}" for number in range(65)], False),
        (["a.b*", "é", ""], True),
        (["a", "a"], False),
        (["a", "\u2028"], False),
        (["a", 'b"'], False),
        (["a", "b\\\\"], False),
    ],
)
def test_a_shape_is_a_bounded_list_of_plain_keys(connection, keys, expected):
    document = "{" + ", ".join(f'"{key}": 1'.replace('b""', 'b\\""') for key in keys) + "}"
    assert ([keys] if expected else []) == shapes_of(connection, "t", f"(VALUES ({text(document)})) AS v(t)")


def test_null_is_not_plain(connection):
    assert [False] == ask(connection, [None], is_plain("t"))


BOUNDS = [
    ('{"a": 1}', True),
    (f'{{"a": {"9" * 300}}}', True),
    (f'{{"a": {"9" * 301}}}', False),
    (f'{{"a": {"9" * 4300}}}', False),
    ('{"a": 1e999}', False),
    (f'{{"a": "{"x" * (PlainJson.MOST - 9)}"}}', True),
    (f'{{"a": "{"x" * PlainJson.MOST}"}}', False),
]


@pytest.mark.parametrize(("document", "expected"), BOUNDS, ids=range(len(BOUNDS)))
def test_bounds_hold_in_python_and_in_sql(document, expected):
    assert expected == is_plain_json(document)
    with opened() as connection:
        teach(connection)
        connection.execute("CREATE TABLE t AS SELECT unnest(?) AS x", [[document]]).fetchall()
        assert [(expected,)] == rows_of(connection, f"SELECT {is_plain('x')} FROM t")
