"""Small programs for the tests of mutants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from tests.repositories import analyzer_of, logic, policy_files, program_of


def field(name: str) -> dict[str, Any]:
    return {"FIELD": {"path": name}}


def equal(name: str, text: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": field(name), "right": {"TEXT": text}}}


def greater(name: str, number: float) -> dict[str, Any]:
    return {"GREATER_THAN": {"left": field(name), "right": {"NUMBER": number}}}


def program(root: Path, *checks: Any, **more: Any) -> Program:
    """Return the program of a logic with conditions."""
    return program_of(analyzer(root, *checks, **more))


def analyzer(root: Path, *checks: Any, tests: Any = None, files: Any = None, **more: Any) -> Analyzer:
    """Return an analyzer of a repository with one policy, and with tests where they are given."""
    if tests is not None:
        more["testData"] = [{"file": "test-data.json"}]
        files = {**(files or {}), "ce/policy/test-data.json": tests}
    return analyzer_of(root, policy_files(logic(*checks, **more), **(files or {})))


def entry(name: str, status: str, index: int, text: str, error: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a test object."""
    expected = {"status": status, "conditionIndex": str(index), "conditionText": text, "runtimeError": error}
    return {"Id": name, **fields, "expectedResult": expected, "context": {"snapshotTime": "2026-01-10T18:00:00Z"}}
