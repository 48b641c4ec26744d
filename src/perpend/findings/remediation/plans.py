"""Plan the remediation of each incompliant object, with the object's own names. Nothing is run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import clouds
from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import BATCH
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.findings.remediation.fill import NotFilled, fill
from perpend.findings.remediation.model import Look

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import PolicyView
    from perpend.evaluation.verdicts.verdicts import PlacedVerdict, Verdicts
    from perpend.findings.remediation.model import Remedy
    from perpend.language.interpreter.interpreter import EvaluationOutcome

UNDECLARED: Final = "no commands are prepared yet"
"""The reason why a guide has no commands: nobody has written any."""


@dataclass(frozen=True, slots=True)
class RemediationPlan:
    """The plan for one object: a filled ``remedy``, or the reasons ``why_not``; ``guide`` is the remediation in words.

    ``by_hand``: the policy has no commands for any object, and ``why_not`` is a sentence.
    """

    policy: PolicyView
    type_label: str
    object: CloudObject
    message: str
    guide: str
    remedy: Remedy | None
    why_not: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def account(self) -> str:
        """The account that the object belongs to, or is; empty if it is not known."""
        return self.object.account or ""


@dataclass(frozen=True, slots=True)
class Remediable:
    """The plan to make for one policy: its remedy, None if it has none, and the objects by Id, None for all."""

    remedy: Remedy | None
    objects: Collection[str] | None = None


def remediation_plans(
    evaluation: Evaluation, remedies: Mapping[str, Remediable], status: Status = Status.INCOMPLIANT
) -> Iterator[RemediationPlan]:
    """Yield a plan for each object with a status, by policy, then in the order of objects; some hundreds are read at once."""
    for column in evaluation.verdicts:
        to_mend = remedies.get(column.program.policy_id)
        if to_mend is None:
            continue
        for object_, end in _with_status(column, to_mend, status):
            yield _mending(evaluation, column, object_, end, to_mend.remedy)


def _with_status(column: Verdicts, to_mend: Remediable, status: Status) -> Iterator[tuple[CloudObject, EvaluationOutcome]]:
    """Yield the requested objects with a status, each with its outcome."""
    remedy = to_mend.remedy
    of_type = column.objects.reading(value.path for value in remedy.values) if remedy else column.objects
    for batch in _found(column, status):
        objects = of_type.at([verdict.place for verdict in batch])
        for verdict, end in zip(batch, column.verdicts_at(batch, objects), strict=True):
            if to_mend.objects is None or objects[verdict.place].id in to_mend.objects:
                yield objects[verdict.place], end


def _found(column: Verdicts, status: Status) -> Iterator[Sequence[PlacedVerdict]]:
    indexes = [index for index, verdict in column.program.verdicts.items() if verdict.status is status]
    number = sum(count for index, count in column.counted().items() if index in indexes)
    [verdicts] = column.firsts([indexes], number)
    for start in range(0, len(verdicts), BATCH):
        yield verdicts[start : start + BATCH]


def _mending(
    evaluation: Evaluation, column: Verdicts, object_: CloudObject, end: EvaluationOutcome, remedy: Remedy | None
) -> RemediationPlan:
    program, (index, error) = column.program, end
    verdict = program.verdicts[index]
    policy, label = evaluation.selection.policies[program.policy_id], evaluation.type_label(program.input_type)
    guide = remediation_of(program, verdict) or ""
    return object_plan(policy, label, object_, message_of(verdict, error), guide, remedy)


def object_plan(
    policy: PolicyView, type_label: str, object_: CloudObject, message: str, guide: str, remedy: Remedy | None
) -> RemediationPlan:
    """Return the plan for one object that a policy finds incompliant. It has all fields that the remedy names."""
    filled, why_not = _filled(object_, remedy)
    by_hand = remedy is None or bool(remedy.no_commands)
    mending = RemediationPlan(policy, type_label, object_, message, guide, filled, why_not, by_hand)
    return replace(mending, remedy=with_credentials(filled, mending.account)) if filled else mending


def _filled(object_: CloudObject, remedy: Remedy | None) -> tuple[Remedy | None, tuple[str, ...]]:
    if remedy is None:
        return None, (UNDECLARED,)
    if remedy.no_commands:
        return None, (remedy.no_commands.rstrip("."),)
    if object_.variants:
        return None, ("its sources contradict each other",)
    try:
        return fill(remedy, object_.fields), ()
    except NotFilled as unknown:
        return None, unknown.reasons


def with_credentials(remedy: Remedy, account: str) -> Remedy:
    """Return a remedy that first checks the account of the credentials: names are unique within an account.

    A remedy with commands of several programs, or of one that no cloud has, stays as it is.
    """
    programs = {words[0] for words in remedy.commands()}
    check = next((cloud.credentials for cloud in clouds() if programs == {*cloud.credentials[:1]}), None)
    if check is None:
        return remedy
    owner = f"The answer is {account}" if account else "The answer is the account of the object, which is not known here"
    look = Look(f"{owner}: the credentials at hand are those of the right account.", check)
    return replace(remedy, before=(look, *remedy.before))
