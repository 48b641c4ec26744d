"""The pages that gather entities: home, folders, internal rules, lists."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.ids import framework_of, service_of
from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.links import FRAMEWORKS, HOME, LISTS, POLICIES, RULES, TYPES, PageKind, Ref, list_ref
from perpend.reports.site.content.page import Head, SectionCoverage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.reports.site.content.frameworks import Frameworks
    from perpend.reports.site.content.links import EntityFlag
    from perpend.reports.site.content.site_model import SiteModel


@dataclass(frozen=True, slots=True)
class Subtree:
    """A folder or policy of a tree, and everything below it."""

    ref: Ref
    policies: int
    automated: int
    below: tuple[Subtree, ...]


@dataclass(frozen=True, slots=True)
class FolderPage:
    """The page of a folder: its tree."""

    head: Head
    tree: Subtree


@dataclass(frozen=True, slots=True)
class RulePage:
    """The page of an internal rule: its policies, and the sections that they reach through it."""

    head: Head
    name: str
    description: str
    policies: tuple[Ref, ...]
    sections: tuple[tuple[Ref, Ref], ...]


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The list of internal rules: rule, number of policies, number of sections."""

    head: Head
    rows: tuple[tuple[Ref, int, int], ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """The bearers of one flag."""

    head: Head
    flag: EntityFlag
    members: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class ListsPage:
    """All lists with the number of their members."""

    head: Head
    rows: tuple[tuple[Ref, EntityFlag, int], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Frameworks by services: the number of policies that map to the framework, and of those with production logic."""

    services: tuple[Ref, ...]
    rows: tuple[tuple[Ref, tuple[tuple[int, int], ...], SectionCoverage], ...]


@dataclass(frozen=True, slots=True)
class HomePage:
    """The first page."""

    head: Head
    title: str
    numbers: tuple[tuple[str, int, Ref], ...]
    matrix: Matrix
    states: tuple[tuple[Ref, int], ...]
    own: bool


class SiteOverview:
    """Gathers entities."""

    def __init__(self, site_model: SiteModel, frameworks: Frameworks) -> None:
        self.site_model = site_model
        self.frameworks = frameworks

    @cached_property
    def members(self) -> dict[str, list[Ref]]:
        """The bearers of each flag, by the flag's slug."""
        members: dict[str, list[Ref]] = {}
        for ref in self._all_refs():
            for flag in ref.flags:
                members.setdefault(flag.slug, []).append(ref)
        return members

    def folder(self, entity: str) -> FolderPage:
        """Return the page of a folder."""
        ref = POLICIES if entity == "/ce" else self.site_model.folder_ref(entity)
        parts = entity.split("/")
        above = ["/".join(parts[:count]) for count in range(3, len(parts))]
        crumbs = (
            *((POLICIES,) if entity != "/ce" else ()),
            *(self.site_model.folder_ref(one, contextual=True) for one in above),
        )
        tree = self._branch(entity)
        description = f"{ref.name}: {tree.policies} policies, {tree.automated} of them in production."
        return FolderPage(Head(ref, description, crumbs, (("kind", PageKind.FOLDER.value),)), tree)

    def rules(self) -> RulesPage:
        """Return the page that lists the internal rules."""
        rows = []
        for rule, policies in sorted(self.site_model.mappings.rules().items()):
            rows.append((self.site_model.rule_ref(rule), len(policies), len(self._sections_of(rule, policies))))
        head = Head(RULES, f"{len(rows)} internal rules that policies stand for.", (), (("kind", "index"),))
        return RulesPage(head, tuple(rows))

    def rule(self, rule: str) -> RulePage:
        """Return the page of an internal rule."""
        policies = self.site_model.mappings.rules().get(rule, ())
        sections = self._sections_of(rule, policies)
        name, text = self._written_rule(rule)
        ref = self.site_model.rule_ref(rule)
        reached = f"{counted(len(policies), 'policy', 'policies')} for it, {counted(len(sections), 'section')} reached by it"
        head = Head(ref, f"Internal rule {rule}: {reached}.", (RULES,), (("kind", PageKind.RULE.value),))
        refs = tuple(self.site_model.policy_ref(policy) for policy in policies)
        framework = tuple(self.site_model.section_ref(framework_of(section)) for section in sections)
        return RulePage(head, name, text, refs, tuple(zip(map(self.site_model.section_ref, sections), framework, strict=True)))

    def lists(self) -> ListsPage:
        """Return the page of all lists."""
        rows = tuple((list_ref(flag), flag, len(self.members.get(slug, ()))) for slug, flag in FLAGS.items())
        return ListsPage(Head(LISTS, "Every state that an entity can be in, and who is in it.", (), (("kind", "index"),)), rows)

    def list(self, flag: EntityFlag) -> ListPage:
        """Return the page of one list."""
        members = tuple(self.members.get(flag.slug, ()))
        head = Head(
            list_ref(flag), f"{flag.label}: {flag.about} {len(members)} entities.", (LISTS,), (("kind", PageKind.LIST.value),)
        )
        return ListPage(head, flag, members)

    def home(self, title: str, *, own: bool) -> HomePage:
        """Return the first page."""
        from_index = self.frameworks.index()
        sections = len(self.site_model.sections) - len(from_index.rows)
        numbers = (
            ("policies", len(self.site_model.repository.policy_ids), POLICIES),
            ("in production", len(self.members.get("production-policy", ())), list_ref(FLAGS["production-policy"])),
            ("frameworks", len(from_index.rows), FRAMEWORKS),
            ("sections", sections, FRAMEWORKS),
            ("object types", len(self.site_model.type_names), TYPES),
            (
                "tests",
                sum(len(executions.outcomes) for executions in self.site_model.executions.values()),
                Ref(PageKind.INDEX, "/health", "Health"),
            ),
        )
        states = tuple(
            (list_ref(FLAGS[slug]), len(self.members.get(slug, ())))
            for slug in (
                "production-policy",
                "work-in-progress",
                "policy-without-logic",
                "impossible-policy",
                "policy-with-tests-failing",
                "policy-with-errors",
            )
        )
        description = (
            f"{numbers[0][1]} policies, {numbers[2][1]} frameworks and {numbers[4][1]} object types, "
            "with logic, tests and coverage."
        )
        return HomePage(Head(HOME, description), title, numbers, self._matrix(), states, own)

    def _all_refs(self) -> Iterable[Ref]:
        site_model = self.site_model
        yield from map(site_model.policy_ref, site_model.repository.policy_ids)
        yield from map(site_model.logic_ref, site_model.repository.logic_ids)
        yield from map(site_model.section_ref, site_model.repository.section_ids)
        yield from map(site_model.type_ref, sorted(site_model.type_names))
        yield from map(site_model.rule_ref, sorted(site_model.mappings.rules()))

    def _branch(self, entity: str) -> Subtree:
        if f"{entity[1:]}/policy.yaml" in self.site_model.repository.tree.files:
            return Subtree(self.site_model.policy_ref(entity), 1, int(self.site_model.mappings.judges(entity)), ())
        below = tuple(self._branch(child) for child in self.site_model.children.get(entity, ()))
        ref = POLICIES if entity == "/ce" else self.site_model.folder_ref(entity, contextual=True)
        return Subtree(ref, sum(subtree.policies for subtree in below), sum(subtree.automated for subtree in below), below)

    def _sections_of(self, rule: str, policies: Iterable[str]) -> tuple[str, ...]:
        sections = {
            mapping.section_id
            for policy in policies
            for mapping in self.site_model.mappings.of_policy(policy)
            if mapping.how == "internal-rule" and mapping.via == rule
        }
        return tuple(sorted(sections))

    def _written_rule(self, rule: str) -> tuple[str, str]:
        """Return name and description of a rule with a file in the repository, else empty texts."""
        end = f"/{rule}.yaml"
        path = next(
            (
                path
                for path in self.site_model.repository.tree.files
                if path.startswith("internal/rules/") and path.endswith(end)
            ),
            None,
        )
        fields = self.site_model.repository.rule(f"/{path}").value if path else None
        return (fields.text("name", "") or "", fields.text("description", "") or "") if fields else ("", "")

    def _matrix(self) -> Matrix:
        services: dict[str, None] = {}
        cells: dict[str, Counter[tuple[str, bool]]] = {}
        for entity in self.site_model.policies:
            answered = {framework_of(mapping.section_id) for mapping in self.site_model.mappings.of_policy(entity)}
            service = service_of(entity)
            for framework in answered:
                services[service] = None
                cells.setdefault(framework, Counter())[service, self.site_model.mappings.judges(entity)] += 1
        columns = sorted(services)
        rows = []
        for framework in self.site_model.children.get("/frameworks", ()):
            found_cells = cells.get(framework, Counter())
            numbers = tuple(
                (found_cells[service, True] + found_cells[service, False], found_cells[service, True]) for service in columns
            )
            rows.append((self.site_model.section_ref(framework), numbers, self.frameworks.below(framework)[1]))
        return Matrix(tuple(self.site_model.folder_ref(service) for service in columns), tuple(rows))
