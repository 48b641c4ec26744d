"""The pages of frameworks and sections, and how policies answer them: directly, or through rules and similar sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.ids import framework_of
from perpend.evaluation.verdicts.requirements import looser_values
from perpend.language.compiler.frameworks import RequirementAnswer
from perpend.reports.site.content.links import FRAMEWORKS, PageKind, Ref
from perpend.reports.site.content.page import Head, SectionCoverage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.language.compiler.frameworks import SectionMapping
    from perpend.reports.site.content.site_model import SiteModel

HOWS = {
    "direct": "direct",
    "internal-rule": "by internal rule",
    "security-hub": "by Security Hub",
    "similar-section": "by similar section",
}
"""The kinds of mappings from a policy to a section, for display."""


@dataclass(frozen=True, slots=True)
class Route:
    """The kind and the origin of a mapping from a policy to a section."""

    how: str
    label: str
    via: Ref | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A section that a policy maps to: its framework, the content below it, the rules that lead to it, and the route."""

    section: Ref
    framework: Ref
    below: int
    rules: int
    policies: int
    routes: tuple[Route, ...]

    @property
    def direct(self) -> bool:
        """Whether the policy names the section itself."""
        return any(route.how == "direct" for route in self.routes)


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A section below another one: how much is below it, and how it is answered."""

    section: Ref
    below: int
    rules: int
    direct: int
    inherited: int
    coverage: SectionCoverage


@dataclass(frozen=True, slots=True)
class MappedPolicyRow:
    """A policy that answers a section. ``looser`` names the values of its parameters that accept more than the section's."""

    policy: Ref
    routes: tuple[Route, ...]
    looser: str = ""

    @property
    def direct(self) -> bool:
        """Whether the policy names the section itself."""
        return any(route.how == "direct" for route in self.routes)


@dataclass(frozen=True, slots=True)
class SectionPage:
    """The page of a section; the topmost one is the framework."""

    head: Head
    name: str
    framework: Ref
    description: str
    similar: tuple[Ref, ...]
    internal_ids: tuple[str, ...]
    security_hub: str
    single_policy_only: bool
    children: tuple[ChildRow, ...]
    policies: tuple[MappedPolicyRow, ...]
    coverage: SectionCoverage
    before: Ref | None
    after: Ref | None


@dataclass(frozen=True, slots=True)
class FrameworksPage:
    """The list of all frameworks."""

    head: Head
    rows: tuple[ChildRow, ...]


class Frameworks:
    """Sections and the coverage of everything below them, each computed once."""

    def __init__(self, site_model: SiteModel) -> None:
        self.site_model = site_model
        self._below: dict[str, tuple[int, SectionCoverage, frozenset[tuple[str, bool]]]] = {}
        self._rules: dict[str, frozenset[str]] = {}

    def index(self) -> FrameworksPage:
        """Return the page that lists all frameworks."""
        rows = tuple(self._row(entity) for entity in self.site_model.children.get("/frameworks", ()))
        head = Head(FRAMEWORKS, f"{len(rows)} frameworks: how much of each is answered by policies.", (), (("kind", "index"),))
        return FrameworksPage(head, rows)

    def page(self, entity: str) -> SectionPage:
        """Return the page of a section."""
        site_model = self.site_model
        ref = site_model.section_ref(entity)
        section = site_model.repository.section(entity).value
        framework = site_model.section_ref(framework_of(entity))
        siblings = site_model.children.get(entity.rpartition("/")[0], ()) if ref.kind is PageKind.SECTION else ()
        place = siblings.index(entity) if entity in siblings else -1
        rows = tuple(self._row(child) for child in site_model.children.get(entity, ()))
        coverage = self.below(entity)[1]
        policies = _policy_rows(site_model, entity)
        text = " ".join((section.description if section else "").split())
        answered = f"{coverage.automated} of {counted(coverage.total, 'requirement')} automated"
        summary = text[:180] or f"{ref.name}: {counted(len(policies), 'policy', 'policies')}, {answered}."
        parts = entity.split("/")
        above = tuple(site_model.section_ref("/".join(parts[:count])) for count in range(3, len(parts)))
        facets = (("kind", ref.kind.value), ("framework", framework.name), *_state(ref))
        return SectionPage(
            Head(ref, summary, (FRAMEWORKS, *above), facets),
            ref.name,
            framework,
            section.description if section else "",
            tuple(site_model.section_ref(str(item.value)) for item in section.similar_sections) if section else (),
            section.similar_internal if section else (),
            (section.security_hub_url or "") if section else "",
            bool(section and section.single_policy_only),
            rows,
            policies,
            coverage,
            site_model.section_ref(siblings[place - 1]) if place > 0 else None,
            site_model.section_ref(siblings[place + 1]) if 0 <= place < len(siblings) - 1 else None,
        )

    def below(self, entity: str) -> tuple[int, SectionCoverage, frozenset[tuple[str, bool]]]:
        """Return of a section and all below it: how many sections are below, the requirements, the policies and if direct."""
        if entity in self._below:
            return self._below[entity]
        children = self.site_model.children.get(entity, ())
        own = self.site_model.mappings.of_section(entity)
        policies = {(mapping.policy_id, mapping.how == "direct") for mapping in own}
        number = 0
        answer = self.site_model.mappings.answer(policy for policy, _ in policies)
        coverage = _coverage(answer) if self.site_model.mappings.is_requirement(entity) else SectionCoverage()
        for child in children:
            inner = self.below(child)
            number += 1 + inner[0]
            coverage += inner[1]
            policies |= inner[2]
        self._below[entity] = (number, coverage, frozenset(policies))
        return self._below[entity]

    def rules(self, entity: str) -> frozenset[str]:
        """Return the internal rules that lead policies to a section or to one below it."""
        if entity not in self._rules:
            own = {mapping.via for mapping in self.site_model.mappings.of_section(entity) if mapping.how == "internal-rule"}
            self._rules[entity] = frozenset(
                own.union(*(self.rules(child) for child in self.site_model.children.get(entity, ())))
            )
        return self._rules[entity]

    def _row(self, entity: str) -> ChildRow:
        number, coverage, policies = self.below(entity)
        direct = {policy for policy, is_direct in policies if is_direct}
        return ChildRow(
            self.site_model.section_ref(entity),
            number,
            len(self.rules(entity)),
            len(direct),
            len({policy for policy, _ in policies} - direct),
            coverage,
        )


