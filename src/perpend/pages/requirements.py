"""Policies that answer a requirement, and their verdicts, in; how that requirement fared out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from perpend.analyze.frameworks import RequirementAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.pages.book import Book


@dataclass(frozen=True, slots=True)
class RequirementResults:
    """How many requirements fared how: by the worst verdict of the policies that answer them, where all of these were asked.

    ``inapplicable``: no object concerns them. ``unasked``: some policy that judges was not asked, and none of those asked
    found anything. ``manual``: no policy can judge. ``none``: no policy answers them.
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
        """How many requirements the verdicts speak of in whole, or find something wrong or unknown in."""
        return self.incompliant + self.undetermined + self.compliant + self.inapplicable

    @property
    def total(self) -> int:
        """How many requirements there are."""
        return self.asked + self.unasked + self.manual + self.none

    def __add__(self, other: RequirementResults) -> RequirementResults:
        return RequirementResults(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def requirement_result(book: Book, policy_ids: Sequence[str]) -> RequirementResults:
    """Return how the one requirement that these policies answer fared. The book has verdicts."""
    assert book.verdicts is not None
    answer = book.mappings.answer(policy_ids)
    if answer is not RequirementAnswer.AUTOMATED:
        manual = answer is RequirementAnswer.MANUAL
        return RequirementResults(manual=int(manual), none=int(not manual))
    found = dict(book.verdicts.counts(policy_ids).pairs)
    if found["INCOMPLIANT"]:
        return RequirementResults(incompliant=1)
    if found["UNDETERMINED"]:
        return RequirementResults(undetermined=1)
    judging = [policy_id for policy_id in policy_ids if book.mappings.judges(policy_id)]
    if not all(policy_id in book.verdicts.by_policy for policy_id in judging):
        return RequirementResults(unasked=1)
    return RequirementResults(compliant=1) if found["COMPLIANT"] else RequirementResults(inapplicable=1)
