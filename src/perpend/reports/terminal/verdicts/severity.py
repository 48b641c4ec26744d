"""How severe findings are in, lines that say so out; nothing where nobody has rated any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.objects.status import Status
from perpend.findings.severity.levels import LEVELS

if TYPE_CHECKING:
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.reports.terminal.page import TerminalPage


def severities_text(weighed: RatedEvaluation | None) -> str:
    """Return how many findings that are incompliant and not waived there are of each severity, the worst first."""
    if weighed is None:
        return ""
    named = [*((level.value, level) for level in reversed(LEVELS)), ("not rated", None)]
    parts = [f"{number:,} {name}" for name, level in named if (number := weighed.numbers.get((level, Status.INCOMPLIANT), 0))]
    return f"by severity: {', '.join(parts)}" if parts else ""


def print_severities(weighed: RatedEvaluation | None, page: TerminalPage) -> None:
    """Print how many findings there are of each severity."""
    text = severities_text(weighed)
    if text:
        page.line((page.prose(text), "yellow"), first="  ")


def rating_text(weighed: RatedEvaluation | None, policy_id: str) -> str:
    """Return how severe a policy's findings are, and by whose word."""
    if weighed is None:
        return ""
    rating = weighed.in_force.of(policy_id)
    return rating.text(Status.INCOMPLIANT) if rating else "not rated"


def moved_text(weighed: RatedEvaluation | None, policy_id: str, object_id: str) -> str:
    """Return how severe a finding is where it is another severity than its policy's."""
    steps = weighed.steps.get(policy_id, {}).get(object_id, 0) if weighed else 0
    rating = weighed.in_force.of(policy_id, steps) if weighed and steps else None
    return f"{rating.level}, {'raised' if steps > 0 else 'lowered'}" if rating else ""
