"""What waivers cover of a judgement in, lines that say so out: always as a part of what is incompliant, never instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.status import Status
from perpend.findings.waivers.match_results import covered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.formats.tally import PolicyTally
    from perpend.reports.terminal.page import TerminalPage

_COVERED: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
_MOST_NAMED: Final = 5


def waived_text(covering: WaiverMatches | None) -> str:
    """Return how many verdicts of each status are waived, and by which waivers; nothing where none is."""
    if covering is None or not covering.waived:
        return ""
    parts = [f"{number:,} {status.value}" for status in _COVERED if (number := covering.number(status))]
    names = sorted({name for name, _ in covering.by_waiver})
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"of which waived: {' + '.join(parts)} (by {', '.join(map(visible, names[:_MOST_NAMED]))}{more})"


def waived_marks(
    evaluation: Evaluation, covering: WaiverMatches | None, tallies: Sequence[PolicyTally]
) -> dict[tuple[str, str], str]:
    """Return what is to be said of the objects that are shown and waived, by policy and Id."""
    if covering is None or not covering.waived:
        return {}
    from_shown = {(tally.policy.id, object_.id) for tally in tallies for group in tally.groups for object_, _ in group.shown}
    marks: dict[tuple[str, str], str] = {}
    with covered(evaluation, covering) as rows:
        for standing, (policy_id, _, object_id, *_), is_shown in rows:
            if is_shown and (policy_id, object_id) in from_shown:
                until = f" until {standing.waiver.until}" if standing.waiver.until else ""
                marks[policy_id, object_id] = f"waived{until}: {standing.waiver.id}"
    return marks


def print_waived(covering: WaiverMatches | None, page: TerminalPage) -> None:
    """Print how many verdicts are waived."""
    text = waived_text(covering)
    if text:
        page.line((page.prose(text), "yellow"), first="  ")
