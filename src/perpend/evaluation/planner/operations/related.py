"""Plan related lists, as counts of the outcomes of a stage over the children, and as lists of a field of them."""

from __future__ import annotations

from dataclasses import replace

from perpend.core.values.types import ValueType
from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Related, Value, only_if
from perpend.evaluation.planner.operations.values import read
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.scope import Guards, ScalarGuard, blank
from perpend.evaluation.planner.stage import UNREAD


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


def related_texts(use: PlannedUse) -> Value:
    scalars, related = use.scalars, use.related(use.place, use.constant("relationshipName"))
    counts, child, nothing = related.counts, related.child, scalars.literal((), Kind.TEXTS)
    if counts is None or child is None:
        return use.value(nothing, related.guards)
    status, there = use.constant("status"), related.there or use.true
    value = read(child, use.constant("field"), ValueType.TEXT)
    has_status = _is_one_of(scalars, counts.scan.outputs[related.output], related.codes[status])
    unread = scalars.all(has_status, scalars.any(*(guard.condition for guard in value.guards)))
    unread_code = scalars.choice(unread, scalars.literal(UNREAD, Kind.WHOLE), scalars.literal(0, Kind.WHOLE))
    filled = scalars.all(has_status, scalars.negation(blank(scalars, value.node)))
    text = scalars.choice(filled, scalars.make("norm", value.node), scalars.literal(None, Kind.TEXT))
    name = counts.different_texts(counts.output(text))
    texts = scalars.choice(there, scalars.column(counts.alias, name, Kind.TEXTS), nothing)
    doubts = [counts.doubt(counts.output(unread_code))] if unread_code.primitive != "literal" else []
    doubts += [counts.doubt(related.output)] if status != "UNDETERMINED" else []
    guards = [
        ScalarGuard(
            scalars.all(there, scalars.truth(scalars.column(counts.alias, doubt, Kind.BOOLEAN))),
            use.place.build.reasons.code(None),
        )
        for doubt in doubts
    ]
    return use.value(texts, related.guards, related.incomplete, tuple(guards))


def _is_one_of(scalars: Scalars, code: Scalar, codes: tuple[int, ...]) -> Scalar:
    """Return the condition that a code is one of some; UNREAD stands for every negative one."""
    return scalars.any(
        *(
            scalars.make("less", code, scalars.literal(0, Kind.WHOLE))
            if one == UNREAD
            else scalars.make("same", code, scalars.literal(one, Kind.WHOLE))
            for one in codes
        )
    )


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
    "RELATED_LIST_TEXTS": related_texts,
}
