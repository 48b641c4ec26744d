"""Convert ratings to and from the form in which a history records them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.core.values.age import format_age
from perpend.findings.history.manifest import PolicySeverity, RecordedRatings

if TYPE_CHECKING:
    from perpend.findings.severity.effective import EffectiveRatings


def recorded_ratings(in_force: EffectiveRatings) -> RecordedRatings | None:
    """Return ratings as a history records them, None if nothing is rated."""
    policies = [
        PolicySeverity(name, rated.level.value, rated.source, rated.because, format_age(rated.within) if rated.within else None)
        for name, rated in sorted(in_force.by_policy.items())
    ]
    shifts = [
        json.dumps(
            {
                "steps": moving.shift.steps,
                "scope": dict(moving.scope),
                "policies": moving.policies,
                "whereAlso": moving.also,
                "because": moving.shift.because,
                "source": moving.shift.source,
            }
        )
        for moving in in_force.shifts
    ]
    return RecordedRatings(tuple(policies), tuple(shifts)) if policies else None


def recorded_document(recorded: RecordedRatings | None) -> dict[str, Any]:
    """Return recorded ratings with the keys of the files; an empty document if none were recorded."""
    if recorded is None:
        return {"ratings": [], "shifts": []}
    ratings = [
        {
            "policy": policy.policy_id,
            "severity": policy.severity,
            "because": policy.because,
            "source": policy.source,
            "resolveWithin": policy.within,
        }
        for policy in recorded.policies
    ]
    return {"ratings": ratings, "shifts": [json.loads(text) for text in recorded.shifts]}
