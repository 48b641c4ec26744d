"""The facts about a repository that pages need, each computed on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from perpend.authoring.lint.check import all_problems
from perpend.authoring.testing.executions import Executions, run_executions
from perpend.core.diagnostics.model import Severity
from perpend.core.objects.ids import type_of_extracts
from perpend.core.objects.labels import Labels
from perpend.findings.severity.effective import EffectiveRatings, ratings_in_force
from perpend.findings.severity.read import FOLDER, ratings_below
from perpend.language.compiler.analyzer import logic_errors
from perpend.language.compiler.frameworks import FrameworkMappings, RequirementAnswer
from perpend.language.compiler.names import DeclaredTypes
from perpend.language.syntax.files import MAX_YAML
from perpend.reports.site.content.badges import flags, logic_flags, policy_flags
from perpend.reports.site.content.links import PageKind, Ref, short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.documents import Policy
    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.content.links import EntityFlag
    from perpend.reports.site.content.page import Changes

_NO_EXECUTIONS = Executions()


class SiteModel:
    """The source of all pages. ``history`` returns the changes of a directory, None if they are unknown."""

    def __init__(
        self,
        analyzer: Analyzer,
        *,
        history: Callable[[str], Changes | None] = lambda _: None,
        authors: bool = False,
    ) -> None:
        self.analyzer = analyzer
        self.repository: Repository = analyzer.repository
        self.mappings = FrameworkMappings(analyzer.repository)
        self.history = history
        self.authors = authors
        self._executions: dict[str, Executions] = {}
        self._refs: dict[tuple[PageKind, str], Ref] = {}
        self._problems: dict[str, tuple[Diagnostic, ...]] = {}

    @cached_property
    def labels(self) -> Labels:
        """The labels of declared types and fields."""
        return Labels(DeclaredTypes(self.repository))

    @cached_property
    def executions(self) -> dict[str, Executions]:
        """The tests of all logic files, run, by logic id."""
        return {logic_id: self.executions_of(logic_id) for logic_id in self.repository.logic_ids}

    @cached_property
    def severities(self) -> EffectiveRatings:
        """The severities of the policies: none if the repository's ratings cannot be read."""
        ratings = ratings_below(self.repository.files, FOLDER)
        return EffectiveRatings() if ratings.diagnostics else ratings_in_force(ratings, self.repository.policy_ids)

    @cached_property
    def problems(self) -> tuple[Diagnostic, ...]:
        """All problems of the repository, by path and line."""
        return tuple(all_problems(self.repository, self.analyzer))

    @cached_property
    def problems_at(self) -> dict[str, tuple[Diagnostic, ...]]:
        """The same, by the path of the file."""
        by_path: dict[str, list[Diagnostic]] = {}
        for problem in self.problems:
            by_path.setdefault(problem.span.path, []).append(problem)
        return {path: tuple(problems) for path, problems in by_path.items()}

    @cached_property
    def siblings(self) -> dict[str, frozenset[str]]:
        """The names of the files in each directory, by the directory's id."""
        by_directory: dict[str, set[str]] = {}
        for path in self.repository.tree.files:
            directory, _, name = path.rpartition("/")
            by_directory.setdefault(f"/{directory}", set()).add(name)
        return {directory: frozenset(names) for directory, names in by_directory.items()}

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The ids of entities right below each id: folders and policies below folders, sections below sections."""
        by_parent: dict[str, list[str]] = {}
        ids = (*self.repository.folder_ids, *self.repository.policy_ids, *self.repository.section_ids)
        for entity in sorted(ids):
            by_parent.setdefault(entity.rpartition("/")[0], []).append(entity)
        return {parent: tuple(below) for parent, below in by_parent.items()}

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """All policies that can be read, by id."""
        policies = {entity: self.repository.policy(entity).value for entity in self.repository.policy_ids}
        return {entity: policy for entity, policy in policies.items() if policy is not None}

    @cached_property
    def sections(self) -> frozenset[str]:
        """The ids of all sections."""
        return frozenset(self.repository.section_ids)

    @cached_property
    def input_types(self) -> dict[str, tuple[str, ...]]:
        """The IDs of the logic files of a type, by the type's name."""
        by_type: dict[str, list[str]] = {}
        for logic_id in self.repository.logic_ids:
            logic = self.repository.logic(logic_id).value
            if logic is not None:
                by_type.setdefault(str(logic.input_type.value), []).append(logic_id)
        return {name: tuple(ids) for name, ids in by_type.items()}

    @cached_property
    def type_names(self) -> frozenset[str]:
        """The names of all object types with a page: types with a directory, and types of logic files."""
        return frozenset({*self.repository.type_names, *self.input_types})

    def executions_of(self, logic_id: str) -> Executions:
        """Return the tests of a logic file. They run when they are asked for first."""
        if logic_id[1:] not in self.repository.tree.files:
            return _NO_EXECUTIONS
        if logic_id not in self._executions:
            self._executions |= run_executions(self.analyzer, [logic_id])
        return self._executions[logic_id]

    def problems_of(self, logic_id: str) -> tuple[Diagnostic, ...]:
        """Return the problems of a logic file: errors that keep it from running first, then its own warnings."""
        if logic_id not in self._problems:
            own = (*self.repository.logic(logic_id).diagnostics, *self.analyzer.analyzed(logic_id).diagnostics)
            broken = self.analyzer.analyzed(logic_id).program is None
            errors = logic_errors(self.analyzer, logic_id) if broken else ()
            refused = self.executions_of(logic_id).problems
            self._problems[logic_id] = tuple(dict.fromkeys((*errors, *own, *refused)))
        return self._problems[logic_id]

    def text(self, path: str, *, limit: int = MAX_YAML) -> str:
        """Return a file's text, empty if it does not exist or cannot be read. ``path`` has no leading slash."""
        return self.repository.text(path, limit=limit)

    def policy_ref(self, entity: str) -> Ref:
        """Return a policy with its full name and its flags."""
        return self._ref(PageKind.POLICY, entity, self._policy)

    def section_ref(self, entity: str) -> Ref:
        """Return a section with its name and its flags."""
        kind = PageKind.FRAMEWORK if entity.count("/") == 2 else PageKind.SECTION
        return self._ref(kind, entity, self._section)

    def folder_ref(self, entity: str, *, contextual: bool = False) -> Ref:
        """Return a folder with one of its names."""
        folder = self.repository.folder(entity).value if f"{entity[1:]}/folder.yaml" in self.repository.tree.files else None
        name = (folder.names.contextual if contextual else folder.names.full) if folder else ""
        return Ref(
            PageKind.FOLDER,
            entity,
            short_name(name) or entity.rpartition("/")[2],
            there=entity in self.siblings or entity == "/ce",
        )

    def logic_ref(self, entity: str) -> Ref:
        """Return a logic file with its file name and its flags."""
        return self._ref(PageKind.LOGIC, entity, self._logic)

    def type_ref(self, name: str) -> Ref:
        """Return an object type with its label."""
        return self._ref(PageKind.TYPE, name, self._type)

    def rule_ref(self, rule: str) -> Ref:
        """Return an internal rule with its flags."""
        return self._ref(PageKind.RULE, rule, self._rule)

    def extracts_ref(self, entity: str) -> Ref:
        """Return a file of extracts, called by its type and its file name."""
        name = f"{self.type_ref(type_of_extracts(entity)).name} - {entity.rpartition('/')[2]}"
        return Ref(PageKind.EXTRACTS, entity, name, there=entity in self.repository.extracts_ids)

    def data_ref(self, path: str) -> Ref:
        """Return a file of test data by its path."""
        return Ref(PageKind.TEST_DATA, f"/{path}", path.rpartition("/")[2], there=path in self.repository.tree.files)

    def _ref(self, kind: PageKind, entity: str, make: Callable[[str], Ref]) -> Ref:
        if (kind, entity) not in self._refs:
            self._refs[kind, entity] = make(entity)
        return self._refs[kind, entity]

    def _policy(self, entity: str) -> Ref:
        policy = self.policies.get(entity)
        name = policy.names.full if policy else ""
        there = f"{entity[1:]}/policy.yaml" in self.repository.tree.files
        return Ref(
            PageKind.POLICY, entity, short_name(name) or entity.rpartition("/")[2], self._policy_flags(entity, policy), there
        )

    def _policy_flags(self, entity: str, policy: Policy | None) -> tuple[EntityFlag, ...]:
        if policy is None:
            return flags("policy-with-errors")
        loaded = self._is_faulty(f"{entity[1:]}/policy.yaml") or bool(self.repository.policy(entity).diagnostics)
        broken = loaded or any(_errors(self.problems_of(logic_id)) for logic_id in policy.logics)
        executions = tuple(self.executions_of(logic_id) for logic_id in policy.logics)
        mapped = bool(self.mappings.of_policy(entity))
        return policy_flags(policy, executions, files=self.siblings.get(entity, frozenset()), broken=broken, mapped=mapped)

    def _section(self, entity: str) -> Ref:
        if entity not in self.sections:
            return Ref(PageKind.SECTION, entity, entity.rpartition("/")[2], there=False)
        loaded = self.repository.section(entity)
        section = loaded.value
        kind = PageKind.FRAMEWORK if entity.count("/") == 2 else PageKind.SECTION
        policies = [mapping.policy_id for mapping in self.mappings.of_section(entity)]
        answer = {
            RequirementAnswer.AUTOMATED: "section-automated",
            RequirementAnswer.MANUAL: "section-manual",
            RequirementAnswer.NONE: "section-unanswered",
        }
        own_flags = flags(
            (bool(loaded.diagnostics) or self._is_faulty(f"{entity[1:]}/section.yaml")) and "section-with-errors",
            self.mappings.is_requirement(entity) and answer[self.mappings.answer(policies)],
            self._crowded(entity, policies) and "section-with-several-policies",
        )
        return Ref(kind, entity, short_name(section.name if section else "") or entity.rpartition("/")[2], own_flags)

    def _is_faulty(self, path: str) -> bool:
        return _errors(self.problems_at.get(path, ()))

    def _crowded(self, entity: str, policies: list[str]) -> bool:
        """Whether a section that allows one policy has several. A framework's setting counts for all its sections."""
        if len(set(policies)) < 2:
            return False
        parts = entity.split("/")
        holders = ["/".join(parts[:count]) for count in range(3, len(parts) + 1)]
        sections = [self.repository.section(holder).value for holder in holders if holder in self.sections]
        return any(section is not None and section.single_policy_only for section in sections)

    def _logic(self, entity: str) -> Ref:
        problems = self.problems_of(entity)
        own_flags = logic_flags(
            entity, self.executions_of(entity), broken=_errors(problems), suspicious=bool(problems) and not _errors(problems)
        )
        return Ref(PageKind.LOGIC, entity, entity.rpartition("/")[2], own_flags)

    def _type(self, name: str) -> Ref:
        declared = self.repository.object_type(name).value if name else None
        label = declared.label if declared else ""
        own_flags = flags("type-declared" if declared else "type-undeclared", name not in self.input_types and "type-unused")
        return Ref(PageKind.TYPE, name, short_name(label or name) or "unknown type", own_flags, there=name in self.type_names)

    def _rule(self, rule: str) -> Ref:
        policies = self.mappings.rules().get(rule, ())
        own_flags = flags(
            "rule-automated" if self.mappings.answer(policies) is RequirementAnswer.AUTOMATED else "rule-not-automated",
            len(policies) > 1 and "rule-with-several-policies",
        )
        return Ref(PageKind.RULE, rule, short_name(rule), own_flags, there=bool(policies))


def _errors(problems: Iterable[Diagnostic]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)
