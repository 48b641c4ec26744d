"""Return the findings of a run with everything that formats write: policy, resource, identity, history and severity.

Formats are written from these values alone. A caller with a history adds its facts.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.claims import NOT_ASKED
from perpend.core.objects.ids import production_of
from perpend.core.objects.status import Status
from perpend.core.values.values import iso_from_milliseconds
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.history.identity import finding_id
from perpend.language.program.numbering import split
from perpend.reports.formats.evaluated_rows import EvaluatedRows, RowColumns, RowOutcome
from perpend.reports.formats.subjects import subject_with_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.requirements import Scorecard
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.language.program.program import Program
    from perpend.reports.formats.subjects import Subject

OPEN: Final = (Status.INCOMPLIANT, Status.UNDETERMINED)
"""The statuses that formats write by default: passing findings would be most of the bytes."""


_MOST_ALIKE: Final = 4_096
"""How many outcomes are remembered: many findings have the same."""


@dataclass(frozen=True, slots=True)
class ReportedPolicy:
    """A policy of a run. ``requirements`` are the evaluated requirements that it answers: framework and number.

    ``rating`` is the severity of its findings, None if it is not rated.
    """

    id: str
    title: str
    path: str
    requirements: tuple[tuple[str, str], ...] = ()
    counts: Mapping[Status, int] = field(default_factory=dict)
    rating: FindingSeverity | None = None

    @property
    def name(self) -> str:
        """The last part of the policy's id."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class FindingTimes:
    """The facts of a finding that one run does not give. ``opened`` and ``seen`` are in milliseconds.

    ``change`` is the change by the last run. ``waiver`` is the reason and the end of a waiver. ``last`` is the status before
    the object disappeared. ``seen`` is the time of the last run with this finding, by default the run's own time. ``word`` is
    the state.
    """

    opened: int | None = None
    change: str | None = None
    waiver: str | None = None
    last: Status | None = None
    seen: int | None = None
    word: str | None = None


NOTHING_KNOWN: Final = FindingTimes()
NEW, SAME, CHANGED, CLOSED = "new", "same", "changed", "closed"
"""The change of a finding by the last run."""


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding for formats. ``line`` is the line of the deciding condition in the file of the policy.

    ``rating`` is its severity, for an undetermined finding the potential one; None if it is not rated.
    """

    uid: str
    policy: ReportedPolicy
    subject: Subject
    status: Status
    index: int
    message: str
    remediation: str | None
    line: int
    life: FindingTimes = NOTHING_KNOWN
    rating: FindingSeverity | None = None

    @property
    def is_archived(self) -> bool:
        """Whether it will not be evaluated again, because its object or its policy no longer exists."""
        return self.status is Status.DISAPPEARED or (self.life.change == CLOSED and self.status in OPEN)


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """The run of all findings in a document: its time, policies, totals and scorecards.

    ``not_evaluated`` lists the parts that were not evaluated, as :func:`not_evaluated` returns them. ``addresses`` has the
    resources of planned objects by Id.
    """

    milliseconds: int
    policies: Mapping[str, ReportedPolicy]
    counts: Mapping[Status, int]
    objects: int
    scorecards: tuple[Scorecard, ...] = ()
    not_evaluated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def time(self) -> str:
        """The time of the run, with milliseconds."""
        return moment_text(self.milliseconds)

    @property
    def day(self) -> str:
        """The day of the run."""
        return self.time[:10]


def moment_text(milliseconds: int) -> str:
    """Return a time in UTC, with milliseconds."""
    text = iso_from_milliseconds(milliseconds)
    return text if "." in text else f"{text[:-1]}.000Z"


def run_of(evaluation: Evaluation, rated_evaluation: RatedEvaluation | None = None) -> ReportedRun:
    """Return the run of an evaluation. ``rated_evaluation`` are the severities, None if nothing is rated."""
    cards = evaluation.scorecards()
    answered: dict[str, list[tuple[str, str]]] = {}
    for card in cards:
        for result in card.results:
            for policy in result.requirement.policies:
                requirement = card.framework.id.rpartition("/")[2], result.requirement.number
                answered.setdefault(policy.policy_id, []).append(requirement)
    policies = {}
    for column in evaluation.shown:
        program = column.program
        view = evaluation.selection.policies.get(program.policy_id)
        title = encodable(view.full_name if view else program.policy_id)
        requirements = tuple(dict.fromkeys(answered.get(program.policy_id, ())))
        path = production_of(program.policy_id).lstrip("/")
        rating = rated_evaluation.in_force.of(program.policy_id) if rated_evaluation else None
        policies[program.policy_id] = ReportedPolicy(program.policy_id, title, path, requirements, counts_of(column), rating)
    ledger = evaluation.ledger
    addresses = {one.id: one.address for source in evaluation.inventory.sources for one in source.planned}
    left_out = not_evaluated(evaluation)
    return ReportedRun(evaluation.day.milliseconds, policies, ledger.counts, ledger.objects, cards, left_out, addresses)


def not_evaluated(evaluation: Evaluation) -> dict[str, dict[str, str]]:
    """Return the parts that a run did not evaluate: names with their reasons, by a description of each kind."""
    unread = evaluation.inventory.unread
    reasons = evaluation.unread(beside=unread)
    types = {evaluation.type_label(name): why for name, why in reasons.items() if not why.startswith(NOT_ASKED)}
    kinds = {
        "policies with errors": dict.fromkeys(evaluation.selection.refused, ""),
        "inputs that cannot be read": dict.fromkeys(unread, ""),
        "types with objects that cannot be read": types,
    }
    return {what: names for what, names in kinds.items() if names}


def not_evaluated_lines(kinds: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the result of :func:`not_evaluated` as lines, one for each name."""
    return [f"{what}: {name}{f': {why}' if why else ''}" for what, names in kinds.items() for name, why in names.items()]


