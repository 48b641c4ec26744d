"""Which ratings hold and how severe findings are in, documents for JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.status import Status
from perpend.core.values.age import written_age
from perpend.findings.severity.effective import RATED_STATUSES
from perpend.findings.severity.levels import LEVELS

if TYPE_CHECKING:
    from perpend.findings.severity.effective import EffectiveRatings
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.severity.results import RatedEvaluation


def ratings_document(in_force: EffectiveRatings) -> dict[str, Any]:
    """Return the rating of each policy that has one, what moves ratings where, and which policies nobody has rated."""
    ratings = [
        {
            "policy": policy_id,
            "severity": rating.level.value,
            "because": rating.because,
            "source": rating.source,
            "vector": rating.vector,
            "resolveWithin": written_age(rating.within) if rating.within else None,
            "file": rating.span.path,
            "line": rating.span.line,
        }
        for policy_id, rating in sorted(in_force.by_policy.items())
    ]
    shifts = [
        {
            "steps": in_place.shift.steps,
            "scope": {key: list(values) for key, values in in_place.scope.items()},
            "policies": len(in_place.policies),
            "whereAlso": list(in_place.shift.also),
            "because": in_place.shift.because,
            "source": in_place.shift.source,
            "file": in_place.shift.span.path,
            "line": in_place.shift.span.line,
        }
        for in_place in in_force.shifts
    ]
    return {"ratings": ratings, "shifts": shifts, "unrated": list(in_force.unrated)}


def rating_document(rating: FindingSeverity | None, status: Status) -> dict[str, Any] | None:
    """Return who has rated a finding, and why; of what is not known, that it only would be so severe. None where nobody has."""
    if rating is None or status not in RATED_STATUSES:
        return None
    would = {"wouldBe": True} if status is Status.UNDETERMINED else {}
    return {"severity": rating.level.value, "source": encodable(rating.source), "because": encodable(rating.because), **would}


def severities_document(weighed: RatedEvaluation) -> dict[str, dict[str, int]]:
    """Return how many findings there are of each severity, the worst first; what is incompliant and waived is left out."""
    counts = {(level, status): number for (level, status), number in weighed.numbers.items() if number}
    named = [*((level.value, level) for level in reversed(LEVELS)), ("notRated", None)]
    return {name: {status: counts.get((level, Status(status)), 0) for status in RATED_STATUSES} for name, level in named}
