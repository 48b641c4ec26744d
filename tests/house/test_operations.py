"""Every declared operation is whole: an interpreter arm, vectors with null and missing, a page, an example that works."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from perpend.evaluation.engines.duckdb.sql import PRIMITIVES as DUCKDB
from perpend.evaluation.engines.spark.sql import PRIMITIVES as SPARK
from perpend.evaluation.planner.operations import PLANNERS
from perpend.evaluation.planner.scalar import PRIMITIVES
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.operations import COMPILERS
from perpend.language.operations import OPERATIONS
from perpend.language.operations.operation import Constant, Operation
from perpend.language.syntax.nodes import node_from_yaml, plain
from perpend.language.syntax.reference import operation_pages, page_name
from perpend.language.syntax.repository import Repository

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "spec" / "ops"
PAGES = ROOT / "docs" / "reference" / "operations"
OUTCOME = {"status": "COMPLIANT", "currentStateMessage": "m"}
EXTRACTS = ("credReportMfaActive", "document", "enabled", "encrypted", "flag", "lastUsed", "retention", "used")
SETS = ("cidrs", "events")
READS = {Constant.FIELD_PATH, Constant.LOOKUP_PATH, Constant.EXTRACT_PATH, Constant.RELATIONSHIP}


@cache
def vectors(operation: Operation) -> list[dict[str, Any]]:
    path = VECTORS / f"{page_name(operation)}.yaml"
    node = node_from_yaml(path.read_text("utf-8"), path.name, [])
    return [] if node is None else plain(node)


def takes_values(operation: Operation) -> bool:
    return any(parameter.operand is not None or parameter.constant in READS for parameter in operation.parameters)


def test_every_operation_has_an_interpreter_arm() -> None:
    assert set(OPERATIONS) == {*COMPILERS, "EXTRACT"}


def test_every_operation_has_a_plan_arm() -> None:
    assert set(OPERATIONS) == {*PLANNERS, "EXTRACT"}


def test_families_are_cut_alike_in_the_language_the_interpreter_and_the_planner() -> None:
    families = {path.stem for path in (ROOT / "src/perpend/language/operations").glob("[a-z]*.py")} - {"operation"}
    for name in families:
        declared = import_module(f"perpend.language.operations.{name}").OPERATIONS
        names = {operation.name for operation in declared} - {"EXTRACT"}
        assert names == set(import_module(f"perpend.language.interpreter.operations.{name}").COMPILERS)
        assert names == set(import_module(f"perpend.evaluation.planner.operations.{name}").PLANNERS)


@pytest.mark.parametrize("engine", [DUCKDB, SPARK], ids=["duckdb", "spark"])
def test_every_primitive_is_printed_by_every_engine(engine: dict[str, Any]) -> None:
    written_alike = {"column", "literal", "if", "native"}
    assert set(PRIMITIVES) == {*engine, *written_alike}


def test_every_page_and_vector_file_has_an_operation() -> None:
    names = {page_name(operation) for operation in OPERATIONS.values()}
    assert len(OPERATIONS) == len(names), "two operations share a page"
    assert names == {path.stem for path in VECTORS.glob("*.yaml")}
    assert {"index", *names} == {path.stem for path in PAGES.glob("*.md")}


def uses(operation: Operation, vector: dict[str, Any]) -> bool:
    """Whether a vector is judged by the operation. One that is refused says nothing of what values come to."""
    written = {key: value for key, value in vector.items() if key not in ("name", "object", "expect")}
    return "diagnostic" not in vector["expect"] and f'"{operation.key}":' in json.dumps(written)


@pytest.mark.parametrize("name", OPERATIONS)
def test_vectors_use_the_operation_with_null_and_missing_values(name: str) -> None:
    operation = OPERATIONS[name]
    found = [vector for vector in vectors(operation) if uses(operation, vector)]
    assert found
    if takes_values(operation):
        texts = [json.dumps([vector.get("object"), vector.get("logic")]) for vector in found]
        assert any(": null" in text or "UNIT_TEST_NULL" in text for text in texts), "no vector with a null"
        assert any(vector.get("object") == {} for vector in found), "no vector without the field"


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_check_has_a_vector_that_fires_it(name: str) -> None:
    operation = OPERATIONS[name]
    fired = [vector["expect"] for vector in vectors(operation) if 0 < vector["expect"].get("index", 0) % 100 < 98]
    for check in operation.checks:
        ending = check.text.rpartition("}")[2]
        assert any(str(expected.get("text", "")).endswith(ending) for expected in fired), check.key


def test_pages_are_up_to_date() -> None:
    stale = [
        name
        for name, page in operation_pages().items()
        if not (PAGES / name).is_file() or page != (PAGES / name).read_text("utf-8")
    ]
    assert [] == stale, "run `make reference`"


def test_every_operation_stands_in_the_index() -> None:
    index = operation_pages()["index.md"]
    assert [] == [name for name, operation in OPERATIONS.items() if f"[{name}]({page_name(operation)}.md)" not in index]


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_load_and_analyse_without_complaint(name: str, tmp_path: Path) -> None:
    operation = OPERATIONS[name]
    example = plain(node_from_yaml(operation.example, "example", []))  # type: ignore[arg-type]
    assert [operation.key] == list(example)
    extracts = [{"name": extract, "value": {"FIELD": {"path": f"{extract}__c"}}} for extract in EXTRACTS]
    extracts += [
        {"name": extract, "value": {"COLLECTION_FROM": {"arg": {"FIELD": {"path": "a__c"}}, "separator": ","}}}
        for extract in SETS
    ]
    old = "D3" not in operation.dialects and "D2" not in operation.dialects
    logic = {
        ("inputObject" if old else "inputType"): "T__c",
        "importExtracts": [{"file": "/types/T__c/e.extracts.yaml"}],
        "conditions": [{**OUTCOME, ("condition" if old else "check"): {"IS_EMPTY": {"arg": example}}}],
        "otherwise": OUTCOME,
        "relatedLists": [{"relationshipName": "CA10__Disks__r", "conditions": [], "otherwise": OUTCOME}],
    }
    for path, content in (("types/T__c/e.extracts.yaml", {"extracts": extracts}), ("ce/x.logic.yaml", logic)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps(content), "utf-8")
    repository = Repository(tmp_path)
    analyzed = Analyzer(repository).analyzed("/ce/x.logic.yaml")
    assert [] == [
        diagnostic.message for diagnostic in (*repository.logic("/ce/x.logic.yaml").diagnostics, *analyzed.diagnostics)
    ]
    assert analyzed.program is not None
    assert operation.name == analyzed.program.block.conditions[0].expression.arguments["arg"].operation.name
