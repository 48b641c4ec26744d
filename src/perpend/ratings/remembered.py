"""The ratings of a day in, what a history remembers of them out, and that as a document for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.history.head import RatedPolicy, RatingsSaid
from perpend.meaning.age import written_age

if TYPE_CHECKING:
    from perpend.ratings.in_force import RatingsInForce


def said_by(in_force: RatingsInForce) -> RatingsSaid | None:
    """Return ratings as a history remembers them, None where nobody has rated anything."""
    policies = [
        RatedPolicy(name, one.level.value, one.source, one.because, written_age(one.within) if one.within else None)
        for name, one in sorted(in_force.by_policy.items())
    ]
    shifts = [
        json.dumps(
            {
                "steps": one.shift.steps,
                "scope": dict(one.scope),
                "policies": one.policies,
                "whereAlso": one.also,
                "because": one.shift.because,
                "source": one.shift.source,
            }
        )
        for one in in_force.shifts
    ]
    return RatingsSaid(tuple(policies), tuple(shifts)) if policies else None


def remembered_document(said: RatingsSaid | None) -> dict[str, Any]:
    """Return what a history remembers, in the words of the files; nothing is rated where it remembers nothing."""
    if said is None:
        return {"ratings": [], "shifts": []}
    ratings = [
        {
            "policy": one.policy_id,
            "severity": one.severity,
            "because": one.because,
            "source": one.source,
            "resolveWithin": one.within,
        }
        for one in said.policies
    ]
    return {"ratings": ratings, "shifts": [json.loads(text) for text in said.shifts]}
