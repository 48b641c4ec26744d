"""JMESPath queries are bounded: in the size of what they put together, in steps, in depth."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.core.values.jmespath_query import QueryFailed, compile_query


def test_a_deep_document_fails_a_query_like_any_other() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    for expression in ("to_string(a)", "to_string(a[0])", "a == a"):
        with pytest.raises(QueryFailed):
            compile_query(expression).search({"a": deep})
    with pytest.raises(QueryFailed, match=r"^RecursionError: the value is nested too deeply$"):
        compile_query("to_string(a)").search({"a": deep})
    while deep is not None:  # taken apart by hand: freeing it in one go would recurse
        deep = deep[0]


@pytest.mark.parametrize(
    ("step", "times", "end", "document"),
    [
        ("[@,@]", 40, "to_string(@)", {"x": "abc"}),
        ("{a:@,b:@}", 40, "a == b", {"x": "abc"}),
        ("[@,@][]", 60, "length(@)", [1]),
        ("join('',[@,@])", 60, "length(@)", "abcdefgh"),
    ],
)
def test_what_doubles_at_every_step_fails_instead_of_filling_the_memory(
    monkeypatch: pytest.MonkeyPatch, step: str, times: int, end: str, document: object
) -> None:
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_SIZE", 10_000)
    query = compile_query("|".join([step] * times + [end]))
    with pytest.raises(QueryFailed, match="grows too large"):
        query.search(document)


def test_what_takes_too_many_steps_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_STEPS", 50)
    query = compile_query("[?@ > `0`]")
    assert [1, 1] == query.search([1, 1])
    with pytest.raises(QueryFailed, match="too many steps"):
        query.search([1] * 100)


@pytest.mark.parametrize(
    ("query", "document", "size"),
    [
        ("[@,@]", "ab", 7),
        ("{a:@,b:@}", 1, 3),
        ("[@,@]", [1, None], 7),
        ("[@]", {"x": "yz"}, 5),
        ("[@,`1`,`2`]", [], 4),
        ("reverse(@)", [1, 2, 3, 4], 4),
    ],
)
def test_what_is_put_together_is_as_large_as_its_parts_and_characters(
    monkeypatch: pytest.MonkeyPatch, query: str, document: Any, size: int
) -> None:
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_SIZE", size)
    compile_query(query).search(document)
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_SIZE", size - 1)
    with pytest.raises(QueryFailed, match=r"^the query's result grows too large$"):
        compile_query(query).search(document)


@pytest.mark.parametrize(("query", "steps"), [("a[0]", 3), ("@", 1), ("a.b[0].c", 6), ("[a, a[0]]", 5)])
def test_each_part_of_a_query_is_a_step(monkeypatch: pytest.MonkeyPatch, query: str, steps: int) -> None:
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_STEPS", steps)
    compile_query(query).search({"a": [1]})
    monkeypatch.setattr("perpend.core.values.jmespath_query.MAX_STEPS", steps - 1)
    with pytest.raises(QueryFailed, match=r"^the query takes too many steps$"):
        compile_query(query).search({"a": [1]})
