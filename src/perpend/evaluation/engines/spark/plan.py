"""A plan in, the same plan for an engine that evaluates Python functions on every row out: unasked ones are given nulls.

Spark takes them out of the branches of a CASE. What they give there does not count, so what they take need not be sent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.evaluation.planner.scalar import Scalar, Scalars, walk

if TYPE_CHECKING:
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.stage import Stage


def eager(plan: Plan) -> Plan:
    """Return a plan of the same meaning whose natives take nulls where their results are not asked for."""
    return replace(plan, stage=_stage(plan.stage))


def _stage(stage: Stage) -> Stage:
    scalars = Scalars()
    nodes = list(walk(stage.outputs.values()))
    uses = Counter(inner for node in nodes for inner in node.arguments)
    uses.update(stage.outputs.values())
    made: dict[Scalar, Scalar] = {}
    for node in nodes:
        arguments = tuple(made[inner] for inner in node.arguments)
        if node.primitive == "if":
            arguments = _spared(scalars, node, arguments, uses)
        made[node] = scalars.make(node.primitive, *arguments, constants=node.constants, kind=node.kind)
    outputs = {name: made[node] for name, node in stage.outputs.items()}
    counts = tuple(replace(node, stage=_stage(node.stage)) for node in stage.counts)
    return replace(stage, outputs=outputs, counts=counts)


def _spared(scalars: Scalars, choice: Scalar, arguments: tuple[Scalar, ...], uses: Counter[Scalar]) -> tuple[Scalar, ...]:
    """Return the arguments of a choice, its natives that nothing else uses given nulls where the other branch counts."""
    condition, *branches = arguments
    made = [condition]
    for place, (old, new) in enumerate(zip(choice.arguments[1:], branches, strict=True)):
        if old.primitive != "native" or uses[old] > 1:
            made.append(new)
            continue
        masked = [_masked(scalars, condition, part, then=place == 0) for part in new.arguments]
        made.append(scalars.make("native", *masked, constants=new.constants, kind=new.kind))
    return tuple(made)


def _masked(scalars: Scalars, condition: Scalar, part: Scalar, *, then: bool) -> Scalar:
    if part.primitive == "literal":
        return part
    nothing = scalars.literal(None, part.kind)
    return scalars.choice(condition, part, nothing) if then else scalars.choice(condition, nothing, part)
