"""The common parts of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from perpend.reports.site.content.links import Ref


@dataclass(frozen=True, slots=True)
class Head:
    """The identity of a page: its reference, a sentence for search engines, the path from the top, and its facets.

    ``words`` are further search words. ``prose`` is Markdown text whose first words replace ``description`` if there are any.
    """

    ref: Ref
    description: str
    crumbs: tuple[Ref, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    prose: str = ""


class Page(Protocol):
    """Anything that is a page: a value with a head."""

    @property
    def head(self) -> Head:
        """The head of the page."""


@dataclass(frozen=True, slots=True)
class SectionCoverage:
    """The number of requirements by coverage: by production policies, by other policies only, and by none."""

    automated: int = 0
    manual: int = 0
    none: int = 0

    @property
    def total(self) -> int:
        """The number of requirements."""
        return self.automated + self.manual + self.none

    def __add__(self, other: SectionCoverage) -> SectionCoverage:
        return SectionCoverage(self.automated + other.automated, self.manual + other.manual, self.none + other.none)


@dataclass(frozen=True, slots=True)
class Changes:
    """The first and last change of a directory (ISO 8601, UTC), the number of revisions, and the authors, most active first.

    The history of a moved directory begins with the move.
    """

    first: str
    last: str
    revisions: int
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a file: a diagnostic as a page shows it."""

    code: str
    severity: str
    message: str
    path: str
    line: int
    ref: Ref | None = None
