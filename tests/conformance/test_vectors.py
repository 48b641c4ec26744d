"""Every vector of ``spec/`` through every engine: index, status, text, and whether a runtime error comes with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache

import pytest

from perpend.engines.duckdb.engine import duck_db
from perpend.engines.nested import indexes_of
from perpend.interpret.interpreter import End, Interpreter
from perpend.meaning.values import json_from_text
from tests.vectors import FILES, Case, analyzed, snapshot, vectors

KEYS = {
    *("name", "object", "logic", "conditions", "type", "types", "extracts", "relatedLists", "recordTypes", "otherwise"),
    *("dialect", "snapshotTime", "expect"),
}
EXPECTATIONS = {"value", "index", "diagnostic", "status", "text", "error"}

Engine = Callable[[Sequence[Case]], list[End]]


def interpreted(cases: Sequence[Case]) -> list[End]:
    return [Interpreter([case.program]).judge(case.fields, case.snapshot)[0] for case in cases]


def by_duckdb(cases: Sequence[Case]) -> list[End]:
    """Judge by way of DuckDB's tables. It gives the index; whether an error comes with it is the interpreter's to say."""
    with duck_db() as engine:
        found = [indexes_of(engine, [case.program], [case.fields], case.snapshot)[0][0] for case in cases]
    return [(index, error) for index, (_, error) in zip(found, interpreted(cases), strict=True)]


ENGINES: dict[str, Engine] = {"interpreter": interpreted, "duckdb": by_duckdb}


@cache
def ends(engine: str, file: str) -> list[End | None]:
    """Return how each vector of a file ends, None where there is no program."""
    programs = [result.program for result, _ in analyzed(file)]
    cases = [
        Case(program, json_from_text(json.dumps(vector.get("object", {}))), snapshot(vector))
        for program, vector in zip(programs, vectors(file), strict=True)
        if program is not None
    ]
    found = iter(ENGINES[engine](cases))
    return [None if program is None else next(found) for program in programs]


ALL = [
    pytest.param(file, number, id=f"{file.removesuffix('.yaml')}: {vector.get('name')}")
    for file in FILES
    for number, vector in enumerate(vectors(file))
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("file", "number"), ALL)
def test_vector(engine: str, file: str, number: int) -> None:
    expected = vectors(file)[number]["expect"]
    result, codes = analyzed(file)[number]
    if "diagnostic" in expected:
        assert result.program is None
        assert expected["diagnostic"] in codes
        return
    assert result.program is not None, [diagnostic.message for diagnostic in result.diagnostics] or codes
    end = ends(engine, file)[number]
    assert end is not None
    verdict = result.program.verdicts[end[0]]
    actual = {
        "value": {199: True, 200: False}.get(end[0]),
        "index": end[0],
        "status": verdict.status.value,
        "text": verdict.text,
        "error": end[1] is not None,
    }
    assert {"error": False, **expected} == {key: actual[key] for key in ("error", *expected)}


@pytest.mark.parametrize("file", FILES)
def test_vectors_are_well_formed(file: str) -> None:
    found = vectors(file)
    names = [vector["name"] for vector in found]
    assert len(set(names)) == len(names), "a name stands there twice"
    for vector in found:
        assert set(vector) <= KEYS, vector["name"]
        assert ("logic" in vector) != ("conditions" in vector), vector["name"]
        expected = vector["expect"]
        assert set(expected) <= EXPECTATIONS, vector["name"]
        assert len({"value", "index", "diagnostic"} & set(expected)) == 1, vector["name"]
