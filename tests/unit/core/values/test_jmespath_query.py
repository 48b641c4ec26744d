"""JMESPath queries: the fast paths agree with the interpreter, and nothing but two exceptions ever comes out."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import jmespath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perpend.core.values.jmespath_query import (
    MAX_LENGTH,
    QueryFailed,
    QuerySyntaxError,
    _interpreted,
    _path,
    compile_query,
    plain_key,
    same,
)

NAMES = st.sampled_from(["a", "b", "c", '"a b"', '"é"'])
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "a b", "é"]), inner, max_size=3)
    ),
)
SIGNS = "a b @ . [ ] [] [*] * [0] [-1] [::0] [1:] [? == != < <= > >= && || ! ( ) | , & { } : 'x' `1` `null` `foo` `\"x\"`"
CALLS = "length( to_number( to_string( contains( sort_by( max_by( keys( join( sum( map( type( not_null( reverse("
PIECES = st.sampled_from([*SIGNS.split(), *CALLS.split(), '"a b"', " "])
FUNCTIONS = sorted(jmespath.functions.Functions.FUNCTION_TABLE)


def outcome(search: Any, document: Any) -> Any:
    try:
        return ("value", search(document))
    except QueryFailed:
        return ("failed", None)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a plain query, and a document that often holds something at its path."""
    names, document = draw(st.lists(NAMES, min_size=1, max_size=4)), draw(DOCUMENTS)
    for name in reversed(names[: draw(st.integers(0, len(names)))]):
        document = {name.strip('"'): document}
    path = ".".join(names)
    return draw(st.sampled_from([path, f"to_string({path})", f"to_string({path}).a"])), document


@given(asked())
@example(("a.b.c", {"a": {"b": {"c": 1}}}))
@example(("to_string(a.b)", {"a": {"b": {"c": [1]}}}))
@example(("a.b", {"a": [{"b": 1}]}))
def test_fast_paths_agree_with_the_interpreter(query: tuple[str, Any]) -> None:
    expression, document = query
    tree = jmespath.compile(expression).parsed
    fast = _path(tree)
    assert fast is not None
    assert outcome(_interpreted(tree), document) == outcome(fast, document)


@given(st.sampled_from(["a[0]", "length(a)", "a || b", "[a]", "a.b[]", "to_string(a[0])", "@", "a.*", "a == b"]))
def test_only_plain_paths_take_the_fast_way(expression: str) -> None:
    assert _path(jmespath.compile(expression).parsed) is None


@given(st.lists(PIECES, min_size=1, max_size=12).map("".join) | st.text(max_size=12), DOCUMENTS)
def test_a_query_is_a_syntax_error_or_total(expression: str, document: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        try:
            query = compile_query(expression)
        except QuerySyntaxError as error:
            assert error.reason
            assert 0 <= error.offset <= len(expression)
            return
    outcome(query.search, document)


@given(
    st.sampled_from(FUNCTIONS),
    st.lists(st.sampled_from(["a", "@", "`1`", "'x'", "&a", "`[]`", "`null`"]), max_size=3),
    DOCUMENTS,
)
def test_every_function_is_total(name: str, arguments: list[str], document: Any) -> None:
    try:
        query = compile_query(f"{name}({', '.join(arguments)})")
    except QuerySyntaxError:
        return
    outcome(query.search, document)


@pytest.mark.parametrize(
    ("expression", "reason", "offset"),
    [
        ("", "the expression is empty", 0),
        ("a.lower(b)", "unknown function `lower`, did you mean `floor`", 2),
        ("length(a, b)", "`length` takes 1 argument, not 2", 0),
        ("x || contains(a)", "`contains` takes 2 arguments, not 1", 5),
        ("a" * (MAX_LENGTH + 1), "the expression is too long", 0),
        ("(" * 5_000, "the expression is nested too deeply", 0),
        ("||".join("a" * 5_000), "the expression is nested too deeply", 0),
        (f"a[{'1' * 5_000}]", "a number in the expression is too long", 0),
        ("lower (a)", "unknown function `lower`, did you mean `floor`", 0),
        ("b.lower(a) || lower(b)", "unknown function `lower`, did you mean `floor`", 2),
        ("b.length(a, b) || length(a, b)", "`length` takes 1 argument, not 2", 2),
        ("a.b.merge()", "`merge` takes 1 argument, not 0", 4),
        ("[a, {b: x.join(c)}]", "`join` takes 2 arguments, not 1", 10),
        ("a[0:1] | nothing_like_it()", "unknown function `nothing_like_it`", 9),
        ("a[", "the expression is incomplete", 2),
        ("a b", "unexpected token: b", 2),
        ("a 'x\ny'", "unexpected token: x", 2),
        ("É", "unknown token É", 0),
        ("a || #Z", "unknown token #", 5),
        ("a.'x'", "expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: literal", 2),
    ],
)
def test_syntax_errors(expression: str, reason: str, offset: int) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        compile_query(expression)
    assert (reason, reason, offset) == (str(caught.value), caught.value.reason, caught.value.offset)


def test_the_longest_expression_is_read() -> None:
    assert compile_query("a" * MAX_LENGTH).expression == "a" * MAX_LENGTH


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("user", "user"),
        ('"a b"', "a b"),
        ("to_string(user)", "user"),
        ("to_number(to_string(user))", "user"),
        ("contains(user, 'x')", None),
        ("to_string(a.b)", None),
        ("a.b", None),
        ("@", None),
        ("a[0]", None),
    ],
)
def test_the_key_that_a_query_reads_where_it_reads_just_one(expression: str, key: str | None) -> None:
    assert key == plain_key(expression)


