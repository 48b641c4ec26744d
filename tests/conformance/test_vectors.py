"""Every vector of ``spec/`` through every engine: index, status, text, and whether a runtime error comes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.nested import indexes_of
from perpend.language.compiler.analyzer import Analyzed
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from tests.vectors import FILES, Case, analyzed, by_form, fields_of, shown, snapshot, vectors

KEYS = {
    *("name", "object", "logic", "conditions", "type", "types", "extracts", "relatedLists", "recordTypes", "otherwise"),
    *("dialect", "snapshotTime", "expect"),
}
EXPECTATIONS = {"value", "index", "diagnostic", "status", "text", "error"}

Engine = Callable[[Sequence[Case]], list[EvaluationOutcome]]
ENGINES = ("interpreter", "duckdb")


def interpreted(cases: Sequence[Case]) -> list[EvaluationOutcome]:
    return [Interpreter([case.program]).evaluate(case.fields, case.snapshot)[0] for case in cases]


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Engine]]:
    """Yield each engine by name. DuckDB gives the index; whether an error comes with it is the interpreter's to say."""
    with duck_db(threads=1) as engine:

        def by_duckdb(cases: Sequence[Case]) -> list[EvaluationOutcome]:
            ends = interpreted(cases)
            for places in by_form(cases):
                programs, objects = [cases[place].program for place in places], [cases[place].fields for place in places]
                indexes = indexes_of(engine, programs, objects, cases[places[0]].snapshot)
                for row, place in enumerate(places):
                    ends[place] = indexes[row][row], ends[place][1]
            return ends

        yield dict(zip(ENGINES, (interpreted, by_duckdb), strict=True))


def outcome(vector: dict[str, Any], result: Analyzed, codes: frozenset[str], end: EvaluationOutcome | None) -> dict[str, Any]:
    """Return what came of a vector, by the keys of what it expects; what is wrong with it where that is something else."""
    expected = vector["expect"]
    if "diagnostic" in expected:
        found = expected["diagnostic"] in codes and result.program is None
        return expected if found else {"diagnostic": sorted(codes)}
    if result.program is None or end is None:
        return {"diagnostic": sorted(codes), "messages": [diagnostic.message for diagnostic in result.diagnostics]}
    return shown(result.program, *end, ("error", *expected))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("file", FILES)
def test_every_vector_of_a_file_ends_as_expected(engines: dict[str, Engine], engine: str, file: str) -> None:
    found = [*zip(vectors(file), analyzed(file), strict=True)]
    cases = {
        vector["name"]: Case(result.program, fields_of(vector), snapshot(vector))
        for vector, (result, _) in found
        if result.program
    }
    ends = dict(zip(cases, engines[engine]([*cases.values()]), strict=True))
    expected, actual = {}, {}
    for vector, (result, codes) in found:
        name, wanted = vector["name"], vector["expect"]
        expected[name] = wanted if "diagnostic" in wanted else {"error": False, **wanted}
        actual[name] = outcome(vector, result, codes, ends.get(name))
    assert expected == actual


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
