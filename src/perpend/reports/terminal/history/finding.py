"""Convert rows of a history to the run and findings that formats write.

The line of a condition is given only if the policy has not changed since the run.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.ids import production_of
from perpend.core.objects.status import Status
from perpend.core.values.values import milliseconds_from_datetime
from perpend.evaluation.verdicts.selection import name_of, title_of, view_of
from perpend.findings.history.identity import program_hash
from perpend.findings.history.model import OPEN_STATES, Event, State
from perpend.findings.severity.effective import EffectiveRatings
from perpend.findings.severity.levels import SeverityLevel
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.formats.finding import (
    CHANGED,
    CLOSED,
    NEW,
    SAME,
    FindingTimes,
    ReportedFinding,
    ReportedPolicy,
    ReportedRun,
    line_of,
)
from perpend.reports.formats.subjects import subject_with_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.queries.findings import Row
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.waivers.status import WaiverStatus
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

CHANGED_IN: Final = "changed_in_run"
"""The column with the run that last changed a finding, which is added to those of findings."""

NO_NEWS: Final = (Event.CHANGED.value, Event.RECONFIRMED.value)
"""The events of findings that were open before and still are."""

_ENDED: Final = (State.RESOLVED, State.RESOURCE_DELETED, State.POLICY_REMOVED)
_DIFFERENT: Final = {
    Event.OPENED: NEW,
    Event.REOPENED: NEW,
    Event.RESOLVED: CLOSED,
    Event.RESOURCE_DELETED: CLOSED,
    Event.POLICY_REMOVED: CLOSED,
}

Counts: TypeAlias = "Mapping[str, Mapping[Status, int]]"


@dataclass(frozen=True, slots=True)
class HistoryAnnotations:
    """Facts that formats need besides the rows: the repository, texts of waivers by their ids, and ratings.

    ``lines``: formats need the lines of conditions.
    """

    repository: Repository
    waivers: Mapping[str, str] = field(default_factory=dict)
    ratings: EffectiveRatings = field(default_factory=EffectiveRatings)
    lines: bool = False

    def title_of(self, policy_id: str) -> str:
        """Return the title of a policy; of one that the repository does not have, its id."""
        return title_of(self.repository, policy_id)

    def name_of(self, policy_id: str) -> str:
        """Return a name for commands: the shortest ending of a policy's id that is its own."""
        return name_of(self.repository, policy_id)


def waiver_texts(waiver_statuses: Iterable[WaiverStatus]) -> dict[str, str]:
    """Return the reason and the end of each waiver, by its id."""
    return {
        waiver.id: f"{f'until {waiver.until}' if waiver.until else 'without an end'}: {waiver.reason} "
        f"({waiver.id}{f', {waiver.ticket}' if waiver.ticket else ''})"
        for waiver in (waiver_status.waiver for waiver_status in waiver_statuses)
    }


def history_run(
    head: HistoryManifest, time: datetime, counts: Counts, notes: HistoryAnnotations, cards: Sequence[Scorecard] = ()
) -> ReportedRun:
    """Return the run of findings from a history. ``counts`` are the counts of verdicts, by policy.

    With ``cards``, only policies with counts are part of the run.
    """
    requirements: dict[str, dict[tuple[str, str], None]] = {}
    for card in cards:
        for result in card.results:
            for policy in result.requirement.policies:
                requirement = (card.framework.id.rpartition("/")[2], result.requirement.number)
                requirements.setdefault(policy.policy_id, {})[requirement] = None
    policies, known = {}, frozenset(notes.repository.policy_ids)
    for policy_id in sorted(counts if cards else {policy.policy_id for policy in head.policies}):
        title = encodable(view_of(notes.repository, policy_id).full_name if policy_id in known else policy_id)
        path = production_of(policy_id).lstrip("/")
        rating = notes.ratings.of(policy_id)
        of_one = counts.get(policy_id, dict.fromkeys(Status, 0))
        policies[policy_id] = ReportedPolicy(policy_id, title, path, tuple(requirements.get(policy_id, ())), of_one, rating)
    total = {status: sum(of_one.get(status, 0) for of_one in counts.values()) for status in Status}
    return ReportedRun(milliseconds_from_datetime(time), policies, total, _objects(head, counts), tuple(cards))


