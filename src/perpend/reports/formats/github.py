"""Write what a run finds as GitHub workflow commands, which a job shows as annotations of the pull request.

Objects of plans are named by their address. Incompliant verdicts on objects that a plan leaves as they are are warnings, all
others errors. What is not known is one notice for each reason.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.github import workflow_command
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.status import Status
from perpend.reports.formats.finding import OPEN, findings_of, run_of
from perpend.reports.formats.planned import kind_of_reason, planned_objects

if TYPE_CHECKING:
    from typing import TextIO

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.results import RatedEvaluation

MOST: Final = 50
"""The largest number of annotations of a kind: GitHub shows ten, and keeps the others in the log."""


def write_github(evaluation: Evaluation, stream: TextIO, *, rated_evaluation: RatedEvaluation | None = None) -> None:
    """Write a command for each incompliant verdict, the most severe first, and for each reason why verdicts are not known."""
    planned = planned_objects(evaluation)
    incompliant: dict[str, list[tuple[int, str, str]]] = {"error": [], "warning": []}
    unknown: Counter[str] = Counter()
    for finding in findings_of(evaluation, run_of(evaluation, rated_evaluation), OPEN, rated_evaluation):
        if finding.status is Status.UNDETERMINED:
            unknown[kind_of_reason(finding.message) if planned else finding.message] += 1
            continue
        place = planned.get(finding.subject.id)
        level = "error" if place is None or place.is_changed else "warning"
        rank = finding.rating.level.rank if finding.rating else 0
        name = place.address if place else finding.subject.shown_name
        incompliant[level].append((-rank, finding.policy.title, f"{name}: {finding.message}"))
    for level, listed in incompliant.items():
        for _, title, text in sorted(listed)[:MOST]:
            stream.write(workflow_command(level, visible(title), visible(text)))
        if len(listed) > MOST:
            stream.write(workflow_command(level, "Perpend", f"{counted(len(listed) - MOST, 'more verdict')}"))
    for reason, number in sorted(unknown.items(), key=lambda one: (-one[1], one[0]))[:MOST]:
        stream.write(workflow_command("notice", "Not known", visible(f"{counted(number, 'verdict')}: {reason}")))
