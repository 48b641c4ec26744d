"""Match the policies of a run with those of a history: numbers, changed programs, retirements."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.identity import lineage_of, program_hash, rule_hash
from perpend.findings.history.manifest import (
    HistoryManifest,
    RecordedParameters,
    RecordedPolicy,
    Retirement,
    ValuesSince,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.findings.history.write.evaluated_run import EvaluatedRun, EvaluatedType
    from perpend.language.program.program import Program


@dataclass(slots=True)
class MatchedPolicies:
    """The policies of a history after a run. ``texts`` are programs whose messages are not stored yet."""

    evaluated: EvaluatedRun
    head: HistoryManifest
    by_key: dict[tuple[str, str], RecordedPolicy] = field(init=False)
    evaluated_policies: set[int] = field(default_factory=set)
    texts: dict[int, Program] = field(default_factory=dict)
    parameters: dict[int, RecordedParameters] = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = {recorded.policy: recorded for recorded in self.head.parameters}
        self.by_key = {(policy.lineage, policy.type_name): policy for policy in self.head.policies}

    @property
    def run(self) -> int:
        """The number of the run."""
        return self.head.next_run

    @property
    def all(self) -> tuple[RecordedPolicy, ...]:
        """All policies by their numbers."""
        return tuple(sorted(self.by_key.values(), key=lambda policy: policy.number))

    @property
    def retirements(self) -> tuple[Retirement, ...]:
        """The past periods of retirement, those that this run ends included."""
        after = {policy.number: policy.retired_run for policy in self.all}
        were = [(policy.number, policy.retired_run) for policy in self.head.policies if policy.retired_run is not None]
        closed = (Retirement(number, since, self.run) for number, since in were if after[number] is None)
        return (*self.head.retirements, *closed)

    def known_before(self) -> list[RecordedPolicy]:
        """Return the policies of the run that the history knows, as they were before."""
        known = {(policy.lineage, policy.type_name): policy for policy in self.head.policies}
        evaluated_policies = (
            (self._lineage(policy_id), evaluated_type.name)
            for evaluated_type in self.evaluated.types
            for policy_id in evaluated_type.policies
        )
        return [known[key] for key in evaluated_policies if key in known]

    def are_as_before(self) -> bool:
        """Whether all programs of the run are known, with the same ids and meanings."""
        known = {(policy.lineage, policy.type_name): policy for policy in self.head.policies}
        programs = [
            (evaluated_type.name, program) for evaluated_type in self.evaluated.types for program in evaluated_type.programs
        ]
        return all(
            (policy := known.get((self._lineage(program.policy_id), name))) is not None
            and (policy.program, policy.policy_id) == (program_hash(program), program.policy_id)
            for name, program in programs
        )

    def of_type(self, evaluated_type: EvaluatedType) -> dict[int, RecordedPolicy]:
        """Return the policies over a type by their numbers, those with programs first, in their order."""
        policies = {
            policy.number: policy
            for policy in (self._policy(evaluated_type.name, program) for program in evaluated_type.programs)
        }
        for policy_id in evaluated_type.absent:
            known = self.by_key.get((self._lineage(policy_id), evaluated_type.name))
            if known is not None:
                policies[known.number] = replace(known, last_run=self.run)
        self.by_key |= {(policy.lineage, policy.type_name): policy for policy in policies.values()}
        self.evaluated_policies |= set(policies)
        return policies

    def retire(self, type_name: str) -> set[int]:
        """Retire the policies over a type that no longer exist, or evaluate another type; return their numbers."""
        numbers: set[int] = set()
        for key, policy in list(self.by_key.items()):
            if policy.type_name == type_name and policy.last_run != self.run and self._is_no_more(policy):
                numbers.add(policy.number)
                self.by_key[key] = replace(policy, retired_run=policy.retired_run or self.run, was_retired=True)
        return numbers

    def any_to_retire(self) -> bool:
        """Whether a policy no longer exists and is not retired yet."""
        return any(policy.retired_run is None and self._is_no_more(policy) for policy in self.head.policies)

    def _is_no_more(self, policy: RecordedPolicy) -> bool:
        elsewhere = {
            self._lineage(policy_id): evaluated_type.name
            for evaluated_type in self.evaluated.types
            for policy_id in evaluated_type.policies
        }
        moved = elsewhere.get(policy.lineage, policy.type_name) != policy.type_name
        renamed = self._lineage(policy.lineage) != policy.lineage
        return moved or renamed or bool({policy.lineage, policy.policy_id} & self.evaluated.retired)

    def _policy(self, type_name: str, program: Program) -> RecordedPolicy:
        lineage, meaning, texts = self._lineage(program.policy_id), program_hash(program), _texts_hash(program)
        known = self.by_key.get((lineage, type_name))
        if known is None:
            number = 1 + max((policy.number for policy in self.by_key.values()), default=0)
            known = RecordedPolicy(number, lineage, type_name, program.policy_id, meaning, self.run, self.run, self.run)
            self.by_key[lineage, type_name] = known
        if known.texts != texts:
            self.texts[known.number] = program
        since = known.program_run if known.program == meaning else self.run
        self._record_parameters(known, program, same=known.program == meaning)
        return replace(
            known,
            policy_id=program.policy_id,
            program=meaning,
            program_run=since,
            last_run=self.run,
            texts=texts,
            retired_run=None,
        )

    def rule_run(self, policy: RecordedPolicy) -> int:
        """Return the run since which a policy has its meaning but for the values of parameters."""
        recorded = self.parameters.get(policy.number)
        return recorded.rule_run if recorded is not None and recorded.rule else policy.program_run

    def _record_parameters(self, known: RecordedPolicy, program: Program, *, same: bool) -> None:
        """Record the values of a program's parameters if they differ from the last ones. ``same``: its meaning does not."""
        last = self.parameters.get(known.number)
        if last is None and not program.parameters:
            return
        rule = rule_hash(program) if program.parameters else ""
        before = self.rule_run(known)
        since = before if same or (last is not None and rule and rule == last.rule) else self.run
        values = last.values if last is not None else ()
        if not values or values[-1].values != program.parameters:
            values = (*values, ValuesSince(self.run, program.parameters))
        self.parameters[known.number] = RecordedParameters(known.number, rule, since, values)

    def _lineage(self, policy_id: str) -> str:
        return lineage_of(policy_id, self.evaluated.renames)


