"""Estates and judgements for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from perpend.core.objects.inventory import Estate, EstateObject, Origin, Source
from perpend.evaluation.verdicts.evaluate_objects import judge_estate
from perpend.evaluation.verdicts.evaluation import Judgement
from perpend.evaluation.verdicts.selection import Selection
from perpend.evaluation.verdicts.verdict import Finding
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from tests.repositories import analyzer_of, logic, policy_files, program_of

THING = "CA10__CaThing__c"


def thing(
    name: str, source: str = "a.json", row: int = 1, *, variants: tuple[EstateObject, ...] = (), **fields: Any
) -> EstateObject:
    """Return an object with fields."""
    return EstateObject(THING, name, name, name, {"Id": name, **fields}, Origin(source, row), variants=variants)


def estate(*objects: EstateObject, times: dict[str, datetime | None] | None = None) -> Estate:
    """Return an estate of objects whose sources were observed at given times."""
    names = dict.fromkeys(one.origin.source for one in objects) or {"a.json": None}
    observed = {**dict.fromkeys(names), **(times or {})}
    return Estate(tuple(Source(name, "test-data", time, 1) for name, time in observed.items()), {THING: objects})


def analyzer(root: Path, *checks: Any, files: dict[str, Any] | None = None, **more: Any) -> Analyzer:
    """Return an analyzer over one policy with a condition per check."""
    return analyzer_of(root, {**policy_files(logic(*checks, **more)), **(files or {})})


def judgement(found: Estate, programs: Program | Sequence[Program], **more: Any) -> Judgement:
    """Return a judgement that knows neither names of policies nor types."""
    chosen = [programs] if isinstance(programs, Program) else programs
    selection = Selection(tuple(sorted(chosen, key=lambda program: program.policy_id)))
    return judge_estate(found, selection, **more)


def findings(found: Estate, program: Program, **more: Any) -> dict[str, Finding]:
    """Return the findings of one program by object id."""
    return {one.object.id: one for one in judgement(found, program, **more).findings()}


__all__ = ["analyzer", "estate", "findings", "judgement", "program_of", "thing"]
