"""Count requirements by their status, as reports and ``perpend compliance`` do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import (
    NOT_EVALUATED,
    RequirementStatus,
    framework_selection,
    scorecards_of,
)

if TYPE_CHECKING:
    from perpend.reports.site.content.site_model import SiteModel


@dataclass(frozen=True, slots=True)
class RequirementResults:
    """The number of requirements of each status, in the order of :class:`RequirementStatus`."""

    numbers: tuple[int, ...] = (0,) * len(RequirementStatus)

    @classmethod
    def of(cls, standing: RequirementStatus) -> RequirementResults:
        """Return the result of one requirement."""
        return cls(tuple(int(one is standing) for one in RequirementStatus))

    @property
    def asked(self) -> int:
        """The number of requirements with an evaluated policy."""
        return sum(number for standing, number in self.pairs if standing.was_evaluated)

    @property
    def total(self) -> int:
        """The number of requirements."""
        return sum(self.numbers)

    @property
    def pairs(self) -> tuple[tuple[RequirementStatus, int], ...]:
        """Each status with its number."""
        return tuple(zip(RequirementStatus, self.numbers, strict=True))

    def __add__(self, other: RequirementResults) -> RequirementResults:
        return RequirementResults(tuple(a + b for a, b in zip(self.numbers, other.numbers, strict=True)))


def requirement_results(book: SiteModel) -> dict[str, RequirementResults]:
    """Return the result of each requirement of all frameworks, by its ID. The book has verdicts."""
    verdicts = book.verdicts
    assert verdicts is not None
    counts = {
        policy_id: {Status(name): number for name, number in verdicts.counts([policy_id]).pairs}
        for policy_id in verdicts.by_policy
    }
    frameworks = [
        framework_selection(
            book.repository,
            book.mappings,
            [framework],
            inherited=verdicts.inherited,
            why_not=lambda policy_id: "" if policy_id in counts else NOT_EVALUATED,
        )
        for framework in book.children.get("/frameworks", ())
    ]
    cards = scorecards_of(frameworks, counts, verdicts.decisions, verdicts.in_part)
    return {result.requirement.id: RequirementResults.of(result.standing) for card in cards for result in card.results}
