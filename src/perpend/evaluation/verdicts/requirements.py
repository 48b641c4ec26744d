"""Frameworks that policies were chosen by, and how policies ended, in; a class for every requirement out, which all add up.

A clean result says nothing of requirements that nobody asked about: these are classes of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.objects.ids import framework_of
from perpend.core.objects.status import Status
from perpend.language.compiler.frameworks import How
from perpend.language.compiler.names import printed_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from perpend.language.compiler.frameworks import FrameworkMappings
    from perpend.language.syntax.repository import Repository

NOT_DIRECT: Final = "maps to it only through rules or similar sections: --inherited includes it"
"""Why a policy was not asked about a requirement that it does not name itself."""


NOT_JUDGED: Final = "was not evaluated"
"""Why a policy was not asked that was meant to judge, and of which there are no verdicts."""


class RequirementStatus(StrEnum):
    """What was found of a requirement, the worst first: each is in exactly one of these classes."""

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
    def was_asked(self) -> bool:
        """Whether some policy has judged."""
        return self not in (
            RequirementStatus.NOT_ASKED,
            RequirementStatus.ATTESTED,
            RequirementStatus.MANUAL,
            RequirementStatus.UNANSWERED,
        )


@dataclass(frozen=True, slots=True)
class PolicyAsked:
    """A policy of a requirement: whether it can judge at all, and why it did not; empty where it did.

    ``in_part`` is why it has not judged all that there is, where those who read it say so.
    """

    policy_id: str
    judges: bool
    why_not: str = ""
    in_part: str = ""

    @property
    def was_asked(self) -> bool:
        """Whether it has judged."""
        return self.judges and not self.why_not

    @property
    def was_asked_of_all(self) -> bool:
        """Whether it has judged all that there is, as far as anybody knows."""
        return self.was_asked and not self.in_part

    @property
    def reason(self) -> str:
        """Why it did not judge, or not all."""
        return self.why_not or self.in_part


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement with the policies that answer it. ``number`` is as it is printed, else the last part of the id."""

    id: str
    number: str
    name: str
    policies: tuple[PolicyAsked, ...]


