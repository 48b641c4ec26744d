"""Policies and findings that people name in, plans for what a store's snapshot holds out, and what is told of the rest."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.options.history.record import place_of
from perpend.cli.options.programs import tell_problems, tell_refused
from perpend.cli.options.repository import store_named
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.names import UnknownName, ids_named
from perpend.language.syntax.files import MAX_YAML, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from perpend.cli.options.waivers import ActiveWaivers
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.remediation.model import Remedy
    from perpend.findings.remediation.plans import Remediable, RemediationPlan
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.compiler.analyzer import Analyzer

_FINDING: Final = re.compile("[0-9a-f]{32}")
NOT_FILLED: Final = 3
"""Exit code where something is not known that a plan would need."""


class UnusableRemedy(PerpendError):
    """A remedy that something is wrong with: no plan is made of it."""


@dataclass(slots=True)
class AskedObjects:
    """The policies that are asked, each with the Ids of the objects that findings name; None stands for all objects.

    ``by_folder``: a name meant several policies, of which the store need not hold the objects of each.
    """

    policies: dict[str, set[str] | None] = field(default_factory=dict)
    by_folder: bool = False

    def want(self, policy_id: str, object_id: str | None) -> None:
        """Ask for one object of a policy, or for all for None."""
        known = self.policies.get(policy_id, set())
        self.policies[policy_id] = None if known is None or object_id is None else {*known, object_id}


def asked_of(analyzer: Analyzer, names: Sequence[str], store: str) -> AskedObjects:
    """Return what policies and findings mean. Raises UnknownName for what is neither."""
    asked = AskedObjects()
    known = analyzer.repository.policy_ids
    findings = [name for name in names if _FINDING.fullmatch(name)]
    if policies := [name for name in names if name not in findings]:
        meant = ids_named(policies, known, "policy")
        asked.by_folder = len(meant) > len(policies)
        for policy_id in meant:
            asked.want(policy_id, None)
    for finding, (policy_id, object_id) in _found(findings, store).items():
        if policy_id not in known:
            raise UnknownName(f"finding {finding} is of {visible(policy_id)}, which the repository does not have")
        asked.want(policy_id, object_id)
    return asked


def _found(findings: Sequence[str], store: str) -> Mapping[str, tuple[str, str]]:
    """Return by finding its policy and its object, as the store's history knows them."""
    if not findings:
        return {}
    from perpend.findings.history.queries.findings import objects_of_findings
    from perpend.findings.history.queries.views import asking

    with asking(place_of(store), "finding") as connection:
        rows = connection.execute(*objects_of_findings(findings)).fetchall()
    by_finding = {str(finding): (str(policy), str(judged)) for finding, policy, judged in rows}
    for finding in findings:
        if finding not in by_finding:
            raise UnknownName(f"the history knows no finding {finding}; `perpend findings --format json` lists their ids")
    return by_finding


