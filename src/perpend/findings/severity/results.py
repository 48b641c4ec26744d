"""Rate the findings of an evaluation. Verdicts do not change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.findings.severity.adjustments import SHIFTED, shift_candidates
from perpend.findings.severity.effective import EffectiveRatings
from perpend.findings.waivers.matching import CANDIDATES, covered_query, fill_candidates, match
from perpend.findings.waivers.run_findings import run_database, run_findings
from perpend.findings.waivers.status import Force
from perpend.inventory.snapshots.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.severity.levels import FindingSeverity, SeverityLevel
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection

_WAIVED: Final = "perpend_rated_waived"


@dataclass(frozen=True, slots=True)
class RatedEvaluation:
    """The severity of an evaluation's findings.

    ``numbers`` counts findings by level (None if not rated) and status: INCOMPLIANT ones that are not waived, and all
    UNDETERMINED ones. ``steps`` holds the shifts from the policy's rating, by policy and object.
    """

    in_force: EffectiveRatings = field(default_factory=EffectiveRatings)
    numbers: Mapping[tuple[SeverityLevel | None, Status], int] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, policy_id: str, object_id: str) -> FindingSeverity | None:
        """Return the severity of a finding; None if its policy is not rated."""
        return self.in_force.of(policy_id, self.steps.get(policy_id, {}).get(object_id, 0))

    def number(self, status: Status, least: SeverityLevel, *, unrated: bool) -> int:
        """Return the number of findings of a status with at least this level; with ``unrated``, of unrated ones, too."""
        return sum(
            number
            for (level, of), number in self.numbers.items()
            if of is status and (unrated if level is None else level.rank >= least.rank)
        )


def weighed(evaluation: Evaluation, in_force: EffectiveRatings, covering: WaiverMatches | None) -> RatedEvaluation:
    """Return the severity of an evaluation's findings. ``covering`` are the findings that waivers cover."""
    numbers: Counter[tuple[SeverityLevel | None, Status]] = Counter()
    for column in evaluation.verdicts:
        policy_id, counts = column.program.policy_id, counts_of(column)
        waived = covering.waived_of(policy_id) if covering else 0
        level = _level(in_force.of(policy_id))
        numbers[level, Status.INCOMPLIANT] += counts[Status.INCOMPLIANT] - waived
        numbers[level, Status.UNDETERMINED] += counts[Status.UNDETERMINED]
    steps: dict[str, dict[str, int]] = {}
    if in_force.shifts:
        with run_database(evaluation) as connection:
            wanted = {policy for shift in in_force.shifts for policy in shift.looked_at}
            fill_candidates(connection, run_findings(evaluation, wanted))
            _keep_waived(connection, covering)
            shift_candidates(connection, in_force.shifts)
            _move(connection, in_force, numbers, steps)
    return RatedEvaluation(in_force, numbers, steps)


def _keep_waived(connection: Connection, covering: WaiverMatches | None) -> None:
    """Fill a table with the candidates that waivers in force cover."""
    standings = covering.standings if covering else ()
    match(connection, standings)
    covered = covered_query(place for place, standing in enumerate(standings) if standing.force is Force.IN_FORCE)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_WAIVED} AS {covered}")


def _move(
    connection: Connection,
    in_force: EffectiveRatings,
    numbers: Counter[tuple[SeverityLevel | None, Status]],
    steps: dict[str, dict[str, int]],
) -> None:
    moved = (
        f"SELECT c.policy_id, c.id, c.status, s.steps, w.candidate IS NOT NULL FROM {SHIFTED} AS s "
        f"JOIN {CANDIDATES} AS c ON c.rowid = s.candidate LEFT JOIN {_WAIVED} AS w ON w.candidate = s.candidate"
    )
    for policy_id, object_id, status, step, is_waived in rows_of(connection, moved):
        steps.setdefault(policy_id, {})[object_id or ""] = step
        if not is_waived or status == Status.UNDETERMINED:
            numbers[_level(in_force.of(policy_id)), Status(status)] -= 1
            numbers[_level(in_force.of(policy_id, step)), Status(status)] += 1


def _level(rating: FindingSeverity | None) -> SeverityLevel | None:
    return rating.level if rating else None
