"""Every vector of ``spec/`` through every engine: index, status, text, and whether a runtime error comes with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from perpend.analyze.programs import Analyzed, Analyzer
from perpend.engines.duckdb.engine import duck_db
from perpend.engines.nested import indexes_of
from perpend.interpret.interpreter import End, Interpreter
from perpend.load.nodes import node_from_yaml, plain
from perpend.load.repository import Repository
from perpend.meaning.values import date_time_from_text, json_from_text

if TYPE_CHECKING:
    from perpend.ir.program import Program

SPEC = Path(__file__).parents[2] / "spec"
FILES = sorted(str(path.relative_to(SPEC)) for path in SPEC.glob("*/*.yaml"))
KEYS = {
    *("name", "object", "logic", "conditions", "type", "types", "extracts", "relatedLists", "recordTypes", "otherwise"),
    *("dialect", "snapshotTime", "expect"),
}
EXPECTATIONS = {"value", "index", "diagnostic", "status", "text", "error"}
TYPE = "CA10__CaVector__c"
SNAPSHOT = "2026-01-10T18:00:00Z"
OTHERWISE = {"status": "COMPLIANT", "currentStateMessage": "otherwise"}


@dataclass(frozen=True, slots=True)
class Case:
    """One program and the one object that it judges. ``snapshot`` is in milliseconds since 1970."""

    program: Program
    fields: dict[str, Any]
    snapshot: int


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
def vectors(file: str) -> list[dict[str, Any]]:
    diagnostics: list[Any] = []
    node = node_from_yaml((SPEC / file).read_text("utf-8"), file, diagnostics)
    assert [] == diagnostics
    assert node is not None
    found: list[dict[str, Any]] = plain(node)
    return found


@dataclass(slots=True)
class Written:
    """One vector file as a policy repository: a logic file per vector."""

    root: Path
    types: dict[str, Any] = field(default_factory=dict)
    extracts: int = 0

    def logic(self, number: int, vector: dict[str, Any]) -> str:
        for name, declared in vector.get("types", {}).items():
            assert self.types.setdefault(name, declared) == declared, f"{name} is declared in two ways"
            self.file(f"types/{name}/type.yaml", declared)
        checks = vector.get("conditions") or [vector["logic"]]
        root, body = ("inputObject", "condition") if vector.get("dialect") == "D1" else ("inputType", "check")
        document = {
            root: vector.get("type", TYPE),
            "conditions": [
                {
                    "status": "INCOMPLIANT",
                    "currentStateMessage": f"condition {place}",
                    "remediationMessage": "mend",
                    body: check,
                }
                for place, check in enumerate(checks, 1)
            ],
            "otherwise": vector.get("otherwise", OTHERWISE),
            **{key: vector[key] for key in ("extracts", "recordTypes", "relatedLists") if key in vector},
        }
        self.file(f"ce/v{number}.logic.yaml", self.block(document))
        return f"/ce/v{number}.logic.yaml"

    def block(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a block with its extracts moved to files and imported."""
        found = {key: value for key, value in written.items() if key != "extracts"}
        imports = []
        for name, extracts in written.get("extracts", {}).items():
            self.extracts += 1
            path = f"types/{name}/e{self.extracts}.extracts.yaml"
            self.file(path, {"extracts": extracts})
            imports.append({"file": f"/{path}"})
        if imports:
            found["importExtracts"] = imports
        if "relatedLists" in found:
            found["relatedLists"] = [self.block(one) for one in found["relatedLists"]]
        return found

    def file(self, path: str, content: Any) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


@cache
def analyzed(file: str) -> list[tuple[Analyzed, frozenset[str]]]:
    """Return every vector of a file after analysis, with the codes of what is wrong with it."""
    with TemporaryDirectory() as directory:
        written = Written(Path(directory))
        ids = [written.logic(number, vector) for number, vector in enumerate(vectors(file))]
        repository = Repository(directory)
        analyzer = Analyzer(repository)
        found = []
        for logic_id in ids:
            result = analyzer.analyzed(logic_id)
            diagnostics = [*repository.logic(logic_id).diagnostics, *result.diagnostics]
            for extracts_id in imports(analyzer, logic_id):
                diagnostics += [*repository.extracts(extracts_id).diagnostics, *analyzer.extract_diagnostics(extracts_id)]
            found.append((result, frozenset(diagnostic.code for diagnostic in diagnostics)))
        return found


def imports(analyzer: Analyzer, logic_id: str) -> list[str]:
    logic = analyzer.repository.logic(logic_id).value
    return [reference.value for reference in logic.block.imports] if logic else []


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


def snapshot(vector: dict[str, Any]) -> int:
    instant = date_time_from_text(vector.get("snapshotTime", SNAPSHOT))
    assert instant is not None
    return instant


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
