"""Print the severity and the waivers of findings, if there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.status import Status
from perpend.findings.severity.levels import DEFAULT_SOURCE, LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.formats.tally import PolicyTally
    from perpend.reports.terminal.page import TerminalPage


def severities_text(weighed: RatedEvaluation | None) -> str:
    """Return the numbers of incompliant, not waived findings of each severity, the highest first."""
    if weighed is None:
        return ""
    named = [*((level.value, level) for level in reversed(LEVELS)), ("not rated", None)]
    parts = [f"{number:,} {name}" for name, level in named if (number := weighed.numbers.get((level, Status.INCOMPLIANT), 0))]
    return f"by severity: {', '.join(parts)}" if parts else ""


def print_severities(weighed: RatedEvaluation | None, evaluation: Evaluation, page: TerminalPage) -> None:
    """Print the numbers of findings of each severity, and their source if it is Perpend's default."""
    text = severities_text(weighed)
    if weighed is None or not text:
        return
    is_default = weighed.in_force.note(program.policy_id for program in evaluation.programs)
    source = f" ({DEFAULT_SOURCE})" if is_default else ""
    page.line((page.prose(text), "yellow"), (source, "dim"), first="  ")


def rating_text(weighed: RatedEvaluation | None, policy_id: str) -> str:
    """Return the severity of a policy's findings, with its source."""
    if weighed is None:
        return ""
    rating = weighed.in_force.of(policy_id)
    return rating.short_text(Status.INCOMPLIANT) if rating else "not rated"


def adjusted_text(weighed: RatedEvaluation | None, policy_id: str, object_id: str) -> str:
    """Return the severity of a finding if it differs from its policy's."""
    steps = weighed.steps.get(policy_id, {}).get(object_id, 0) if weighed else 0
    rating = weighed.in_force.of(policy_id, steps) if weighed and steps else None
    return f"{rating.level}, {'raised' if steps > 0 else 'lowered'}" if rating else ""


_COVERED: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
_MOST_NAMED: Final = 5


def waived_text(covering: WaiverMatches | None) -> str:
    """Return the numbers of waived verdicts of each status, and the waivers; empty if there are none."""
    if covering is None or not covering.waived:
        return ""
    parts = [f"{number:,} {status.value}" for status in _COVERED if (number := covering.number(status))]
    names = sorted({name for name, _ in covering.by_waiver})
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"of which waived: {' + '.join(parts)} (by {', '.join(map(visible, names[:_MOST_NAMED]))}{more})"


def waived_marks(
    evaluation: Evaluation, covering: WaiverMatches | None, tallies: Sequence[PolicyTally]
) -> dict[tuple[str, str], str]:
    """Return the marks of printed objects that are waived, by policy and Id."""
    if covering is None or not covering.waived:
        return {}
    from_shown = {(tally.policy.id, object_.id) for tally in tallies for group in tally.groups for object_, _ in group.shown}
    marks: dict[tuple[str, str], str] = {}
    from perpend.findings.waivers.run_findings import covered

    with covered(evaluation, covering) as rows:
        for standing, (policy_id, _, object_id, *_), is_shown in rows:
            if is_shown and (policy_id, object_id) in from_shown:
                until = f" until {standing.waiver.until}" if standing.waiver.until else ""
                marks[policy_id, object_id] = f"waived{until}: {standing.waiver.id}"
    return marks


def print_waived(covering: WaiverMatches | None, page: TerminalPage) -> None:
    """Print the numbers of waived verdicts."""
    text = waived_text(covering)
    if text:
        page.line((page.prose(text), "yellow"), first="  ")
