"""Rate the findings of an evaluation. Verdicts do not change."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.findings.severity.effective import EffectiveRatings
from perpend.findings.severity.levels import severity_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.levels import FindingSeverity, SeverityLevel
    from perpend.findings.waivers.matches import WaiverMatches


@dataclass(frozen=True, slots=True)
class RatedEvaluation:
    """The severity of an evaluation's findings.

    ``numbers`` counts findings by level (None if not rated) and status: INCOMPLIANT ones that are not waived, and all
    UNDETERMINED ones. ``steps`` holds the shifts from the policy's rating, by policy and object.
    """

    in_force: EffectiveRatings = field(default_factory=EffectiveRatings)
    numbers: Mapping[tuple[SeverityLevel | None, Status], int] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, policy_id: str, object_id: str) -> FindingSeverity | None:
        """Return the severity of a finding; None if its policy is not rated."""
        return self.in_force.of(policy_id, self.steps.get(policy_id, {}).get(object_id, 0))

    def number(self, status: Status, least: SeverityLevel, *, unrated: bool) -> int:
        """Return the number of findings of a status with at least this level; with ``unrated``, of unrated ones, too."""
        return sum(
            number
            for (level, of), number in self.numbers.items()
            if of is status and (unrated if level is None else level.rank >= least.rank)
        )


def policy_order(
    rated: RatedEvaluation | None, policy_id: str, counts: Mapping[Status, int], title: str
) -> tuple[bool, tuple[int, int, int, str], str]:
    """Return the sort key of a policy in lists: with findings first, then by :func:`severity_order`."""
    incompliant, undetermined = counts.get(Status.INCOMPLIANT, 0), counts.get(Status.UNDETERMINED, 0)
    rating = rated.in_force.of(policy_id) if rated else None
    level = rating.level if rating else None
    return not (incompliant or undetermined), severity_order(level, incompliant, title, unknown=undetermined), policy_id


def rated_evaluation(
    evaluation: Evaluation,
    in_force: EffectiveRatings,
    waiver_matches: WaiverMatches | None,
    shifted: Iterable[tuple[str, str, Status, int, bool]],
) -> RatedEvaluation:
    """Return the severity of an evaluation's findings. ``waiver_matches`` are the findings that waivers cover.

    ``shifted`` are those whose severity is raised or lowered, of :func:`shifted_findings`.
    """
    numbers: Counter[tuple[SeverityLevel | None, Status]] = Counter()
    for column in evaluation.verdicts:
        policy_id, counts = column.program.policy_id, counts_of(column)
        waived = waiver_matches.waived_of(policy_id) if waiver_matches else 0
        level = _level(in_force.of(policy_id))
        numbers[level, Status.INCOMPLIANT] += counts[Status.INCOMPLIANT] - waived
        numbers[level, Status.UNDETERMINED] += counts[Status.UNDETERMINED]
    steps: dict[str, dict[str, int]] = {}
    for policy_id, object_id, status, step, is_waived in shifted:
        steps.setdefault(policy_id, {})[object_id] = step
        if not is_waived or status is Status.UNDETERMINED:
            numbers[_level(in_force.of(policy_id)), status] -= 1
            numbers[_level(in_force.of(policy_id, step)), status] += 1
    return RatedEvaluation(in_force, numbers, steps)


def _level(rating: FindingSeverity | None) -> SeverityLevel | None:
    return rating.level if rating else None
