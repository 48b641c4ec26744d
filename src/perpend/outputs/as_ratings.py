"""Which ratings hold in, a document for JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.meaning.age import written_age

if TYPE_CHECKING:
    from perpend.ratings.in_force import RatingsInForce


def ratings_document(in_force: RatingsInForce) -> dict[str, Any]:
    """Return the rating of each policy that has one, what moves ratings where, and which policies nobody has rated."""
    ratings = [
        {
            "policy": policy_id,
            "severity": one.level.value,
            "because": one.because,
            "source": one.source,
            "vector": one.vector,
            "resolveWithin": written_age(one.within) if one.within else None,
            "file": one.span.path,
            "line": one.span.line,
        }
        for policy_id, one in sorted(in_force.by_policy.items())
    ]
    shifts = [
        {
            "steps": one.shift.steps,
            "scope": {key: list(values) for key, values in one.scope.items()},
            "policies": len(one.policies),
            "because": one.shift.because,
            "source": one.shift.source,
            "file": one.shift.span.path,
            "line": one.shift.span.line,
        }
        for one in in_force.shifts
    ]
    return {"ratings": ratings, "shifts": shifts, "unrated": list(in_force.unrated)}
