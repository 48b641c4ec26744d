"""The levels of severity, the least first, and what is said of a finding by them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from perpend.core.objects.status import Status


class SeverityLevel(StrEnum):
    """How severe somebody says a finding is."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The place among the levels, from 1, the least, on."""
        return LEVELS.index(self) + 1

    def shifted(self, steps: int) -> SeverityLevel:
        """Return the level some steps up or down, never beyond the last one."""
        return LEVELS[min(max(self.rank - 1 + steps, 0), len(LEVELS) - 1)]


LEVELS: Final = tuple(SeverityLevel)
"""All levels, the least first."""


@dataclass(frozen=True, slots=True)
class FindingSeverity:
    """How severe a finding is said to be, by whom and why. ``steps`` moved it away from what its policy is rated."""

    level: SeverityLevel
    source: str
    because: str
    steps: int = 0

    def text(self, status: Status) -> str:
        """Return it in words. Of what is not known it is what it would be: not known has no severity of its own."""
        would = "would be " if status is Status.UNDETERMINED else ""
        moved = {1: ", raised", -1: ", lowered"}.get((self.steps > 0) - (self.steps < 0), "")
        return f"{would}{self.level} ({self.source}{moved})"
