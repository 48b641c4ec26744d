"""Map the requirements of one version of a framework to those of another, by the policies that both share.

Numbers of requirements do not matter: a requirement continues in those of the other version that name the same policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.language.compiler.frameworks import How

if TYPE_CHECKING:
    from perpend.language.compiler.frameworks import FrameworkMappings


@dataclass(frozen=True, slots=True)
class RequirementCarryOver:
    """A requirement of the newer version, with the requirements of the older one that continue in it.

    ``kept`` are policies that name both. ``inherited`` are policies of a similar older requirement only. ``gained`` name this
    requirement and none of the older version.
    """

    id: str
    before: tuple[str, ...]
    kept: tuple[str, ...]
    inherited: tuple[str, ...]
    gained: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CarryOver:
    """The requirements of a version that continue in another. ``lost`` are policies, by older requirement, that map to none."""

    before: str
    after: str
    requirements: tuple[RequirementCarryOver, ...]
    lost: tuple[tuple[str, tuple[str, ...]], ...]


def carry_over(mappings: FrameworkMappings, before: str, after: str) -> CarryOver:
    """Return how the requirements of ``before``, a framework or section, continue in ``after``."""
    older = {section: _direct(mappings, section) for section in mappings.requirements_below(before)}
    newer = mappings.requirements_below(after)
    of_older: dict[str, list[str]] = {}
    for section, policies in older.items():
        for policy in policies:
            of_older.setdefault(policy, []).append(section)
    carried = tuple(_carried(mappings, section, older, of_older) for section in newer)
    answering = {policy.policy_id for section in newer for policy in mappings.of_section(section)}
    lost = ((section, tuple(policy for policy in policies if policy not in answering)) for section, policies in older.items())
    return CarryOver(before, after, carried, tuple((section, policies) for section, policies in lost if policies))


def _carried(
    mappings: FrameworkMappings, section: str, older: dict[str, tuple[str, ...]], of_older: dict[str, list[str]]
) -> RequirementCarryOver:
    direct = _direct(mappings, section)
    similar = [
        mapping for mapping in mappings.of_section(section) if mapping.how is How.SIMILAR_SECTION and mapping.via in older
    ]
    before = {section_before for policy in direct for section_before in of_older.get(policy, ())} | {
        section_before.via for section_before in similar
    }
    return RequirementCarryOver(
        section,
        tuple(sorted(before)),
        tuple(policy for policy in direct if policy in of_older),
        tuple(dict.fromkeys(mapping.policy_id for mapping in similar if mapping.policy_id not in direct)),
        tuple(policy for policy in direct if policy not in of_older),
    )


def _direct(mappings: FrameworkMappings, section: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mapping.policy_id for mapping in mappings.of_section(section) if mapping.how is How.DIRECT))