def findings_of(
    evaluation: Evaluation, run: ReportedRun, statuses: Collection[Status], rated_evaluation: RatedEvaluation | None = None
) -> Iterator[ReportedFinding]:
    """Yield the shown findings of some statuses, by type, object and policy."""
    programs = {column.program.policy_id: column.program for column in evaluation.shown}
    outcome_columns = {"policy_id": "VARCHAR", "number": "INTEGER", "error": "VARCHAR", "adjustment": "INTEGER"}
    columns = RowColumns(
        outcome_columns,
        lambda outcome: (outcome.program.policy_id, *outcome[1:]),
        lambda rows: {
            "id": rows.id,
            "external_id": rows.external_id,
            "name": rows.name,
            "account": rows.account,
            "region": rows.region,
        },
    )
    relation = EvaluatedRows(evaluation, columns, rated_evaluation, statuses)
    of_object = "r.id, r.external_id, r.name, r.account, r.region"
    alike: dict[tuple[Any, ...], ReportedFinding] = {}
    known = None
    for policy_id, *described, object_id, external_id, name, account, region in relation.rows(
        f"r.policy_id, r.number, r.error, r.adjustment, {of_object}"
    ):
        program = programs[policy_id]
        if (names := (program.input_type, object_id, external_id, name, account, region)) != known:
            known = names
            subject = subject_with_names(object_id, external_id, name, program.input_type, account=account, region=region)
        uid, outcome_key = finding_id(policy_id, program.input_type, object_id), (policy_id, *described)
        if (like := alike.get(outcome_key)) is None:
            like = finding_of(run, RowOutcome(program, *described), uid, subject, rated_evaluation)
            if len(alike) < _MOST_ALIKE:
                alike[outcome_key] = like
        yield ReportedFinding(
            uid, like.policy, subject, like.status, like.index, like.message, like.remediation, like.line, rating=like.rating
        )


def finding_of(
    run: ReportedRun, outcome: RowOutcome, uid: str, subject: Subject, rated_evaluation: RatedEvaluation | None
) -> ReportedFinding:
    """Return the finding of an outcome."""
    program, index, error, steps = outcome
    verdict = program.verdicts[index]
    remediation = remediation_of(program, verdict)
    return ReportedFinding(
        uid,
        run.policies[program.policy_id],
        subject,
        verdict.status,
        index,
        encodable(message_of(verdict, error)),
        remediation and encodable(remediation),
        line_of(program, index),
        rating=rated_evaluation.in_force.of(program.policy_id, steps) if rated_evaluation and verdict.status in OPEN else None,
    )


def line_of(program: Program, index: int) -> int:
    """Return the line of the deciding condition, or of ``otherwise``; 1 if it is not known."""
    number, block = split(index)[0], program.block
    if number == 0:
        return 1
    outcome = block.conditions[number - 1].outcome if number <= len(block.conditions) else block.otherwise
    return outcome.span.line if outcome.span else 1
