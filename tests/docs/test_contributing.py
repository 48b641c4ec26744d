"""CONTRIBUTING's example adds an operation that reads: its blocks, applied to a copy of the source, are all that it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.added_operation import blocks, commands, copied, passed
from tests.repositories import NAMES, write

pytestmark = pytest.mark.slow

NAME = "FIELD_IS_SET"
THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
MISSPELT = {"status": "COMPLIANT", "currentStateMessage": "It has a label.", "check": {NAME: {"path": "owner__r.lable__c"}}}
FILES = {
    f"types/{THING}/type.yaml": {
        "label": "Thing",
        "fields": [{"name": "owner__c", "type": "lookup"}, {"name": "size__c", "type": "number"}],
        "lookups": [{"name": "owner__r", "target": OWNER, "key": "owner__c"}],
    },
    f"types/{OWNER}/type.yaml": {"label": "Owner", "fields": [{"name": "mail__c", "type": "text", "label": "Mail"}]},
    f"types/{OWNER}/own.extracts.yaml": {"extracts": [{"name": "reachable", "value": {NAME: {"path": "mail__c"}}}]},
    "ce/folder.yaml": {"names": NAMES},
    "ce/owned/policy.yaml": {"names": NAMES, "description": "What it asks."},
    "ce/owned/prod.logic.yaml": {
        "inputType": THING,
        "importExtracts": [{"file": f"/types/{OWNER}/own.extracts.yaml"}],
        "conditions": [
            {"status": "INAPPLICABLE", "currentStateMessage": "It has a size.", "check": {NAME: {"path": "size__c"}}},
            {"status": "COMPLIANT", "currentStateMessage": "Reachable.", "check": {"EXTRACT": "owner__r.reachable"}},
        ],
        "otherwise": {"status": "INCOMPLIANT", "currentStateMessage": "Unreachable.", "remediationMessage": "Name a mail."},
    },
}
OBJECTS = [
    {"Id": "sized", "size__c": 0, "owner__c": None, "owner__r": None},
    {"Id": "mailed", "size__c": None, "owner__c": "o", "owner__r": {"Id": "o", "mail__c": "a@example.com"}},
    {"Id": "silent", "size__c": None, "owner__c": "p", "owner__r": {"Id": "p", "mail__c": " "}},
    {"Id": "unknown", "size__c": None, "owner__c": "q", "owner__r": {"Id": "q"}},
]
STATUSES = {"sized": "INAPPLICABLE", "mailed": "COMPLIANT", "silent": "INCOMPLIANT", "unknown": "UNDETERMINED"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copied(tmp_path_factory.mktemp("copy"))
    write(root / "policies", FILES)
    (root / "objects.json").write_text(json.dumps(OBJECTS), "utf-8")
    return root


CHECK = ("check", "objects.json", "--type", THING, "--repo", "policies", "--format", "json")
COMMANDS: dict[str, tuple[str, ...]] = {
    "interpreter": (*CHECK, "--references", "all", "--engine", "interpreter"),
    "duckdb": (*CHECK, "--references", "all", "--engine", "duckdb"),
    "lint": ("lint", "--repo", "policies"),
    "lint misspelt": ("lint", "--repo", "misspelt"),
    "explain": ("explain", "owned", "silent", *CHECK[1:]),
    "show": ("show", NAME),
    "schema": ("schema", "--out", "schemas"),
}


@pytest.fixture(scope="module")
def told(copy: Path) -> dict[str, tuple[int, str]]:
    """What came of each command."""
    logic: dict[str, Any] = FILES["ce/owned/prod.logic.yaml"]
    changed = {**logic, "conditions": [*logic["conditions"], MISSPELT]}
    write(copy / "misspelt", {**FILES, "ce/owned/prod.logic.yaml": changed})
    return dict(zip(COMMANDS, commands(copy, COMMANDS.values()), strict=True))


def test_the_example_reads_and_takes_few_lines_in_few_files() -> None:
    found = blocks()
    assert any("Constant.FIELD_PATH" in block for _, block in found), "the example reads, or nothing would be proven"
    assert len({path for path, _ in found}) <= 5
    assert sum(len(block.splitlines()) for _, block in found) <= 60


def test_its_vectors_and_the_tests_of_every_operation_pass(copy: Path) -> None:
    # Its own on the interpreter, on DuckDB, and well formed; the others' declarations.
    assert (
        passed(copy, "tests/conformance/test_vectors.py", "tests/house/test_operations.py", "-k", "field-is-set or house") > 103
    )


@pytest.mark.parametrize("engine", ["interpreter", "duckdb"])
def test_it_judges_and_what_it_reads_is_reported(told: dict[str, tuple[int, str]], engine: str) -> None:
    verdicts: list[dict[str, Any]] = json.loads(told[engine][1])["verdicts"]
    assert STATUSES == {verdict["object"]["id"]: verdict["status"] for verdict in verdicts}
    references = next(verdict["references"] for verdict in verdicts if verdict["object"]["id"] == "mailed")
    assert [("size__c", None), ("owner__r.mail__c", "a@example.com")] == [(one["field"], one["value"]) for one in references]


def test_lint_knows_what_it_reads(told: dict[str, tuple[int, str]]) -> None:
    assert 0 == told["lint"][0], told["lint"][1]
    assert f"A307]: object type `{OWNER}` declares no field `lable__c`" in told["lint misspelt"][1]


def test_an_explanation_shows_what_it_read_and_where(told: dict[str, tuple[int, str]]) -> None:
    leaves = [leaf for step in json.loads(told["explain"][1])["conditions"] for leaf in step["values"]]
    assert "size__c.isSet()" in [leaf["text"] for leaf in leaves]
    assert {"size__c", "owner__r.mail__c"} == {place["field"] for leaf in leaves for place in leaf["places"]}


def test_the_reference_and_the_schema_have_it(copy: Path, told: dict[str, tuple[int, str]]) -> None:
    assert NAME in (copy / "docs/reference/operations/index.md").read_text("utf-8")
    assert "{path}.isSet()".replace("{path}", "⟨path⟩") in told["show"][1]
    assert 0 == told["schema"][0]
    schema = json.loads((copy / "schemas/Logic.schema.json").read_text("utf-8"))
    assert ["path"] == schema["definitions"][NAME]["required"]
