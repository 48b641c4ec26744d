"""Inventories and evaluations for the tests of this package."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.verdict import Verdict
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from tests.reference import evaluate_objects
from tests.repositories import analyzer_of, logic, policy_files, program_of

THING = "CA10__CaThing__c"


def thing(
    name: str, source: str = "a.json", row: int = 1, *, variants: tuple[CloudObject, ...] = (), **fields: Any
) -> CloudObject:
    """Return an object with fields."""
    return CloudObject(THING, name, name, name, {"Id": name, **fields}, Origin(source, row), variants=variants)


def inventory(*objects: CloudObject, times: dict[str, datetime | None] | None = None) -> Inventory:
    """Return an estate of objects whose sources were observed at given times."""
    names = dict.fromkeys(one.origin.source for one in objects) or {"a.json": None}
    observed = {**dict.fromkeys(names), **(times or {})}
    return Inventory(tuple(Source(name, "test-data", time, 1) for name, time in observed.items()), {THING: objects})


def analyzer(root: Path, *checks: Any, files: dict[str, Any] | None = None, **more: Any) -> Analyzer:
    """Return an analyzer over one policy with a condition per check."""
    return analyzer_of(root, {**policy_files(logic(*checks, **more)), **(files or {})})


def evaluation(found: Inventory, programs: Program | Sequence[Program], **more: Any) -> Evaluation:
    """Return a judgement that knows neither names of policies nor types."""
    chosen = [programs] if isinstance(programs, Program) else programs
    selection = Selection(tuple(sorted(chosen, key=lambda program: program.policy_id)))
    return evaluate_objects(found, selection, **more)


def findings(found: Inventory, program: Program, **more: Any) -> dict[str, Verdict]:
    """Return the findings of one program by object id."""
    return {one.object.id: one for one in evaluation(found, program, **more).findings()}


__all__ = ["analyzer", "evaluation", "findings", "inventory", "program_of", "thing"]