@pytest.mark.parametrize(
    ("expression", "document", "expected"),
    [
        ("a", {"a": 1}, 1),
        ("@", None, None),
        ("[?k]", [{"k": 0}, {"k": ""}, {"k": []}, {"k": {}}, {"k": False}, {}], [{"k": 0}]),
        ("!a", {"a": 0}, False),
        ("!a", {"a": "x"}, False),
        ("a && b", {"a": 0, "b": "x"}, "x"),
        ("a == b", {"a": 1, "b": 1.0}, True),
        ("a == b", {"a": [0], "b": [False]}, False),
        ("a == b", {"a": {"x": None}, "b": {}}, False),
        ("contains(a, `1`)", {"a": [True]}, False),
        ("to_string(a)", {"a": {"é": [1.0, 1.5, True, None, '"']}}, '{"é":[1,1.5,true,null,"\\""]}'),
        ("to_string(a)", {"a": {"x": [1, 2], "y": {}}}, '{"x":[1,2],"y":{}}'),
        ("to_number(a)", {"a": ""}, None),
        ("to_number(a)", {"a": "9007199254740992"}, 9007199254740992),
        ("to_number(a)", {"a": "9007199254740994"}, 9007199254740994.0),
        ("to_number(a)", {"a": "-9007199254740994"}, -9007199254740994.0),
        ("to_number(a)", {"a": "0x10"}, None),
        ("to_number(a)", {"a": [1]}, None),
        ("sort_by(@, &a)[0].a", [{"a": 2}, {"a": 1}], 1),
        ("max_by(@, &a).a", [{"a": "é"}, {"a": "z"}, {"a": "B"}], "é"),
        ("min_by(@, &a).a", [{"a": "é"}, {"a": "z"}, {"a": "B"}], "B"),
        ("sort(@)", ["é", "a", "B"], ["B", "a", "é"]),
        ("reverse(@)", "a😀", "😀a"),
    ],
)
def test_results(expression: str, document: Any, expected: Any) -> None:
    found = compile_query(expression).search(document)
    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("expression", "document"),
    [
        ("length(a)", {}),
        ("contains(a, 'x')", {}),
        ("sort(a)", {"a": [1, "x"]}),
        ("join(',', a)", {"a": [1]}),
        ("to_string([&a])", {}),
        ("a[::0]", {"a": [1]}),
    ],
)
def test_failures(expression: str, document: Any) -> None:
    with pytest.raises(QueryFailed, match=r".+"):
        compile_query(expression).search(document)


