"""Plan AND, OR and NOT: arguments count from left to right, and guards stop only if evaluation reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value, only_if

if TYPE_CHECKING:
    from perpend.evaluation.planner.scalar import Scalar
    from perpend.evaluation.planner.scope import Guards


def conjunction(use: PlannedUse) -> Value:
    return _lazily(use, until=False)


def disjunction(use: PlannedUse) -> Value:
    return _lazily(use, until=True)


def negation(use: PlannedUse) -> Value:
    arg = use["arg"]
    return use.value(use.scalars.negation(use.scalars.truth(arg.node)), arg.guards)


def _lazily(use: PlannedUse, *, until: bool) -> Value:
    """Return the arguments joined from left to right. Arguments after the first that equals ``until`` are not evaluated."""
    scalars, reached = use.scalars, use.true
    guards: Guards = ()
    parts: list[Scalar] = []
    for arg in use.many:
        guards = (*guards, *only_if(scalars, reached, arg.guards))
        part = scalars.truth(arg.node)
        parts.append(part)
        reached = scalars.all(reached, scalars.negation(part) if until else part)
    return use.value(scalars.any(*parts) if until else scalars.all(*parts), guards)


PLANNERS: Planners = {
    "AND": conjunction,
    "OR": disjunction,
    "NOT": negation,
}
