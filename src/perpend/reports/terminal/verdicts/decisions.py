"""Print the severity and the waivers of findings, if there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import first_named
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import DEFAULT_SOURCE, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.formats.tally import PolicyTally
    from perpend.reports.terminal.page import TerminalPage


def severities_text(rated_evaluation: RatedEvaluation | None) -> str:
    """Return the numbers of incompliant, not waived findings of each severity, the highest first."""
    if rated_evaluation is None:
        return ""
    named = [*((level.value, level) for level in reversed(LEVELS)), ("not rated", None)]
    parts = [
        f"{number:,} {name}"
        for name, level in named
        if (number := rated_evaluation.numbers.get((level, Status.INCOMPLIANT), 0))
    ]
    return f"by severity: {', '.join(parts)}" if parts else ""


def print_severities(rated_evaluation: RatedEvaluation | None, evaluation: Evaluation, page: TerminalPage) -> None:
    """Print the numbers of findings of each severity, and their source if it is Perpend's default."""
    text = severities_text(rated_evaluation)
    if rated_evaluation is None or not text:
        return
    is_default = rated_evaluation.in_force.note(program.policy_id for program in evaluation.programs)
    source = f" ({DEFAULT_SOURCE})" if is_default else ""
    page.line((page.prose(text), "yellow"), (source, "dim"), first="  ")


def rating_text(rated_evaluation: RatedEvaluation | None, policy_id: str) -> str:
    """Return the severity of a policy's findings, with its source."""
    if rated_evaluation is None:
        return ""
    rating = rated_evaluation.in_force.of(policy_id)
    return rating.short_text(Status.INCOMPLIANT) if rating else "not rated"


def adjusted_text(rated_evaluation: RatedEvaluation | None, policy_id: str, object_id: str) -> str:
    """Return the severity of a finding if it differs from its policy's."""
    steps = rated_evaluation.steps.get(policy_id, {}).get(object_id, 0) if rated_evaluation else 0
    rating = rated_evaluation.in_force.of(policy_id, steps) if rated_evaluation and steps else None
    return f"{rating.level}, {'raised' if steps > 0 else 'lowered'}" if rating else ""


_COVERED: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
_MOST_NAMED: Final = 5


def waived_text(waiver_matches: WaiverMatches | None) -> str:
    """Return the numbers of waived verdicts of each status, and the waivers; empty if there are none."""
    if waiver_matches is None or not waiver_matches.waived:
        return ""
    parts = [f"{number:,} {status.value}" for status in _COVERED if (number := waiver_matches.number(status))]
    names = sorted({name for name, _ in waiver_matches.by_waiver})
    return f"of which waived: {' + '.join(parts)} (by {first_named([*map(visible, names)], _MOST_NAMED)})"


def waived_marks(
    evaluation: Evaluation, waiver_matches: WaiverMatches | None, tallies: Sequence[PolicyTally]
) -> dict[tuple[str, str], str]:
    """Return the marks of printed objects that are waived, by policy and Id."""
    if waiver_matches is None or not waiver_matches.waived:
        return {}
    from_shown = {(tally.policy.id, object_.id) for tally in tallies for group in tally.groups for object_, _ in group.shown}
    marks: dict[tuple[str, str], str] = {}
    from perpend.findings.waivers.run_findings import covered

    with covered(evaluation, waiver_matches) as rows:
        for waiver_status, (policy_id, _, object_id, *_), is_shown in rows:
            if is_shown and (policy_id, object_id) in from_shown:
                until = f" until {waiver_status.waiver.until}" if waiver_status.waiver.until else ""
                marks[policy_id, object_id] = f"waived{until}: {waiver_status.waiver.id}"
    return marks


def print_waived(waiver_matches: WaiverMatches | None, page: TerminalPage) -> None:
    """Print the numbers of waived verdicts."""
    text = waived_text(waiver_matches)
    if text:
        page.line((page.prose(text), "yellow"), first="  ")
