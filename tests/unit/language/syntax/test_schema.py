"""Derived JSON Schemas: they take what loads, and whatever they refuse does not load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from perpend.language.operations import OPERATIONS
from perpend.language.syntax.nodes import node_from_yaml, plain
from perpend.language.syntax.read import DocumentReader
from perpend.language.syntax.schema import FILE_KINDS, json_schemas, write_schemas
from perpend.language.syntax.tools import TOOLS
from tests.vectors import FILES, Written, vectors

LIBRARY = Path(__file__).parents[4] / "src" / "perpend" / "library"
SCHEMAS = json_schemas()
VALIDATORS = {kind: Draft7Validator(schema) for kind, schema in SCHEMAS.items()}
OUTCOME = {"status": "COMPLIANT", "currentStateMessage": "m"}
NAMES = {"full": "Full", "contextual": "Short"}
CHECK = {"BOOLEAN": True}


def kind_of(path: Path) -> str:
    return "ratings" if path.parent.name == "ratings" else path.name.split(".")[-2]


def problems(kind: str, document: Any) -> list[str]:
    return [error.message for error in VALIDATORS[kind].iter_errors(document)]


def complaints(kind: str, text: str) -> list[str]:
    """Return what the loader says against a document."""
    diagnostics: list[Any] = []
    node = node_from_yaml(text, "file.yaml", diagnostics)
    if node is not None:
        DocumentReader(diagnostics).record(node, FILE_KINDS[kind])
    return [diagnostic.message for diagnostic in diagnostics]


def logic(check: Any = CHECK, **more: Any) -> dict[str, Any]:
    return {"inputType": "T__c", "conditions": [{**OUTCOME, "check": check}], "otherwise": OUTCOME, **more}


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[kind])


@pytest.mark.medium
def test_the_library_is_valid() -> None:
    found = {}
    for path in sorted(LIBRARY.rglob("*.yaml")):
        if path.parent.name == "tables":  # the source of policies, which no repository reads
            continue
        document = plain(node_from_yaml(path.read_text("utf-8"), path.name, []))  # type: ignore[arg-type]
        found[str(path.relative_to(LIBRARY))] = problems(kind_of(path), document)
    assert len(found) > 1_000
    assert {} == {path: wrong for path, wrong in found.items() if wrong}


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_are_valid_and_reached(name: str) -> None:
    example = plain(node_from_yaml(OPERATIONS[name].example, "example", []))  # type: ignore[arg-type]
    assert [] == problems("logic", logic({"IS_EMPTY": {"arg": example}}))
    broken = problems("logic", logic({"IS_EMPTY": {"arg": {OPERATIONS[name].key: {"unknown": 1}}}}))
    assert (name == "JSON") == (broken == []), "only JSON may hold anything"


@pytest.mark.parametrize("file", FILES)
def test_a_vector_that_loads_is_valid_and_an_invalid_one_does_not_load(file: str, tmp_path: Path) -> None:
    written = Written(tmp_path)
    for number, vector in enumerate(vectors(file)):
        path = tmp_path / written.logic(number, vector).lstrip("/")
        text = path.read_text("utf-8")
        refused, found = problems("logic", json.loads(text)), complaints("logic", text)
        # What a schema refuses, loading or the analysis of types refuses.
        assert not refused or found or vector["expect"].get("diagnostic") in ("A201", "A209"), (vector["name"], refused)
        # What loading refuses may pass only where a schema cannot know: there is no such date or duration.
        assert refused or not found or vector["expect"]["diagnostic"] == "L126", (vector["name"], found)
    for path in tmp_path.glob("types/*/*.yaml"):
        assert [] == problems(kind_of(path), json.loads(path.read_text("utf-8"))), path.name


def nested(depth: int) -> dict[str, Any]:
    block: dict[str, Any] = {"relationshipName": "x__r", "conditions": [], "otherwise": OUTCOME}
    for _ in range(depth):
        block = {**block, "relatedLists": [block]}
    return logic(relatedLists=[block])


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("logic", nested(4)),
        ("extracts", {"extracts": [{"name": "a", "value": {"TEXT": "x"}}]}),
        ("policy", {"names": NAMES, "description": ""}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {tool.key: [tool.example] for tool in TOOLS}}),
        ("folder", {"names": NAMES}),
        ("section", {"name": "S", "similar": {"sections": ["/frameworks/x"]}}),
        ("type", {"label": "T", "fields": [{"name": "a__c", "type": "text"}]}),
        ("rule", {"name": "R", "attributes": {"a": "b"}}),
    ],
)
def test_sound_documents(kind: str, document: Any) -> None:
    assert [] == problems(kind, document)
    assert [] == complaints(kind, json.dumps(document))


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("logic", []),
        ("logic", logic(more=1)),
        ("logic", logic(conditions=[{**OUTCOME}])),
        ("logic", logic({"FIELD": {"path": "a..b"}})),
        ("logic", logic({"UNIT_TEST": {"id": "a", "arg": CHECK, "expected": {"index": 1}}})),
        ("logic", nested(2) | {"relatedLists": [{"relationshipName": "x__r", "conditions": [], "inputType": "T"}]}),
        ("extracts", {"extracts": [{"name": "a"}]}),
        ("extracts", {"extracts": [{"name": "", "value": CHECK}]}),
        ("policy", {"names": NAMES}),
        ("policy", {"names": {"full": "F"}, "description": ""}),
        ("policy", {"names": NAMES, "description": "", "categories": ["SAFETY"]}),
        ("policy", {"names": NAMES, "description": "", "impossible": "yes"}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"awsTrustedAdvisor": [{"name": "a", "url": "b"}]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"checkov": ["CKV_AWS_1"]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"prowler": ["EC2 is public"]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"awsConfig": ["EC2_IMDSV2_CHECK"]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"trivy": ["AWS-0107"]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"trivy": [107]}}),
        ("policy", {"names": NAMES, "description": "", "similarPolicies": {"prowler": ["ec2_a", "ec2_a"]}}),
        ("folder", {}),
        ("section", {"name": 5}),
        ("type", {"label": "T", "fields": [{"name": "a__c", "type": "string"}]}),
        ("rule", {"name": "R", "code": [{"type": "sql"}]}),
    ],
)
def test_broken_documents(kind: str, document: Any) -> None:
    assert [] != problems(kind, document)
    assert [] != complaints(kind, json.dumps(document))


def test_every_operation_has_its_definitions_and_every_key_its_words() -> None:
    definitions = SCHEMAS["logic"]["definitions"]
    assert {operation.key for operation in OPERATIONS.values()} == set(definitions["Value"]["properties"])
    assert [] == [name for name, schema in definitions.items() if not schema.get("description")]


def test_schemas_are_written_the_same_every_time(tmp_path: Path) -> None:
    first, again = write_schemas(tmp_path / "a"), write_schemas(tmp_path / "b")
    assert sorted(f"{kind.capitalize()}.schema.json" for kind in FILE_KINDS) == sorted(path.name for path in first)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert SCHEMAS == {path.name.split(".")[0].lower(): json.loads(path.read_bytes()) for path in first}
