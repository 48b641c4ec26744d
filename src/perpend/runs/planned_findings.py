"""Findings on objects that a plan changes: only these fail a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.levels import SeverityLevel
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches


def unchanged_objects(evaluation: Evaluation) -> frozenset[str]:
    """Return the Ids of objects that the plans of a run leave as they are."""
    return frozenset(one.id for source in evaluation.inventory.sources for one in source.planned if not one.is_changed)


def findings_on_changed(
    evaluation: Evaluation,
    matches: WaiverMatches | None,
    unchanged: frozenset[str],
    *,
    rated: RatedEvaluation | None = None,
    least: SeverityLevel | None = None,
    unrated: bool = True,
) -> dict[Status, int]:
    """Return the number of INCOMPLIANT findings that are not waived, and of UNDETERMINED ones, on changed objects.

    With ``least``, only of those that are severe enough, or not rated. Which findings of a policy are waived is not known here:
    those on unchanged objects count as waived first, so that no finding is missed.
    """
    counts: Counter[tuple[str, Status, bool]] = Counter()
    for verdict in evaluation.findings():
        if verdict.status not in (Status.INCOMPLIANT, Status.UNDETERMINED):
            continue
        rating = rated.of(verdict.policy_id, verdict.object.id) if rated is not None and least is not None else None
        if least is not None and not (unrated if rating is None else rating.level.rank >= least.rank):
            continue
        counts[verdict.policy_id, verdict.status, verdict.object.id in unchanged] += 1
    numbers = dict.fromkeys((Status.INCOMPLIANT, Status.UNDETERMINED), 0)
    for (policy_id, status, is_unchanged), number in counts.items():
        if is_unchanged:
            continue
        waived = matches.waived_of(policy_id) if matches is not None and status is Status.INCOMPLIANT else 0
        numbers[status] += max(0, number - max(0, waived - counts[policy_id, status, True]))
    return numbers
