"""Scorecards in, text and values out: every requirement in one class, two fractions, and never a percentage alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.terminal.page import TerminalPage
from perpend.reports.terminal.verdicts.requirements_list import print_requirements, print_totals

if TYPE_CHECKING:
    from rich.console import Console

    from perpend.evaluation.verdicts.requirements import Scorecard


def fractions(card: Scorecard) -> dict[str, tuple[int, int]]:
    """Return what is met of all requirements and of those judged, and of objects what complies of what is known.

    A requirement is judged where it fails, is undetermined, waived, or met; a verdict is known where it is compliant or
    incompliant.
    """
    met = card.counts[RequirementStatus.MET]
    judged = met + sum(
        card.counts[standing]
        for standing in (RequirementStatus.FAILS, RequirementStatus.UNDETERMINED, RequirementStatus.WAIVED)
    )
    total = {status: sum(result.counts[status] for result in card.results) for status in Status}
    known = total[Status.COMPLIANT] + total[Status.INCOMPLIANT]
    return {
        "met of all": (met, len(card.results)),
        "met of judged": (met, judged),
        "compliant of known verdicts": (total[Status.COMPLIANT], known),
        "known of asked verdicts": (known, known + total[Status.UNDETERMINED]),
    }


def print_card(card: Scorecard, console: Console, *, whole: bool) -> None:
    """Print how a framework stands; ``whole``: with a row for each requirement."""
    page = TerminalPage(console)
    print_totals(card, page)
    named = ("requirements met", "judged ones met", "known verdicts compliant", "asked verdicts known")
    parts = [f"{part:,} of {of:,} {name}" for (part, of), name in zip(fractions(card).values(), named, strict=True)]
    page.line(", ".join(parts), first="  ")
    if whole:
        print_requirements(card, page)
    page.blank()


def card_document(card: Scorecard) -> dict[str, Any]:
    """Return a scorecard as JSON has it."""
    return {
        "framework": card.framework.id,
        "name": card.framework.name,
        "requirements": {standing.value: number for standing, number in card.counts.items()},
        "fractions": {name: {"part": part, "of": of} for name, (part, of) in fractions(card).items()},
        "results": [
            {
                "requirement": result.requirement.id,
                "number": result.requirement.number,
                "name": result.requirement.name,
                "standing": result.standing.value,
                "counts": {status.value: number for status, number in result.counts.items() if number},
                "policies": [
                    {"policy": policy.policy_id, "judges": policy.judges, "whyNot": policy.reason or None}
                    for policy in result.requirement.policies
                ],
            }
            for result in card.results
        ],
    }