@pytest.mark.parametrize(
    ("left", "sign", "right", "expected"),
    [
        (1, "<", 2, True),
        ("10", "<", "9", True),
        ("10", ">", 9, True),
        (" 10 ", ">", 9, True),
        ("ten", ">", 9, False),
        (None, "<", 1, True),
        (True, ">", 0, True),
        ([5], ">", 4, True),
        ([], "<", 1, True),
        ([1, 2], ">", 0, False),
        ({}, ">", 0, False),
        ({}, ">", "Z", True),
        ({}, ">=", "[object Object]", True),
        ("1_0", ">", 9, False),
        ("inf", ">", 9, False),
        ("nan", "<", 9, False),
    ],
)
def test_order_is_javascripts(left: Any, sign: str, right: Any, expected: bool) -> None:
    assert expected is compile_query(f"a {sign} b").search({"a": left, "b": right})


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (0.000001, "0.000001"),
        (0.0000015, "0.0000015"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (2**53, "9007199254740992"),
        (float("inf"), "null"),
        (float("nan"), "null"),
    ],
)
def test_numbers_as_javascript_prints_them(number: float, expected: str) -> None:
    assert expected == compile_query("to_string(@)").search(number)
    assert f"[{expected}]" == compile_query("to_string(@)").search([number])
    assert expected == compile_query("to_string(a)").search({"a": number})


@given(DOCUMENTS, DOCUMENTS)
def test_equality_is_symmetric_and_told_from_truth(left: Any, right: Any) -> None:
    assert same(left, right) is same(right, left)
    assert same(left, left)
    assert not same(left, not left) or isinstance(left, list | dict | str | int | float | None)


@pytest.mark.parametrize(
    ("query", "document", "expected"),
    [
        ("to_number('')", {}, None),
        ("to_number('0x1f')", {}, None),
        ("starts_with('aab', 'a')", {}, True),
        ("sort(a)", {"a": [10, 9, 1]}, [1, 9, 10]),
        ("max(a)", {"a": ["a", "B"]}, "a"),
        ("min(a)", {"a": ["a", "B"]}, "B"),
        ("length('😀')", {}, 1),
        ("keys(a)", {"a": {"b": 1, "1": 2}}, ["b", "1"]),
        ("avg(a)", {"a": []}, None),
        ("contains('a1', a)", {"a": [1]}, False),
    ],
)
def test_where_the_reference_is_left(query: str, document: Any, expected: Any) -> None:
    assert expected == compile_query(query).search(document)


@pytest.mark.parametrize("odd", [None, [], [1], "ab", 1, True])
def test_only_objects_are_merged(odd: Any) -> None:
    with pytest.raises(QueryFailed, match="merge"):
        compile_query("merge(x, y)").search({"x": {"a": 1}, "y": odd})
    with pytest.raises(QueryFailed, match="merge"):
        compile_query("merge(y, x)").search({"x": {"a": 1}, "y": odd})


def test_objects_are_merged_from_left_to_right() -> None:
    assert {"a": 2, "b": 3} == compile_query("merge(x, y, z)").search({"x": {"a": 1}, "y": {"a": 2}, "z": {"b": 3}})


@pytest.mark.parametrize(
    ("left", "right", "less"),
    [
        ([[1]], 2, True),
        ([[2]], 1, False),
        ([[1, 2], [3]], "1,2,4", True),
        ([[None]], 1, True),
        ([None, 1], ",2", True),
        ([{"x": 1}], "[object P", True),
        ([True], "u", True),
        ({"x": 1}, "[object P", True),
    ],
)
def test_arrays_are_ordered_as_the_texts_of_their_items_however_deep(left: Any, right: Any, less: bool) -> None:
    assert less is compile_query("a < b").search({"a": left, "b": right})


VALUES = ["a", 1, 1.5, True, None, ["a"], [1], ["a", 1], {"a": 1}]


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"to_string", "to_number", "contains", "merge"}))
def test_functions_take_and_refuse_the_arguments_that_the_package_does(name: str) -> None:
    signature = jmespath.functions.Functions.FUNCTION_TABLE[name]["signature"]
    query = f"{name}({', '.join(['&a' if 'expref' in one['types'] else f'x[{place}]' for place, one in enumerate(signature)])})"
    refused = 0
    for values in map(list, product(VALUES, repeat=len(signature))):
        expected: Any
        try:
            expected = jmespath.search(query, {"x": values})
        except (jmespath.exceptions.JMESPathError, TypeError, ValueError, AttributeError) as error:
            expected = f"{type(error).__name__}: {error}"
            refused += 1
        try:
            found = compile_query(query).search({"x": values})
        except QueryFailed as error:
            found = str(error)
        assert (values, expected) == (values, found)
    assert bool(refused) is any(one["types"] for one in signature)
