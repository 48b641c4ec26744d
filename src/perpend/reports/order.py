"""The order of everything that has a severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perpend.findings.severity.levels import SeverityLevel


def priority(level: SeverityLevel | None, number: int, title: str) -> tuple[int, int, str]:
    """Return the sorting key by severity, then by the number of objects, then by title. Unrated ones come last."""
    return -(level.rank if level else 0), -number, title
