"""Map policies to framework sections, and record how each mapping arises. Source: specification, section 7.

A policy names sections itself. It reaches others through internal rules, AWS Security Hub controls and similar sections. This
module also decides, for reports and pages, which sections are requirements and whether they can be evaluated.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.core.objects.ids import production_of
from perpend.language.compiler import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.documents import Policy, Section
    from perpend.language.syntax.read import Placed
    from perpend.language.syntax.repository import Loaded, Repository

T = TypeVar("T")


class How(StrEnum):
    """How a policy is mapped to a section, the most direct way first."""

    DIRECT = "direct"
    INTERNAL_RULE = "internal-rule"
    SECURITY_HUB = "security-hub"
    SIMILAR_SECTION = "similar-section"


class RequirementAnswer(StrEnum):
    """Whether some policy evaluates a requirement, policies only describe manual checks, or there is no policy."""

    AUTOMATED = "automated"
    MANUAL = "manual"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SectionMapping:
    """One mapping of a policy to a section.

    ``via`` is the internal rule, the control's address or the similar section in between; empty for a direct mapping.
    """

    section_id: str
    policy_id: str
    how: How
    via: str = ""


class FrameworkMappings:
    """The mappings of a repository, in the order of :class:`How`, then of ids. Unknown sections have none.

    A policy and a section can have several direct, rule and control mappings. Similar sections, one step away, are used only
    for pairs without any of those.
    """

    def __init__(self, repository: Repository) -> None:
        self._policies = tuple(_values(map(repository.policy, repository.policy_ids)))
        self._judging = frozenset(policy.id for policy in self._policies if production_of(policy.id) in policy.logics)
        self._sections = {section.id: section for section in _values(map(repository.section, repository.section_ids))}
        self._section_ids = repository.section_ids
        tables = repository.mapping_tables()
        self.diagnostics: tuple[Diagnostic, ...] = tables.diagnostics
        self._tables = tables.value
        mappings = [*self._direct(), *self._through_rules(), *self._through_controls()]
        mappings += self._through_similar(mappings)
        self._of_policy = _grouped((mapping.policy_id, mapping) for mapping in mappings)
        self._of_section = _grouped((mapping.section_id, mapping) for mapping in mappings)

    def of_policy(self, policy_id: str) -> tuple[SectionMapping, ...]:
        """Return the mappings of a policy."""
        return self._of_policy.get(policy_id, ())

    def of_section(self, section_id: str) -> tuple[SectionMapping, ...]:
        """Return the mappings to a section itself, without those below it."""
        return self._of_section.get(section_id, ())

    def policies_below(self, section_id: str) -> frozenset[str]:
        """Return the policies that are mapped to a section or one below it, in any way."""
        below = (mappings for entity, mappings in self._of_section.items() if f"{entity}/".startswith(f"{section_id}/"))
        return frozenset(mapping.policy_id for mappings in below for mapping in mappings)

    def judges(self, policy_id: str) -> bool:
        """Whether a policy evaluates objects, as opposed to a manual check."""
        return policy_id in self._judging

    def answer(self, policy_ids: Iterable[str]) -> RequirementAnswer:
        """Return how policies cover a requirement."""
        policies = set(policy_ids)
        if policies & self._judging:
            return RequirementAnswer.AUTOMATED
        return RequirementAnswer.MANUAL if policies else RequirementAnswer.NONE

    def is_requirement(self, section_id: str) -> bool:
        """Whether a section is a requirement: it has no sections below it, or it has policies or similar sections."""
        if section_id not in self._with_children or section_id in self._of_section:
            return True
        return section_id in self._sections and any(_similar(self._sections[section_id]))

    def requirements_below(self, section_id: str) -> list[str]:
        """Return the requirements among a section and all sections below it, in the order of their ids."""
        return [
            entity for entity in self._section_ids if f"{entity}/".startswith(f"{section_id}/") and self.is_requirement(entity)
        ]

    @cached_property
    def _with_children(self) -> frozenset[str]:
        return frozenset(section_id.rpartition("/")[0] for section_id in self._section_ids)

    @cached_property
    def _by_rule(self) -> Mapping[str, tuple[str, ...]]:
        pairs = ((rule, policy.id) for policy in self._policies for rule in dict.fromkeys(policy.similar_internal))
        return {rule: tuple(sections) for rule, sections in sorted(_collected(pairs).items())}

    def rules(self) -> Mapping[str, tuple[str, ...]]:
        """Return the internal rules of policies, each with the ids of the policies."""
        return self._by_rule

    def _direct(self) -> Iterator[SectionMapping]:
        for policy in self._policies:
            for section_id in dict.fromkeys(item.value for item in policy.mappings):
                if section_id in self._sections:
                    yield SectionMapping(section_id, policy.id, How.DIRECT)

    def _through_rules(self) -> Iterator[SectionMapping]:
        if self._tables is None:
            return
        holders = _collected(
            (internal, section.id) for section in self._sections.values() for internal in section.similar_internal
        )
        for internal, path in self._tables.path_of_id.items():
            if path in self._sections and path not in holders.get(internal, ()):
                holders[internal].append(path)
        for policy in self._policies:
            for rule in dict.fromkeys(policy.similar_internal):
                internals = self._tables.ids_of_rule.get(rule, ())
                sections = (section_id for internal in internals for section_id in holders.get(internal, ()))
                yield from self._without_ignored(policy, sections, How.INTERNAL_RULE, rule)

    def _through_controls(self) -> Iterator[SectionMapping]:
        sections = self._sections.values()
        holders = _collected((section.security_hub_url, section.id) for section in sections if section.security_hub_url)
        for policy in self._policies:
            for url in dict.fromkeys(link.url for link in policy.similar_security_hub):
                yield from self._without_ignored(policy, holders.get(url, ()), How.SECURITY_HUB, url)

    def _without_ignored(self, policy: Policy, section_ids: Iterable[str], how: How, via: str) -> Iterator[SectionMapping]:
        """Yield the indirect mappings that a policy does not ignore."""
        ignored = {item.value for item in policy.ignored_mappings}
        for section_id in dict.fromkeys(section_ids):
            if section_id not in ignored:
                yield SectionMapping(section_id, policy.id, how, via)

    def _through_similar(self, mappings: Iterable[SectionMapping]) -> Iterator[SectionMapping]:
        excluded = {(mapping.policy_id, mapping.section_id) for mapping in mappings}
        policies = _collected((mapping.section_id, mapping.policy_id) for mapping in mappings)
        excluded |= {(policy.id, item.value) for policy in self._policies for item in policy.ignored_mappings}
        hops = ((section.id, similar) for section in self._sections.values() for similar in _similar(section))
        for section_id, similar in hops:
            for policy_id in dict.fromkeys(policies.get(similar, ())):
                if (policy_id, section_id) not in excluded:
                    yield SectionMapping(section_id, policy_id, How.SIMILAR_SECTION, similar)


def _similar(section: Section) -> Iterable[str]:
    return dict.fromkeys(item.value for item in section.similar_sections if item.value != section.id)


_ORDER = {how: number for number, how in enumerate(How)}


def _grouped(pairs: Iterable[tuple[str, SectionMapping]]) -> dict[str, tuple[SectionMapping, ...]]:
    def order(mapping: SectionMapping) -> tuple[int, str, str, str]:
        return _ORDER[mapping.how], mapping.section_id, mapping.policy_id, mapping.via

    return {entity: tuple(sorted(mappings, key=order)) for entity, mappings in _collected(pairs).items()}


def _collected(pairs: Iterable[tuple[str, T]]) -> defaultdict[str, list[T]]:
    collected: defaultdict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        collected[key].append(value)
    return collected


def _values(documents: Iterable[Loaded[T]]) -> Iterator[T]:
    return (document.value for document in documents if document.value is not None)


def dangling_sections(repository: Repository) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each reference to a section that does not exist."""
    known = set(repository.section_ids)
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        if policy is not None:
            for reference in (*policy.mappings, *policy.ignored_mappings):
                if reference.value not in known:
                    yield _dangling(reference, known)
    for entity in repository.section_ids:
        section = repository.section(entity).value
        for reference in section.similar_sections if section is not None else ():
            if reference.value not in known:
                yield _dangling(reference, known)


def _dangling(reference: Placed, known: set[str]) -> Diagnostic:
    """Return the diagnostic, which names the topmost missing section of the path."""
    parts = reference.value.split("/")
    above = ["/".join(parts[:length]) for length in range(3, len(parts) + 1)]
    absent = next((entity for entity in above if entity not in known), reference.value)
    kind = "framework" if absent.count("/") <= 2 else "section"
    parent = absent.rpartition("/")[0]
    siblings = [entity for entity in known if entity.rpartition("/")[0] == parent]
    label = "" if absent == reference.value else f"so there is no `{shorten(reference.value)}`"
    message = f"there is no {kind} `{shorten(absent)}`"
    return rules.UNKNOWN_SECTION.at(reference.span, message, label=label, help=nearest(absent, siblings, ()))
