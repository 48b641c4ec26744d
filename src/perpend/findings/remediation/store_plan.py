"""Plan the remediation of policies and findings for one evaluated snapshot."""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.findings.history.queries.findings import objects_of_findings
from perpend.findings.history.queries.views import asking
from perpend.findings.remediation.plans import Remediable, remediation_plans
from perpend.findings.remediation.read import remedy_of
from perpend.language.compiler.names import UnknownName, match_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.remediation.plans import RemediationPlan
    from perpend.language.compiler.analyzer import Analyzer

_FINDING: Final = re.compile("[0-9a-f]{32}")


class UnusableRemedy(PerpendError):
    """A remedy with errors, which ``diagnostics`` hold: no plan is made."""

    def __init__(self, message: str, diagnostics: Collection[Diagnostic]) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


@dataclass(slots=True)
class RequestedObjects:
    """The policies to plan for, each with the Ids of the objects that findings name; None for all objects.

    ``by_folder``: a name means several policies, and the store may lack the objects of some.
    """

    policies: dict[str, set[str] | None] = field(default_factory=dict)
    by_folder: bool = False

    def add(self, policy_id: str, object_id: str | None) -> None:
        """Add one object of a policy, or all objects for None."""
        known = self.policies.get(policy_id, set())
        self.policies[policy_id] = None if known is None or object_id is None else {*known, object_id}


def requested_objects(analyzer: Analyzer, names: Sequence[str], history: Callable[[], HistoryStorage]) -> RequestedObjects:
    """Return the policies and objects that names mean: ids of policies, folders, or ids of findings.

    ``history`` opens the history that has the findings. Raises UnknownName for any other name.
    """
    requested = RequestedObjects()
    known = analyzer.repository.policy_ids
    findings = [name for name in names if _FINDING.fullmatch(name)]
    if policies := [name for name in names if name not in findings]:
        policy_ids = match_ids(policies, known, "policy")
        requested.by_folder = len(policy_ids) > len(policies)
        for policy_id in policy_ids:
            requested.add(policy_id, None)
    for finding, (policy_id, object_id) in _objects_of(findings, history).items():
        if policy_id not in known:
            raise UnknownName(f"finding {finding} is of policy {visible(policy_id)}, which the repository does not have")
        requested.add(policy_id, object_id)
    return requested


def _objects_of(findings: Sequence[str], history: Callable[[], HistoryStorage]) -> Mapping[str, tuple[str, str]]:
    """Return the policy and the object Id of each finding."""
    if not findings:
        return {}
    with asking(history(), "finding") as connection:
        rows = connection.execute(*objects_of_findings(findings)).fetchall()
    by_finding = {str(finding): (str(policy), str(object_id)) for finding, policy, object_id in rows}
    for finding in findings:
        if finding not in by_finding:
            raise UnknownName(f"the history has no finding {finding}; `perpend findings --format json` lists their ids")
    return by_finding


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The result of a plan: the summary in one sentence, warnings, and whether every plan is complete and nothing unknown."""

    text: str
    warnings: tuple[str, ...] = ()
    is_complete: bool = True


@dataclass(slots=True)
class StorePlan:
    """The plans for one evaluation. It counts them while they are read.

    ``waived`` are pairs of policy and object Id that waivers cover: they are left out unless a finding names them.
    """

    evaluation: Evaluation
    remedies: Mapping[str, Remediable]
    guides: Mapping[str, str]
    waived: Collection[tuple[str, str]] = frozenset()
    left_out: int = 0
    unfilled: int = 0
    planned: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)

    def remediation_plans(self) -> Iterator[RemediationPlan]:
        """Yield a plan for each incompliant object; with the text of ``remediation.md`` if the policy has no remedy."""
        for plan in remediation_plans(self.evaluation, self.remedies):
            key, is_named = (plan.policy.id, plan.object.id), self.remedies[plan.policy.id].objects is not None
            if not is_named and key in self.waived:
                self.left_out += 1
                continue
            self.planned += 1
            self.unfilled += plan.remedy is None
            if is_named:
                self.seen.add(key)
            guide = self.guides.get(plan.policy.id)
            yield replace(plan, guide=guide) if guide else plan

    def summary(self) -> PlanSummary:
        """Return the number of plans and the objects without one, after all plans have been read."""
        named = {policy_id: remediable for policy_id, remediable in self.remedies.items() if remediable.objects is not None}
        undetermined, warnings = self._undetermined(named)
        for column in self.evaluation.verdicts:
            if column.program.policy_id not in named:
                undetermined += counts_of(column)[Status.UNDETERMINED]
        for policy_id, remediable in named.items():
            for object_id in sorted(remediable.objects or ()):
                if (policy_id, object_id) not in self.seen:
                    warnings.append(f"{visible(object_id)}: {policy_id} does not find it incompliant")
        text = f"{counted(self.planned, 'object')} to fix"
        text += f", {self.unfilled:,} not filled in" if self.unfilled else ""
        text += f"; {self.left_out:,} waived left out (--with-waived includes them)" if self.left_out else ""
        text += f"; {undetermined:,} undetermined" if undetermined else ""
        return PlanSummary(text, tuple(warnings), is_complete=not (self.unfilled or undetermined))

    def _undetermined(self, named: Mapping[str, Remediable]) -> tuple[int, list[str]]:
        """Return the number of undetermined objects that findings name, and a warning for each."""
        warnings = []
        for plan in remediation_plans(self.evaluation, named, Status.UNDETERMINED):
            self.seen.add((plan.policy.id, plan.object.id))
            warnings.append(
                f"{visible(plan.object.name or plan.object.id)}: undetermined, so not planned: {visible(plan.message)}"
            )
        return len(warnings), warnings


def remedies_for(analyzer: Analyzer, requested: RequestedObjects) -> tuple[dict[str, Remediable], dict[str, str]]:
    """Return the remedy of each requested policy, and the text of ``remediation.md`` for those without commands.

    Raises UnusableRemedy.
    """
    remedies: dict[str, Remediable] = {}
    guides: dict[str, str] = {}
    for policy_id, objects in requested.policies.items():
        loaded = remedy_of(analyzer.repository, policy_id)
        if loaded.diagnostics:
            raise UnusableRemedy(f"{policy_id}: remedy.yaml has errors: no plan was made", loaded.diagnostics)
        remedies[policy_id] = Remediable(loaded.value, objects)
        if loaded.value is None or loaded.value.no_commands:
            guides[policy_id] = analyzer.repository.text(f"{policy_id[1:]}/remediation.md")
    return remedies, guides
