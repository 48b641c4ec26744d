"""Select the rating in force for each policy of a repository: the later one."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import DEFAULT_NOTE, DEFAULT_SOURCE, FindingSeverity
from perpend.findings.waivers.entries import matching_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.findings.severity.read import PolicyRating, RatingFiles, SeverityShift

RATED_STATUSES: Final = (Status.INCOMPLIANT.value, Status.UNDETERMINED.value)
"""The statuses that have a severity: failed, and unknown, which may turn out to be failed."""


@dataclass(frozen=True, slots=True)
class ShiftInForce:
    """A shift with its rated policies. ``also`` are policies, one of which must find the same object incompliant."""

    shift: SeverityShift
    policies: tuple[str, ...]
    also: tuple[str, ...] = ()

    @property
    def policies_read(self) -> tuple[str, ...]:
        """All policies whose findings it needs."""
        return tuple(dict.fromkeys((*self.policies, *self.also)))

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses of findings that it shifts."""
        return RATED_STATUSES

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """The scope of its findings."""
        return self.shift.scope


@dataclass(frozen=True, slots=True)
class EffectiveRatings:
    """The rating of each rated policy, the shifts, and the policies without a rating."""

    by_policy: Mapping[str, PolicyRating] = field(default_factory=dict)
    shifts: tuple[ShiftInForce, ...] = ()
    unrated: tuple[str, ...] = ()

    def note(self, policy_ids: Iterable[str]) -> str:
        """Return the footnote of a list of policies, empty if no rating of theirs is Perpend's default."""
        ratings = map(self.by_policy.get, policy_ids)
        return DEFAULT_NOTE if any(rating and rating.source == DEFAULT_SOURCE for rating in ratings) else ""

    def of(self, policy_id: str, steps: int = 0) -> FindingSeverity | None:
        """Return the severity of a policy's findings, shifted by some steps; None if the policy is not rated."""
        rating = self.by_policy.get(policy_id)
        if rating is None:
            return None
        level = rating.level.shifted(steps)
        return FindingSeverity(level, rating.source, rating.because, level.rank - rating.level.rank)


def ratings_in_force(files: RatingFiles, policy_ids: Iterable[str]) -> EffectiveRatings:
    """Return the rating in force for each policy: of two that name it, the later one."""
    known = sorted(policy_ids)
    by_policy: dict[str, PolicyRating] = {}
    for rating in (*files.defaults, *files.ratings):
        by_policy |= dict.fromkeys(matching_policies(rating.policies, known), rating)
    rated = sorted(by_policy)
    shifts = (
        ShiftInForce(
            shift,
            matching_policies(shift.policies, rated) if shift.policies else tuple(rated),
            matching_policies(shift.also, known),
        )
        for shift in files.shifts
    )
    return EffectiveRatings(by_policy, tuple(shifts), tuple(policy_id for policy_id in known if policy_id not in by_policy))
