"""Sum up verdicts by the requirements of frameworks: each requirement gets exactly one status, and the counts add up.

Requirements without an evaluated policy have statuses of their own, so that a clean result does not cover them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.ids import framework_of
from perpend.core.objects.status import Status
from perpend.language.compiler.frameworks import How
from perpend.language.compiler.names import printed_number
from perpend.language.program.parameters import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from perpend.language.compiler.frameworks import FrameworkMappings
    from perpend.language.syntax.repository import Repository

NOT_DIRECT: Final = "maps to it only through rules or similar sections: --inherited includes it"
"""The reason for a policy that maps to a requirement only indirectly."""


NOT_EVALUATED: Final = "was not evaluated"
"""The reason for a selected policy without verdicts."""


class RequirementStatus(StrEnum):
    """The status of a requirement, the worst first."""

    FAILS = "fails"
    UNDETERMINED = "undetermined"
    WAIVED = "waived"
    MET = "met"
    NOTHING_TO_JUDGE = "nothing to judge"
    NOT_ASKED = "not asked"
    ATTESTED = "attested"
    MANUAL = "manual"
    UNANSWERED = "without a policy"

    @property
    def was_evaluated(self) -> bool:
        """Whether any policy of the requirement was evaluated."""
        return self not in (
            RequirementStatus.NOT_ASKED,
            RequirementStatus.ATTESTED,
            RequirementStatus.MANUAL,
            RequirementStatus.UNANSWERED,
        )


@dataclass(frozen=True, slots=True)
class RequirementPolicy:
    """A policy of a requirement. ``judges``: it has logic, so it can be evaluated.

    ``why_not`` is the reason why it was not evaluated, empty if it was. ``in_part`` is the reason why it was not evaluated on
    all objects, if the sources give one. ``looser`` names the values of parameters that accept more than the requirement's,
    empty if there are none.
    """

    policy_id: str
    judges: bool
    why_not: str = ""
    in_part: str = ""
    looser: str = ""

    @property
    def was_evaluated(self) -> bool:
        """Whether the policy was evaluated."""
        return self.judges and not self.why_not

    @property
    def was_fully_evaluated(self) -> bool:
        """Whether the policy was evaluated on all objects, as far as is known."""
        return self.was_evaluated and not self.in_part

    @property
    def reason(self) -> str:
        """Why the policy was not evaluated, or not on all objects."""
        return self.why_not or self.in_part


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement with its policies. ``number`` is the printed one, else the last part of the ID."""

    id: str
    number: str
    name: str
    policies: tuple[RequirementPolicy, ...]