def _objects(head: HistoryManifest, counts: Counts) -> int:
    """Return the number of objects: for each type, the largest number that one policy evaluated."""
    by_type: dict[str, int] = {}
    for policy in head.policies:
        of_one = sum(counts.get(policy.policy_id, {}).values())
        by_type[policy.type_name] = max(by_type.get(policy.type_name, 0), of_one)
    return sum(by_type.values())


def history_findings(
    rows: Iterable[Row], run: ReportedRun, head: HistoryManifest, notes: HistoryAnnotations
) -> Iterator[ReportedFinding]:
    """Yield findings of a history. Rows have the columns of findings, ``changed_in_run``, and columns of waivers."""
    converter = _Converter(run, head, notes)
    newest = head.runs[-1].number
    for row in rows:
        life = State(row["life"])
        if life in _ENDED:
            change = CLOSED
        elif life in OPEN_STATES and milliseconds_from_datetime(row["open_since"]) >= run.milliseconds:
            change = NEW
        else:
            change = CHANGED if row[CHANGED_IN] == newest else SAME
        yield converter.finding(row, Status(row["status"]), change, life.value, seen=row["last_seen"])


def changed_findings(
    rows: Iterable[Row], run: ReportedRun, head: HistoryManifest, notes: HistoryAnnotations
) -> Iterator[ReportedFinding]:
    """Yield findings that differ between two runs, in their state after the second one."""
    converter = _Converter(run, head, notes)
    for row in rows:
        what = Event(row["what"])
        shaped = {**row, "condition_index": row["after_index"]}
        yield converter.finding(shaped, Status(row["after"]), _DIFFERENT.get(what, CHANGED), what.value, last=row["before"])


class _Converter:
    """Converts the rows of one run."""

    def __init__(self, run: ReportedRun, head: HistoryManifest, notes: HistoryAnnotations) -> None:
        self._run = run
        self._notes = notes
        self._programs_then = {(policy.policy_id, policy.type_name): policy.program for policy in head.policies}
        self._analyzer = Analyzer(notes.repository)
        self._programs: dict[tuple[str, str], Program | None] = {}

    def finding(
        self,
        row: Mapping[str, Any],
        status: Status,
        change: str,
        word: str,
        *,
        seen: datetime | None = None,
        last: str | None = None,
    ) -> ReportedFinding:
        index, policy_id = row["condition_index"], row["policy_id"]
        message = row["current_state_message"] or ""
        remediation = row["remediation_message"]
        waiver = row.get("waiver")
        opened = row["open_since"]
        life = FindingTimes(
            milliseconds_from_datetime(opened) if opened is not None else None,
            change,
            encodable(self._notes.waivers.get(waiver, waiver)) if waiver else None,
            Status(last) if last and status is Status.DISAPPEARED else None,
            milliseconds_from_datetime(seen) if seen is not None else None,
            word,
        )
        identity, external = row["object_id"] or "", row["external_id"] or ""
        rating = self._rating(policy_id, row.get("severity"))
        return ReportedFinding(
            row["finding_id"],
            self._run.policies[policy_id],
            subject_with_names(
                identity, external, row["object_name"] or "", row["type"], account=row["account"], region=row["region"]
            ),
            status,
            index,
            encodable(message),
            encodable(remediation) if remediation else None,
            self._line(policy_id, row["type"], index),
            life,
            rating,
        )

    def _rating(self, policy_id: str, severity: str | None) -> FindingSeverity | None:
        rated = self._notes.ratings.by_policy.get(policy_id)
        if rated is None or severity is None:
            return None
        return self._notes.ratings.of(policy_id, SeverityLevel(severity).rank - rated.level.rank)

    def _line(self, policy_id: str, type_name: str, index: int) -> int:
        key = (policy_id, type_name)
        if key not in self._programs:
            logic_id = production_of(policy_id)
            known = self._notes.lines and logic_id in self._notes.repository.logic_ids
            program = self._analyzer.analyzed(logic_id).program if known else None
            same = program is not None and program_hash(program) == self._programs_then.get(key)
            self._programs[key] = program if same else None
        program = self._programs[key]
        return line_of(program, index) if program is not None else 1
