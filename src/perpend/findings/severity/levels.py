"""The levels of severity, the least severe first, and the severity of a finding."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status


class SeverityLevel(StrEnum):
    """A level of severity."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The rank of the level, from 1, the least severe."""
        return LEVELS.index(self) + 1

    def shifted(self, steps: int) -> SeverityLevel:
        """Return the level some steps up or down, within the levels."""
        return LEVELS[min(max(self.rank - 1 + steps, 0), len(LEVELS) - 1)]


LEVELS: Final = tuple(SeverityLevel)
"""All levels, the least first."""


def severity_order(level: SeverityLevel | None, number: int, title: str, *, unknown: int = 0) -> tuple[int, int, int, str]:
    """Return the sort key of everything that has a severity: more severe, more failing objects, more unknown ones, title.

    Unrated ones come last.
    """
    return -(level.rank if level else 0), -number, -unknown, title.casefold()


DEFAULT_SOURCE: Final = "Perpend's default"
"""The source of the library's ratings."""

DEFAULT_NOTE: Final = f"Severity: {DEFAULT_SOURCE} unless a source is named (perpend severity list)"
"""The footnote of lists whose rows have the severities of :meth:`FindingSeverity.short_text`."""


@dataclass(frozen=True, slots=True)
class FindingSeverity:
    """The severity of a finding, who rated it and why. ``steps`` is the shift from its policy's rating."""

    level: SeverityLevel
    source: str
    because: str
    steps: int = 0

    def text(self, status: Status) -> str:
        """Return the severity in words. An undetermined finding has none of its own; the words say what it would be."""
        return self._text(status, self.source)

    def short_text(self, status: Status) -> str:
        """Return the severity in words, without the source if this is Perpend's default: a footnote says so."""
        return self._text(status, "" if self.source == DEFAULT_SOURCE else self.source)

    def _text(self, status: Status, source: str) -> str:
        would = "would be " if status is Status.UNDETERMINED else ""
        moved = {1: "raised", -1: "lowered"}.get((self.steps > 0) - (self.steps < 0), "")
        texts = ", ".join(filter(None, (source, moved)))
        return f"{would}{self.level}" + (f" ({texts})" if texts else "")
