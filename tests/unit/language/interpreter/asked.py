"""Objects that are asked one check: how they end, and with what error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perpend.core.values.values import date_time_from_text
from perpend.language.interpreter.interpreter import EvaluationOutcome, Interpreter
from perpend.language.program.program import Program
from tests.repositories import SNAPSHOT, analyzer_of, logic, policy_files, program_of

YES, NO = (199, None), (200, None)
GONE = {"CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"}


def program_asking(root: Path, *checks: Any, files: Mapping[str, Any] | None = None, **more: Any) -> Program:
    """Return the program of conditions with these checks; ``more`` stands beside them in the logic file."""
    return program_of(analyzer_of(root, policy_files(logic(*checks, **more), **(files or {}))))


def end_of(program: Program, fields: Mapping[str, Any], *, complete: bool = True) -> EvaluationOutcome:
    """Return how a program ends on an object; without ``complete``, keys that are not there were not collected."""
    instant = date_time_from_text(SNAPSHOT)
    assert instant is not None
    return Interpreter([program]).evaluate(fields, instant, complete=complete)[0]


def missing(name: str) -> EvaluationOutcome:
    """Return the end of an object of which a field was not collected."""
    return (0, f"{name} is missing from the data: it was not collected")


def field(path: str = "f", **checks: Any) -> dict[str, Any]:
    """Return the read of a field, with checks."""
    return {"FIELD": {"path": path, **({"undeterminedIf": checks} if checks else {})}}


def equal(left: Any, right: Any) -> dict[str, Any]:
    """Return a question whether two expressions are equal."""
    return {"IS_EQUAL": {"left": left, "right": right}}
