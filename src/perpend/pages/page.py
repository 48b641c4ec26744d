"""What every page has, and the parts that several kinds of pages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perpend.pages.refs import Ref

STATUSES = ("INCOMPLIANT", "UNDETERMINED", "COMPLIANT", "INAPPLICABLE", "DISAPPEARED")
"""The statuses in the order in which people want to know of them."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a page is: its own reference, a sentence for search engines, the way to it from the top, and its facets.

    ``words`` are further words that the search shall find it by.
    """

    ref: Ref
    description: str
    crumbs: tuple[Ref, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many verdicts there are of each status, in the order of :data:`STATUSES`."""

    numbers: tuple[int, ...] = (0,) * len(STATUSES)

    @property
    def total(self) -> int:
        """How many verdicts there are."""
        return sum(self.numbers)

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """Each status with its number."""
        return tuple(zip(STATUSES, self.numbers, strict=True))

    def __add__(self, other: Counts) -> Counts:
        return Counts(tuple(a + b for a, b in zip(self.numbers, other.numbers, strict=True)))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many requirements are answered by a policy that judges, by policies that cannot, and by none."""

    automated: int = 0
    manual: int = 0
    none: int = 0

    @property
    def total(self) -> int:
        """How many requirements there are."""
        return self.automated + self.manual + self.none

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.automated + other.automated, self.manual + other.manual, self.none + other.none)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a file: a diagnostic as a page shows it."""

    code: str
    severity: str
    message: str
    path: str
    line: int
    ref: Ref | None = None
