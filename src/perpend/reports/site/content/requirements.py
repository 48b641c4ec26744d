"""Policies that answer a requirement, and their verdicts, in; how that requirement fared out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import NOT_EVALUATED, RequirementPolicy, RequirementStatus, requirement_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.reports.site.content.site_model import SiteModel


@dataclass(frozen=True, slots=True)
class RequirementResults:
    """The number of requirements by result, as in reports (``evaluation/verdicts/requirements.py``).

    ``inapplicable``: they concern no object. ``unasked``: no production policy was run. If only some of the policies were run,
    the requirement is undetermined. ``manual``: no policy has production logic. ``none``: no policy maps to them.
    """

    incompliant: int = 0
    undetermined: int = 0
    compliant: int = 0
    inapplicable: int = 0
    unasked: int = 0
    manual: int = 0
    none: int = 0

    @property
    def asked(self) -> int:
        """The number of requirements with complete results, a fault, or an unknown result."""
        return self.incompliant + self.undetermined + self.compliant + self.inapplicable

    @property
    def total(self) -> int:
        """The number of requirements."""
        return self.asked + self.unasked + self.manual + self.none

    def __add__(self, other: RequirementResults) -> RequirementResults:
        return RequirementResults(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


_FIELD_OF: Final = {
    RequirementStatus.FAILS: "incompliant",
    RequirementStatus.UNDETERMINED: "undetermined",
    RequirementStatus.MET: "compliant",
    RequirementStatus.NOTHING_TO_JUDGE: "inapplicable",
    RequirementStatus.NOT_ASKED: "unasked",
    RequirementStatus.MANUAL: "manual",
    RequirementStatus.UNANSWERED: "none",
}


def requirement_result(book: SiteModel, policy_ids: Sequence[str]) -> RequirementResults:
    """Return how the one requirement that these policies answer fared. The book has verdicts."""
    assert book.verdicts is not None
    asked, part, judges = book.verdicts.by_policy, book.verdicts.in_part.get, book.mappings.judges
    policies = [RequirementPolicy(one, judges(one), "" if one in asked else NOT_EVALUATED, part(one, "")) for one in policy_ids]
    counts = dict(book.verdicts.counts(policy_ids).pairs)
    standing = requirement_status(policies, {status: counts[status.value] for status in Status})
    return RequirementResults(**{_FIELD_OF[standing]: 1})
