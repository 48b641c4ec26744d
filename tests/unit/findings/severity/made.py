"""Ratings as tests make them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from perpend.core.diagnostics.model import Span
from perpend.findings.severity.levels import SeverityLevel
from perpend.findings.severity.read import PolicyRating, SeverityShift


def rating(*policies: str, level: SeverityLevel = SeverityLevel.HIGH, **more: Any) -> PolicyRating:
    """Return a rating of policies by a board, to be mended within two days."""
    values: dict[str, Any] = {
        "because": "Why.",
        "source": "board",
        "vector": None,
        "within": timedelta(days=2),
        "span": Span("ratings/a.yaml"),
    }
    return PolicyRating(policies, level, **{**values, **more})


def shift(steps: int = 1, *policies: str, **scope: tuple[str, ...]) -> SeverityShift:
    """Return what moves findings of a scope."""
    return SeverityShift(policies, scope, steps, "Where it is.", "ops", Span("ratings/a.yaml", 9))
