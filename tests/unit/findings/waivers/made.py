"""Waivers as tests make them."""

from __future__ import annotations

from datetime import date
from typing import Any

from perpend.core.diagnostics.model import Span
from perpend.findings.waivers.read import Waiver
from perpend.findings.waivers.status import DecisionDay, Force, WaiverStatus

DAY = date(2026, 11, 20)
ASKED = DecisionDay(DAY, DAY)


def waiver(identity: str = "w", **more: Any) -> Waiver:
    """Return a waiver of the policy `/p` until the end of the year."""
    values: dict[str, Any] = {
        "policies": ("/p",),
        "scope": {},
        "statuses": ("INCOMPLIANT",),
        "kind": "planned-fix",
        "reason": "Why.",
        "owner": "o",
        "limit": 1_000,
        "until": date(2026, 12, 31),
        "begins": None,
        "approved_by": None,
        "ticket": None,
        "span": Span("waivers/a.yaml"),
    }
    return Waiver(identity, **{**values, **more})


def standing(
    identity: str = "w", force: Force = Force.IN_FORCE, policies: tuple[str, ...] = ("/p",), **more: Any
) -> WaiverStatus:
    """Return a waiver with the policies that it means."""
    return WaiverStatus(waiver(identity, policies=policies, **more), force, policies)
