"""Describe a plan for people, as an indented tree or a Mermaid diagram."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.schema.tables import ROW
from perpend.evaluation.planner.scalar import Scalar, walk
from perpend.evaluation.planner.stage import ROOT, layers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.stage import Stage


@dataclass(slots=True)
class PlanStep:
    """One step of a plan and the steps that feed it."""

    text: str
    below: list[PlanStep] = field(default_factory=list)


def steps_of(plan: Plan) -> PlanStep:
    """Return the steps of a plan, the last one first."""
    names = [program.policy_id for program in plan.programs]
    step = PlanStep(f"verdicts: {len(names)} {'policy' if len(names) == 1 else 'policies'}", [_stage(plan.stage)])
    step.below[:0] = [PlanStep(f"v{number} {name}") for number, name in enumerate(names)]
    return step


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan as lines: the tables, fields and relations that it reads, then its steps as a tree."""
    reads = PlanStep("reads", [_reads(plan.stage, f"table {plan.stage.table.name}")])
    return [*_lines(reads, ""), *_lines(steps_of(plan), "")]


def _reads(stage: Stage, title: str) -> PlanStep:
    """Return the fields that a stage reads, and the lookups and lists that it follows with the fields there."""
    nodes = layers_of(stage).base.values()
    fields: dict[str, set[str]] = {}
    for node in nodes:
        alias, column = node.constants[:2]
        # A name after `#` marks a companion column, which is not a field of its own; nor is the row number.
        if column != ROW:
            fields.setdefault(alias, set()).add(column.partition("#")[0])

    def step(text: str, alias: str, below: list[PlanStep]) -> PlanStep:
        return PlanStep(text, [PlanStep(f"field {name}") for name in sorted(fields.get(alias, ()))] + below)

    steps: dict[str, PlanStep] = {ROOT: step(title, ROOT, [])}
    for lookup in stage.lookups:
        join = lookup.join
        steps[lookup.alias] = step(f"lookup {join.name}: table {join.table} by {join.own} = {join.other}", lookup.alias, [])
        steps[lookup.above].below.append(steps[lookup.alias])
    for counted in stage.counts:
        if counted.columns:
            join = counted.join
            text = f"related list {join.name}: table {join.table} by {join.other} = {join.own}"
            steps[counted.above].below.append(_reads(counted.stage, text))
    return steps[ROOT]


def plan_mermaid(plan: Plan) -> list[str]:
    """Return a plan as a Mermaid flow chart, data flowing down."""
    lines = ["flowchart BT"]
    _add_nodes(steps_of(plan), lines, [0])
    return lines


def _lines(step: PlanStep, indent: str) -> Iterator[str]:
    yield f"{indent}{step.text}"
    for below in step.below:
        yield from _lines(below, f"{indent}  ")


def _add_nodes(step: PlanStep, lines: list[str], counter: list[int]) -> str:
    own = f"n{counter[0]}"
    counter[0] += 1
    text = step.text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace("`", "#96;")
    lines.append(f'  {own}["{text}"]')
    for below in step.below:
        lines.append(f"  {_add_nodes(below, lines, counter)} --> {own}")
    return own


def _stage(stage: Stage) -> PlanStep:
    """Return the steps of a stage: outputs, shared values by layer, related lists, lookups, and the scan."""
    layers = layers_of(stage)
    read = sorted({node.constants[1] for node in layers.base.values() if node.constants[0] == ROOT})
    step = PlanStep(f"scan {stage.table.name}: {', '.join(read) or 'no columns'}")
    lookups = [
        PlanStep(f"lookup {join.name} of {lookup.above} as {lookup.alias}: {join.table} by {join.own} = {join.other}")
        for lookup in stage.lookups
        for join in (lookup.join,)
    ]
    counts = []
    for counted in stage.counts:
        if counted.columns:
            listed = ", ".join(counted.columns)
            by = f"{counted.join.other} = {counted.above}.{counted.join.own}"
            counts.append(
                PlanStep(f"related list {counted.join.name} as {counted.alias} by {by}: {listed}", [_stage(counted.stage)])
            )
    step.below = [*lookups, *counts]
    for number, layer in enumerate(layers.layers[:-1], 1):
        made = [PlanStep(f"{name} = {_text(scalar, layers.names, name)}") for name, scalar in layer.made.items()]
        step = PlanStep(f"layer {number}: {len(made)} computed once", [*made, step])
    made = [PlanStep(f"{name} = {_text(scalar, layers.names, name)}") for name, scalar in stage.outputs.items()]
    return PlanStep(f"codes of {stage.table.name}", [*made, step])


_MOST = 400


def _text(scalar: Scalar, known: Mapping[Scalar, str], own: str) -> str:
    """Return a scalar as text in terms of primitives, with the names of columns below it."""
    texts: dict[Scalar, str] = {}
    for node in walk([scalar]):
        if node in known and known[node] != own:
            texts[node] = f"{node.constants[0]}.{node.constants[1]}" if node.primitive == "column" else known[node]
        elif node.primitive == "literal":
            texts[node] = repr(node.constants[0])
        else:
            inner = [texts[argument] for argument in node.arguments]
            inner += [repr(constant) for constant in node.constants]
            texts[node] = f"{node.primitive}({', '.join(inner)})"
    shown = texts[scalar]
    return shown if len(shown) <= _MOST else f"{shown[:_MOST]}…"