def answer_rows(site_model: SiteModel, policy_id: str) -> tuple[AnswerRow, ...]:
    """Return the sections that a policy answers, the direct ones first, then by framework and section."""
    routes: dict[str, list[SectionMapping]] = {}
    for mapping in site_model.mappings.of_policy(policy_id):
        routes.setdefault(mapping.section_id, []).append(mapping)
    rows = [_answer(site_model, section_id, mappings) for section_id, mappings in routes.items()]
    return tuple(sorted(rows, key=lambda row: (not row.direct, row.section.id)))


def rule_number(mappings: Sequence[SectionMapping]) -> int:
    """Return how many internal rules lead policies to a section."""
    return len({mapping.via for mapping in mappings if mapping.how == "internal-rule"})


def _answer(site_model: SiteModel, section_id: str, mappings: Sequence[SectionMapping]) -> AnswerRow:
    of_section = site_model.mappings.of_section(section_id)
    policies = sorted({mapping.policy_id for mapping in of_section})
    return AnswerRow(
        site_model.section_ref(section_id),
        site_model.section_ref(framework_of(section_id)),
        len(site_model.children.get(section_id, ())),
        rule_number(of_section),
        len(policies),
        tuple(_route(site_model, mapping) for mapping in mappings),
    )


def _policy_rows(site_model: SiteModel, section_id: str) -> tuple[MappedPolicyRow, ...]:
    routes: dict[str, list[SectionMapping]] = {}
    for mapping in site_model.mappings.of_section(section_id):
        routes.setdefault(mapping.policy_id, []).append(mapping)
    rows = [
        MappedPolicyRow(
            site_model.policy_ref(policy_id),
            tuple(_route(site_model, mapping) for mapping in mappings),
            looser_values(site_model.repository, policy_id, section_id),
        )
        for policy_id, mappings in routes.items()
    ]
    return tuple(sorted(rows, key=lambda row: (not row.direct, row.policy.id)))


def _route(site_model: SiteModel, mapping: SectionMapping) -> Route:
    via = None
    if mapping.how == "internal-rule" and mapping.via:
        via = site_model.rule_ref(mapping.via)
    elif mapping.how == "similar-section" and mapping.via:
        via = site_model.section_ref(mapping.via)
    return Route(mapping.how, HOWS.get(mapping.how, mapping.how), via)


def _coverage(answer: RequirementAnswer) -> SectionCoverage:
    return SectionCoverage(*(int(answer is one) for one in RequirementAnswer))


def _state(ref: Ref) -> tuple[tuple[str, str], ...]:
    return tuple(
        ("state", flag.label)
        for flag in ref.flags
        if flag.slug in ("section-automated", "section-manual", "section-unanswered")
    )