@dataclass(frozen=True, slots=True)
class FrameworkAsked:
    """A framework that policies were chosen by, with its requirements: those of some ``sections``, all where none is named."""

    id: str
    name: str
    sections: tuple[str, ...]
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """What was found of a requirement: its class, and how many verdicts of its policies have each status."""

    requirement: Requirement
    standing: RequirementStatus
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What was asked and found of a framework, requirement by requirement."""

    framework: FrameworkAsked
    results: tuple[RequirementResult, ...]
    counts: Mapping[RequirementStatus, int] = field(init=False)

    def __post_init__(self) -> None:
        counted = Counter(result.standing for result in self.results)
        object.__setattr__(self, "counts", {standing: counted[standing] for standing in RequirementStatus})

    @property
    def asked(self) -> int:
        """How many requirements some policy has judged."""
        return sum(number for standing, number in self.counts.items() if standing.was_asked)

    @property
    def asked_in_words(self) -> str:
        """How much was asked, in numbers that add up to all requirements."""
        counts, total = self.counts, len(self.results)
        parts = [f"{self.asked:,} of {total:,} {'requirement' if total == 1 else 'requirements'} asked"]
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
    def all_asked(self) -> bool:
        """Whether every requirement was asked, by every policy of it that can judge, of all that there is."""
        return bool(self.results) and all(
            result.standing.was_asked
            and all(policy.was_asked_of_all for policy in result.requirement.policies if policy.judges)
            for result in self.results
        )


def framework_asked(
    repository: Repository,
    mappings: FrameworkMappings,
    tops: Sequence[str],
    *,
    inherited: bool,
    why_not: Callable[[str], str],
) -> FrameworkAsked:
    """Return a framework, which ``tops`` are sections of or are, with its requirements below them, and the policies of each.

    ``why_not`` says why a policy that can judge did not, empty where it did. ``inherited``: policies that reach a section
    through rules, controls or similar sections count like those that name it.
    """

    def requirement(section_id: str) -> Requirement:
        how: dict[str, bool] = {}
        for mapping in mappings.of_section(section_id):
            how[mapping.policy_id] = how.get(mapping.policy_id, False) or mapping.how is How.DIRECT
        named = [policy_id for policy_id, direct in how.items() if direct or inherited]
        others = [] if any(map(mappings.judges, named)) else [policy_id for policy_id in how if policy_id not in named]
        policies = [
            PolicyAsked(policy_id, mappings.judges(policy_id), why_not(policy_id) if mappings.judges(policy_id) else "")
            for policy_id in named
        ]
        policies += [PolicyAsked(policy_id, mappings.judges(policy_id), why_left(policy_id)) for policy_id in others]
        return Requirement(section_id, *_called(section_id, repository), tuple(policies))

    def why_left(policy_id: str) -> str:
        # One policy has one reason: that of a requirement which it names itself, where there is one.
        return (why_not(policy_id) if policy_id in direct else "") or NOT_DIRECT

    section_ids = sorted({section_id for top in tops for section_id in mappings.requirements_below(top)})
    direct = {
        mapping.policy_id for section in section_ids for mapping in mappings.of_section(section) if mapping.how is How.DIRECT
    }
    framework = framework_of(tops[0])
    sections = () if framework in tops else tuple(sorted(tops))
    named = [
        " ".join(_called(section, repository)) if len(sections) == 1 else _called(section, repository)[0]
        for section in sections
    ]
    joint = ", section " if len(sections) == 1 else ", sections "
    name = joint.join(filter(None, (_name(framework, repository), ", ".join(named))))
    return FrameworkAsked(framework, name, sections, tuple(map(requirement, section_ids)))


@dataclass(frozen=True, slots=True)
class AnsweredFor:
    """What people answer for: how many incompliant verdicts of each policy are waived, and which policies are attested."""

    waived: Mapping[str, int] = field(default_factory=dict)
    attested: Collection[str] = ()


_NOTHING: Final = AnsweredFor()


def scorecards_of(
    frameworks: Iterable[FrameworkAsked],
    counts: Mapping[str, Mapping[Status, int]],
    answered: AnsweredFor = _NOTHING,
    in_part: Mapping[str, str] | None = None,
) -> tuple[Scorecard, ...]:
    """Return what was asked and found of frameworks. ``counts`` are the verdicts of each policy that judged.

    ``in_part`` says of policies why they have not judged all that there is: nothing they answer is known to be met then.
    A requirement of which all that is incompliant is waived is a class of its own, as is one that people attest: neither is
    met.
    """
    return tuple(
        Scorecard(
            framework,
            tuple(
                _answered(_result(requirement, counts, in_part or {}), counts, answered)
                for requirement in framework.requirements
            ),
        )
        for framework in frameworks
    )


def _answered(
    result: RequirementResult, counts: Mapping[str, Mapping[Status, int]], answered: AnsweredFor
) -> RequirementResult:
    policies = result.requirement.policies
    if result.standing is RequirementStatus.MANUAL and any(policy.policy_id in answered.attested for policy in policies):
        return replace(result, standing=RequirementStatus.ATTESTED)
    asked = [policy.policy_id for policy in policies if policy.was_asked]
    if result.standing is not RequirementStatus.FAILS or any(
        counts[policy][Status.INCOMPLIANT] > answered.waived.get(policy, 0) for policy in asked
    ):
        return result
    unknown = result.counts[Status.UNDETERMINED] or not all(policy.was_asked_of_all for policy in policies if policy.judges)
    return replace(result, standing=RequirementStatus.UNDETERMINED if unknown else RequirementStatus.WAIVED)


def _result(
    requirement: Requirement, counts: Mapping[str, Mapping[Status, int]], in_part: Mapping[str, str]
) -> RequirementResult:
    # INVARIANT: what has no verdicts was not asked, whatever was meant to judge.
    policies = tuple(
        (replace(policy, in_part=in_part.get(policy.policy_id, "")) if policy.was_asked else policy)
        if policy.policy_id in counts or not policy.was_asked
        else replace(policy, why_not=NOT_JUDGED)
        for policy in requirement.policies
    )
    asked = [counts[policy.policy_id] for policy in policies if policy.was_asked]
    total = {status: sum(numbers[status] for numbers in asked) for status in Status}
    return RequirementResult(replace(requirement, policies=policies), standing_of(policies, total), total)


def standing_of(policies: Sequence[PolicyAsked], counts: Mapping[Status, int]) -> RequirementStatus:
    """Return the class of a requirement. One of which some policies did not judge, or not all, is not known to be met."""
    judging = [policy for policy in policies if policy.judges]
    if not judging:
        return RequirementStatus.MANUAL if policies else RequirementStatus.UNANSWERED
    if not any(policy.was_asked for policy in judging):
        return RequirementStatus.NOT_ASKED
    standing = standing_of_counts(counts)
    if standing is not RequirementStatus.FAILS and not all(policy.was_asked_of_all for policy in judging):
        return RequirementStatus.UNDETERMINED
    return standing


def standing_of_counts(counts: Mapping[Status, int]) -> RequirementStatus:
    """Return the class of what was asked, by how many verdicts have each status."""
    if counts[Status.INCOMPLIANT]:
        return RequirementStatus.FAILS
    if counts[Status.UNDETERMINED]:
        return RequirementStatus.UNDETERMINED
    return RequirementStatus.MET if counts[Status.COMPLIANT] else RequirementStatus.NOTHING_TO_JUDGE


def _called(section_id: str, repository: Repository) -> tuple[str, str]:
    """Return a section's number and its name without it."""
    number, name = printed_number(section_id, repository), _name(section_id, repository)
    if not number:
        return section_id.rpartition("/")[2], name
    return number, name.removeprefix(name.split(maxsplit=1)[0]).strip() or name


def _name(section_id: str, repository: Repository) -> str:
    section = repository.section(section_id).value
    return section.name if section and section.name else section_id
