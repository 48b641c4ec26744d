"""Plan related lists, as counts of the outcomes of a stage over the children."""

from __future__ import annotations

from dataclasses import replace

from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Related, Value, only_if
from perpend.evaluation.planner.scalar import Kind, Scalar
from perpend.evaluation.planner.scope import Guards, ScalarGuard


def related_has(use: PlannedUse) -> Value:
    scalars, related = use.scalars, use.related(use.place, use.constant("relationshipName"))
    number, doubt = _count(use, related)
    none = scalars.negation(scalars.make("less", scalars.literal(0, Kind.WHOLE), number))
    guards = (*related.guards, *only_if(scalars, none, doubt))
    return use.value(scalars.negation(none), guards)


def related_has_no(use: PlannedUse) -> Value:
    value = related_has(use)
    return replace(value, node=use.scalars.negation(value.node))


def related_count(use: PlannedUse) -> Value:
    related = use.related(use.place, use.constant("relationshipName"))
    number, doubt = _count(use, related)
    return use.value(number, related.guards, doubt)


def _count(use: PlannedUse, related: Related) -> tuple[Scalar, Guards]:
    """Return the number of children with a status, and the guards that stop if the true number may be higher.

    The list may hold more children, or some child cannot be read.
    """
    scalars, counts, status = use.scalars, related.counts, use.constant("status")
    if counts is None:
        return scalars.literal(0, Kind.WHOLE), ()
    name = counts.count(related.output, status.lower(), related.codes[status])
    there, none = related.there or use.true, scalars.literal(0, Kind.WHOLE)
    number = scalars.choice(there, scalars.make("else", scalars.column(counts.alias, name, Kind.WHOLE), none), none)
    if status == "UNDETERMINED":
        return number, related.incomplete
    doubt = scalars.column(counts.alias, counts.doubt(related.output), Kind.BOOLEAN)
    doubtful = scalars.all(there, scalars.truth(doubt))
    return number, (
        *related.incomplete,
        ScalarGuard(doubtful, use.place.build.reasons.code(None)),
    )


PLANNERS: Planners = {
    "RELATED_LIST_HAS": related_has,
    "RELATED_LIST_HAS_NO": related_has_no,
    "RELATED_LIST_COUNT": related_count,
}
