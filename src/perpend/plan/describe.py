"""A plan in, what it does out, for people: as an indented tree, or as a Mermaid diagram."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.plan.layers import layers_of
from perpend.plan.scalar import Scalar, walk
from perpend.plan.stage import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.plan.build import Plan
    from perpend.plan.stage import Stage


@dataclass(slots=True)
class PlanStep:
    """One step of a plan and the steps that feed it."""

    text: str
    below: list[PlanStep] = field(default_factory=list)


def steps_of(plan: Plan) -> PlanStep:
    """Return a plan's steps, the last one first."""
    names = [program.policy_id for program in plan.programs]
    found = PlanStep(f"verdicts: {len(names)} {'policy' if len(names) == 1 else 'policies'}", [_stage(plan.stage)])
    found.below[:0] = [PlanStep(f"v{number} {name}") for number, name in enumerate(names)]
    return found


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan as a tree of lines."""
    return list(_lines(steps_of(plan), ""))


def plan_mermaid(plan: Plan) -> list[str]:
    """Return a plan as a Mermaid flow chart, data flowing down."""
    lines = ["flowchart BT"]
    _draw(steps_of(plan), lines, [0])
    return lines


def _lines(step: PlanStep, indent: str) -> Iterator[str]:
    yield f"{indent}{step.text}"
    for below in step.below:
        yield from _lines(below, f"{indent}  ")


def _draw(step: PlanStep, lines: list[str], counter: list[int]) -> str:
    own = f"n{counter[0]}"
    counter[0] += 1
    text = step.text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace("`", "#96;")
    lines.append(f'  {own}["{text}"]')
    for below in step.below:
        lines.append(f"  {_draw(below, lines, counter)} --> {own}")
    return own


def _stage(stage: Stage) -> PlanStep:
    """Return the layers of a stage above each other: verdicts, what is computed once, related lists, lookups, the scan."""
    layers = layers_of(stage)
    read = sorted({one.constants[1] for one in layers.base.values() if one.constants[0] == ROOT})
    found = PlanStep(f"scan {stage.table.name}: {', '.join(read) or 'no columns'}")
    lookups = [
        PlanStep(f"lookup {one.join.name} of {one.above} as {one.alias}: {one.join.table} by {one.join.own} = {one.join.other}")
        for one in stage.lookups
    ]
    counts = []
    for one in stage.counts:
        if one.counts:
            counted = ", ".join([*one.counts, *one.doubts])
            by = f"{one.join.other} = {one.above}.{one.join.own}"
            counts.append(PlanStep(f"related list {one.join.name} as {one.alias} by {by}: {counted}", [_stage(one.stage)]))
    found.below = [*lookups, *counts]
    for number, layer in enumerate(layers.layers[:-1], 1):
        made = [PlanStep(f"{name} = {_text(scalar, layers.names, name)}") for name, scalar in layer.made.items()]
        found = PlanStep(f"layer {number}: {len(made)} computed once", [*made, found])
    made = [PlanStep(f"{name} = {_text(scalar, layers.names, name)}") for name, scalar in stage.outputs.items()]
    return PlanStep(f"codes of {stage.table.name}", [*made, found])


_MOST = 400


def _text(scalar: Scalar, known: Mapping[Scalar, str], own: str) -> str:
    """Return a scalar in the words of the primitives, the columns below it by their names."""
    texts: dict[Scalar, str] = {}
    for one in walk([scalar]):
        if one in known and known[one] != own:
            texts[one] = f"{one.constants[0]}.{one.constants[1]}" if one.primitive == "column" else known[one]
        elif one.primitive == "literal":
            texts[one] = repr(one.constants[0])
        else:
            inner = [texts[argument] for argument in one.arguments]
            inner += [repr(constant) for constant in one.constants]
            texts[one] = f"{one.primitive}({', '.join(inner)})"
    found = texts[scalar]
    return found if len(found) <= _MOST else f"{found[:_MOST]}…"