@dataclass(slots=True)
class StorePlan:
    """What would mend a judged store; it counts what it could not fill in while it is read.

    ``waived`` are policies and objects that somebody answers for: no plan is made for them unless a finding names them.
    """

    evaluation: Evaluation
    asked: Mapping[str, Remediable]
    guides: Mapping[str, str]
    waived: frozenset[tuple[str, str]] = frozenset()
    left_out: int = 0
    unfilled: int = 0
    planned: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)

    def mendings(self) -> Iterator[RemediationPlan]:
        """Yield what would mend each incompliant object; the words of `remediation.md` where nothing is declared."""
        from perpend.findings.remediation.plans import mendings

        for mending in mendings(self.evaluation, self.asked):
            if self.asked[mending.policy.id].objects is None and (mending.policy.id, mending.object.id) in self.waived:
                self.left_out += 1
                continue
            self.planned += 1
            self.unfilled += mending.remedy is None
            if self.asked[mending.policy.id].objects is not None:
                self.seen.add((mending.policy.id, mending.object.id))
            guide = self.guides.get(mending.policy.id)
            yield replace(mending, guide=guide) if guide else mending

    def tell(self) -> int:
        """Say on standard error how many plans there are and what is not known, and return the exit code."""
        unknown = self._tell_named()
        for column in self.evaluation.verdicts:
            if self.asked[column.program.policy_id].objects is None:
                unknown += counts_of(column)[Status.UNDETERMINED]
        told = f"{counted(self.planned, 'object')} to mend"
        told += f", {self.unfilled:,} not filled in" if self.unfilled else ""
        told += f"; {self.left_out:,} waived left out (--with-waived plans for them, too)" if self.left_out else ""
        told += f"; of {unknown:,} it is not known whether they are" if unknown else ""
        click.echo(f"perpend: {told}", err=True)
        if self.evaluation.selection.refused:
            return USAGE_ERROR
        return NOT_FILLED if self.unfilled or unknown else 0

    def _tell_named(self) -> int:
        """Tell which objects that findings name are not incompliant, and return of how many that is not known."""
        from perpend.findings.remediation.plans import mendings

        named = {policy_id: one for policy_id, one in self.asked.items() if one.objects is not None}
        unknown = 0
        for mending in mendings(self.evaluation, named, Status.UNDETERMINED):
            unknown += 1
            self.seen.add((mending.policy.id, mending.object.id))
            name = visible(mending.object.name or mending.object.id)
            click.echo(f"perpend: {name}: whether there is anything to mend is not known: {visible(mending.message)}", err=True)
        for policy_id, to_mend in named.items():
            for object_id in sorted(to_mend.objects or ()):
                if (policy_id, object_id) not in self.seen:
                    click.echo(f"perpend: {visible(object_id)}: {policy_id} does not find it incompliant", err=True)
        return unknown


@contextmanager
def plan_of_store(
    analyzer: Analyzer,
    asked: AskedObjects,
    directory: str,
    run: str | None,
    snapshot_time: datetime | None,
    max_age: timedelta | None,
    waiving: ActiveWaivers | None = None,
) -> Iterator[StorePlan]:
    """Yield what would mend a store's objects, as its snapshot in force is judged now.

    ``waiving`` are the waivers that hold; what they cover is left out.
    """
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
    from perpend.findings.remediation.plans import Remediable

    to_mend = {policy_id: Remediable(_remedy(analyzer, policy_id), objects) for policy_id, objects in asked.policies.items()}
    guides = {policy_id: _guide(analyzer, policy_id) for policy_id, one in to_mend.items() if one.remedy is None}
    with store_named(directory).reading(run) as snapshot:
        selection = select_policies(analyzer, tuple(asked.policies), over=snapshot, standing=asked.by_folder)
        tell_refused(analyzer.repository, selection)
        with evaluate_snapshot(snapshot, selection, snapshot_time=snapshot_time, max_age=max_age) as evaluation:
            covering = waiving.covered(evaluation) if waiving else None
            yield StorePlan(evaluation, to_mend, guides, _waived(evaluation, covering) if covering else frozenset())


def _waived(evaluation: Evaluation, covering: WaiverMatches) -> frozenset[tuple[str, str]]:
    """Return the policies and objects that waivers in force cover."""
    from perpend.findings.waivers.match_results import covered

    with covered(evaluation, covering) as rows:
        return frozenset((finding[0], finding[2]) for _, finding, _ in rows)


def _remedy(analyzer: Analyzer, policy_id: str) -> Remedy | None:
    """Return a policy's remedy, None where it has none. Raises UnusableRemedy, having shown what is wrong with one."""
    from perpend.findings.remediation.read import remedy_of

    loaded = remedy_of(analyzer.repository, policy_id)
    tell_problems(analyzer.repository, loaded.diagnostics)
    if loaded.diagnostics:
        raise UnusableRemedy(f"{policy_id}: its remedy cannot be read: no plan was made")
    return loaded.value


def _guide(analyzer: Analyzer, policy_id: str) -> str:
    """Return what a policy's `remediation.md` says, empty where it cannot be read."""
    path = f"{policy_id[1:]}/remediation.md"
    if path not in analyzer.repository.tree.files:
        return ""
    try:
        return analyzer.repository.files.text(path, limit=MAX_YAML)
    except UnreadableFile:
        return ""
