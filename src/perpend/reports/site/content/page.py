"""The common parts of pages, and the key that tells whether two pages are equal."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from perpend.reports.site.content.links import Ref

STATUSES = ("INCOMPLIANT", "UNDETERMINED", "COMPLIANT", "INAPPLICABLE", "DISAPPEARED")
"""The statuses in the order in which people want to know of them."""


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
class Counts:
    """The number of verdicts of each status, in the order of :data:`STATUSES`."""

    numbers: tuple[int, ...] = (0,) * len(STATUSES)

    @property
    def total(self) -> int:
        """The number of verdicts."""
        return sum(self.numbers)

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """Each status with its number."""
        return tuple(zip(STATUSES, self.numbers, strict=True))

    def __add__(self, other: Counts) -> Counts:
        return Counts(tuple(a + b for a, b in zip(self.numbers, other.numbers, strict=True)))


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


def key_of(page: Page) -> str:
    """Return the content of a page as text. Equal pages have the same key in every process, other pages another key.

    The key has the values that count for comparison: the fields of a dataclass without those with ``compare=False``. Raise
    ``TypeError`` for other types: a list, a set, a mapping, a float.
    """
    parts: list[str] = []
    _write(page, parts)
    return "".join(parts)


def _write(value: object, parts: list[str]) -> None:
    """Add a value, with its length if it has one, so that no two values give the same text."""
    if isinstance(value, str):
        parts.append(f"{len(value)}:{value}")
    elif value is None or isinstance(value, int):
        parts.append(f"{value};")
    elif isinstance(value, tuple):
        parts.append(f"({len(value)}:")
        for part in value:
            _write(part, parts)
    elif is_dataclass(value) and not isinstance(value, type):
        parts.append(f"{type(value).__name__}(")
        for name in _compared(type(value)):
            _write(getattr(value, name), parts)
    else:
        raise TypeError(f"a page holds a {type(value).__name__}: {value!r}")


@cache
def _compared(form: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(form) if field.compare)