TEXTS: Final = {
    **dict.fromkeys(("policy_no", "run", "code"), "INTEGER"),
    **dict.fromkeys(("status", "text", "message", "remediation"), "VARCHAR"),
}
"""The columns of the texts of verdicts, and their types."""


def text_rows(number: int, run: int, program: Program) -> list[tuple[object, ...]]:
    """Return the messages of a policy's verdicts since a run, a row of :data:`TEXTS` each."""
    return [
        (number, run, verdict.index, verdict.status.value, verdict.text, verdict.message, verdict.remediation)
        for verdict in program.verdicts.values()
    ]


def policies_lost(
    head: HistoryManifest, policy_ids: set[str], renames: Mapping[str, str], retired: frozenset[str]
) -> list[RecordedPolicy]:
    """Return the policies of a history that a repository neither has nor lists as renamed or retired."""
    lineages = {lineage_of(policy_id, renames) for policy_id in policy_ids}
    return [
        policy
        for policy in head.policies
        if policy.lineage not in lineages
        and policy.retired_run is None
        and not {policy.lineage, policy.policy_id} & retired
        and lineage_of(policy.lineage, renames) == policy.lineage
    ]


def means_the_same(head: HistoryManifest, lost: RecordedPolicy, policy_ids: set[str]) -> str | None:
    """Return the id of the one policy of a repository with the meaning of a lost one, None if there is not exactly one."""
    alike = {
        policy.policy_id
        for policy in head.policies
        if policy.policy_id in policy_ids and (policy.type_name, policy.program) == (lost.type_name, lost.program)
    }
    return alike.pop() if len(alike) == 1 else None


def _texts_hash(program: Program) -> str:
    texts = [
        [verdict.index, verdict.status, verdict.text, verdict.message, verdict.remediation]
        for verdict in program.verdicts.values()
    ]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32]