@dataclass(frozen=True, slots=True)
class FrameworkSelection:
    """A framework that selected policies, with its requirements: those of ``sections``, or all if there are none.

    ``inherited``: policies that map to a requirement through rules, controls or similar sections count, too.
    """

    id: str
    name: str
    sections: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """The result of a requirement: its status, and the number of verdicts of its policies by status."""

    requirement: Requirement
    standing: RequirementStatus
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The results of a framework, by requirement."""

    framework: FrameworkSelection
    results: tuple[RequirementResult, ...]
    counts: Mapping[RequirementStatus, int] = field(init=False)

    def __post_init__(self) -> None:
        counted = Counter(result.standing for result in self.results)
        object.__setattr__(self, "counts", {standing: counted[standing] for standing in RequirementStatus})

    @property
    def asked(self) -> int:
        """The number of requirements with an evaluated policy."""
        return sum(number for standing, number in self.counts.items() if standing.was_evaluated)

    @property
    def coverage_text(self) -> str:
        """The coverage as text, with numbers that add up to all requirements."""
        counts, total = self.counts, len(self.results)
        parts = [f"{self.asked:,} of {total:,} {'requirement' if total == 1 else 'requirements'} asked{self.inherited_text}"]
        parts += [f"{counts[RequirementStatus.NOT_ASKED]:,} not asked"]
        parts += [f"{counts[RequirementStatus.ATTESTED]:,} attested"] if counts[RequirementStatus.ATTESTED] else []
        return ", ".join(
            [
                *parts,
                f"{counts[RequirementStatus.MANUAL]:,} manual",
                f"{counts[RequirementStatus.UNANSWERED]:,} without a policy",
            ]
        )

    @property
    def inherited_text(self) -> str:
        """The words beside a number that counts inherited mappings, empty if none are counted."""
        return " (with inherited mappings)" if self.framework.inherited else ""

    @property
    def all_asked(self) -> bool:
        """Whether all policies that can be evaluated were, for every requirement and on all objects."""
        return bool(self.results) and all(
            result.standing.was_evaluated
            and all(policy.was_fully_evaluated for policy in result.requirement.policies if policy.judges)
            for result in self.results
        )


def framework_selection(
    repository: Repository,
    mappings: FrameworkMappings,
    tops: Sequence[str],
    *,
    inherited: bool,
    why_not: Callable[[str], str],
) -> FrameworkSelection:
    """Return a framework with the requirements below ``tops`` (itself or sections of it), and the policies of each.

    ``why_not`` returns why a policy was not evaluated, empty if it was. ``inherited`` includes policies that map to a section
    through rules, controls or similar sections.
    """

    def requirement(section_id: str) -> Requirement:
        how: dict[str, bool] = {}
        for mapping in mappings.of_section(section_id):
            how[mapping.policy_id] = how.get(mapping.policy_id, False) or mapping.how is How.DIRECT
        named = [policy_id for policy_id, direct in how.items() if direct or inherited]
        others = [] if any(map(mappings.judges, named)) else [policy_id for policy_id in how if policy_id not in named]
        policies = [
            RequirementPolicy(policy_id, mappings.judges(policy_id), why_not(policy_id) if mappings.judges(policy_id) else "")
            for policy_id in named
        ]
        policies += [RequirementPolicy(policy_id, mappings.judges(policy_id), why_left(policy_id)) for policy_id in others]
        policies = [replace(policy, looser=looser_values(repository, policy.policy_id, section_id)) for policy in policies]
        return Requirement(section_id, *section_called(section_id, repository), tuple(policies))

    def why_left(policy_id: str) -> str:
        # A policy has one reason: that of a requirement that it names itself, if there is one.
        return (why_not(policy_id) if policy_id in direct else "") or NOT_DIRECT

    section_ids = sorted({section_id for top in tops for section_id in mappings.requirements_below(top)})
    direct = {
        mapping.policy_id for section in section_ids for mapping in mappings.of_section(section) if mapping.how is How.DIRECT
    }
    framework = framework_of(tops[0])
    sections = () if framework in tops else tuple(sorted(tops))
    named = [
        " ".join(section_called(section, repository)) if len(sections) == 1 else section_called(section, repository)[0]
        for section in sections
    ]
    joint = ", section " if len(sections) == 1 else ", sections "
    name = joint.join(filter(None, (_name(framework, repository), ", ".join(named))))
    return FrameworkSelection(framework, name, sections, tuple(map(requirement, section_ids)), inherited)


def looser_values(repository: Repository, policy_id: str, section_id: str) -> str:
    """Return the values of a policy's parameters that accept more than a requirement's, in words; empty if there are none."""
    policy = repository.policy(policy_id).value
    declared = zip(policy.parameters, policy.values, strict=True) if policy is not None else ()
    return "; ".join(
        f"{in_use.name} = {value_text(in_use.value)} "
        f"{'is looser than' if parameter.looser else 'differs from'} {value_text(parameter.benchmark_of(section_id))}"
        for parameter, in_use in declared
        if parameter.is_looser(in_use.value, parameter.benchmark_of(section_id))
    )


@dataclass(frozen=True, slots=True)
class HumanDecisions:
    """Decisions by people: the number of waived INCOMPLIANT verdicts by policy, and the attested policies."""

    waived: Mapping[str, int] = field(default_factory=dict)
    attested: Collection[str] = ()


_NOTHING: Final = HumanDecisions()


def scorecards_of(
    frameworks: Iterable[FrameworkSelection],
    counts: Mapping[str, Mapping[Status, int]],
    answered: HumanDecisions = _NOTHING,
    in_part: Mapping[str, str] | None = None,
    stale: Mapping[str, str] | None = None,
) -> tuple[Scorecard, ...]:
    """Return the results of frameworks. ``counts`` are the verdicts of each evaluated policy by status.

    ``in_part`` gives, by policy, why it was not evaluated on all objects; its requirements cannot be met then. ``stale`` gives,
    by policy, why its verdicts are of an earlier run: only its failures count, until a later run ends them. A requirement with
    only waived failures, or with an attestation, has a status of its own: it is not met.
    """
    counted = {**counts, **_failures(counts, answered, stale or {})}
    return tuple(
        Scorecard(
            framework,
            tuple(_result(one, counted, answered, in_part or {}, stale or {}) for one in framework.requirements),
        )
        for framework in frameworks
    )


def _failures(
    counts: Mapping[str, Mapping[Status, int]], answered: HumanDecisions, stale: Collection[str]
) -> dict[str, dict[Status, int]]:
    """Return, of the counts of stale policies, the failures that are not all waived; the other numbers are 0."""
    failing = {policy: counts[policy][Status.INCOMPLIANT] for policy in stale if policy in counts}
    return {
        policy: dict.fromkeys(Status, 0) | {Status.INCOMPLIANT: number if number > answered.waived.get(policy, 0) else 0}
        for policy, number in failing.items()
    }


def _result(
    requirement: Requirement,
    counts: Mapping[str, Mapping[Status, int]],
    answered: HumanDecisions,
    in_part: Mapping[str, str],
    stale: Mapping[str, str],
) -> RequirementResult:
    asked = [policy.policy_id for policy in requirement.policies if policy.was_evaluated]
    # INVARIANT: a policy without verdicts was not evaluated, even if it was selected.
    reasons = {policy_id: stale.get(policy_id, "") if policy_id in counts else NOT_EVALUATED for policy_id in asked}
    policies = tuple(
        replace(policy, why_not=reasons[policy.policy_id], in_part=in_part.get(policy.policy_id, ""))
        if policy.policy_id in reasons
        else policy
        for policy in requirement.policies
    )
    verdicts = {policy_id: counts[policy_id] for policy_id in asked if policy_id in counts}
    total = {status: sum(numbers[status] for numbers in verdicts.values()) for status in Status}
    standing = requirement_status(policies, total)
    if standing is RequirementStatus.MANUAL and any(policy.policy_id in answered.attested for policy in policies):
        standing = RequirementStatus.ATTESTED
    elif standing is RequirementStatus.FAILS and all(
        numbers[Status.INCOMPLIANT] <= answered.waived.get(policy_id, 0) for policy_id, numbers in verdicts.items()
    ):
        whole = all(policy.was_fully_evaluated for policy in policies if policy.judges)
        standing = RequirementStatus.WAIVED if whole and not total[Status.UNDETERMINED] else RequirementStatus.UNDETERMINED
    return RequirementResult(replace(requirement, policies=policies), standing, total)


def requirement_status(policies: Sequence[RequirementPolicy], counts: Mapping[Status, int]) -> RequirementStatus:
    """Return the status of a requirement. It cannot be met if some policies were not evaluated, or not on all objects."""
    evaluable = [policy for policy in policies if policy.judges]
    if not evaluable:
        return RequirementStatus.MANUAL if policies else RequirementStatus.UNANSWERED
    if not counts[Status.INCOMPLIANT] and not any(policy.was_evaluated for policy in evaluable):
        return RequirementStatus.NOT_ASKED
    standing = status_of_counts(counts)
    if standing is not RequirementStatus.FAILS and not all(policy.was_fully_evaluated for policy in evaluable):
        return RequirementStatus.UNDETERMINED
    return standing


def status_of_counts(counts: Mapping[Status, int]) -> RequirementStatus:
    """Return the status of an evaluated requirement, by its number of verdicts of each status."""
    if counts[Status.INCOMPLIANT]:
        return RequirementStatus.FAILS
    if counts[Status.UNDETERMINED]:
        return RequirementStatus.UNDETERMINED
    return RequirementStatus.MET if counts[Status.COMPLIANT] else RequirementStatus.NOTHING_TO_JUDGE


def section_called(section_id: str, repository: Repository) -> tuple[str, str]:
    """Return the number of a section, and its name without the number."""
    number, name = printed_number(section_id, repository), _name(section_id, repository)
    if not number:
        return section_id.rpartition("/")[2], name
    return number, name.removeprefix(name.split(maxsplit=1)[0]).strip() or name


def _name(section_id: str, repository: Repository) -> str:
    section = repository.section(section_id).value
    return section.name if section and section.name else section_id
