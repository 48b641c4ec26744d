"""The page of a logic file: steps, source, flow, fields and tests. A policy's page shows the same."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.objects.ids import PRODUCTION
from perpend.reports.site.content.links import POLICIES, PageKind, Ref
from perpend.reports.site.content.page import Head, Problem
from perpend.reports.site.content.reads import ReadValue, permissions_of, readings_of
from perpend.reports.site.content.steps import StepReader, tests_by_end

if TYPE_CHECKING:
    from perpend.authoring.testing.executions import Execution
    from perpend.authoring.testing.run import Branch
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.documents import WrittenBlock
    from perpend.reports.site.content.site_model import SiteModel
    from perpend.reports.site.content.steps import BlockSteps


@dataclass(frozen=True, slots=True)
class LogicCard:
    """A logic file in brief: its type, its imports and its test results."""

    ref: Ref
    type: Ref
    extracts: tuple[Ref, ...]
    data: tuple[tuple[Ref, int, int], ...]
    inline_tests: int
    passed: int
    failed: int
    covered: int
    branches: int
    problems: tuple[Problem, ...]

    @property
    def production(self) -> bool:
        """Whether ``perpend check`` uses it."""
        return self.ref.name == PRODUCTION


@dataclass(frozen=True, slots=True)
class LogicView:
    """A logic file in full. ``steps`` is None if it has errors."""

    card: LogicCard
    steps: BlockSteps | None
    source: str
    readings: tuple[ReadValue, ...]
    permissions: tuple[str, ...]
    tests: tuple[tuple[Ref, Execution], ...]
    missed: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class LogicPage:
    """The page of one logic file."""

    head: Head
    policy: Ref
    view: LogicView
    commands: tuple[str, ...]


class Logics:
    """The logic files of a repository, each seen once for its own page and its policy's."""

    def __init__(self, site_model: SiteModel) -> None:
        self.site_model = site_model
        self._views: dict[str, LogicView] = {}
        self._cards: dict[str, LogicCard] = {}

    def page(self, logic_id: str) -> LogicPage:
        """Return the page of a logic file."""
        site_model, policy_id = self.site_model, logic_id.rpartition("/")[0]
        policy = site_model.policy_ref(policy_id)
        view = self.view(logic_id)
        description = (
            f"How {policy.name} is decided: conditions, checks and tests of {view.card.ref.name} over {view.card.type.name}."
        )
        facets = (("kind", PageKind.LOGIC.value), *place_facets(site_model, policy_id))
        head = Head(view.card.ref, description, (*folder_crumbs(site_model, policy_id), policy), facets)
        return LogicPage(head, policy, view, (f"perpend test {quote(policy_id)} --coverage",))

    def view(self, logic_id: str) -> LogicView:
        """Return a logic file in full."""
        if logic_id not in self._views:
            self._views[logic_id] = self._view(logic_id)
        return self._views[logic_id]

    def card(self, logic_id: str) -> LogicCard:
        """Return a logic file in a few lines."""
        if logic_id not in self._cards:
            self._cards[logic_id] = _card(self.site_model, logic_id)
        return self._cards[logic_id]

    def _view(self, logic_id: str) -> LogicView:
        site_model = self.site_model
        program = site_model.analyzer.analyzed(logic_id).program
        executions = site_model.executions_of(logic_id)
        tests = tuple((test_ref(logic_id, execution), execution) for execution in executions.outcomes)
        steps = None
        if program is not None:
            refs = {id(execution): ref for ref, execution in tests}
            reached = tests_by_end(executions.outcomes, lambda execution: refs[id(execution)])
            steps = StepReader(program, site_model.type_ref, reached).steps()
        return LogicView(
            self.card(logic_id),
            steps,
            site_model.text(logic_id[1:]),
            readings_of(site_model, program) if program else (),
            permissions_of(program) if program else (),
            tests,
            executions.missed,
        )


def _card(site_model: SiteModel, logic_id: str) -> LogicCard:
    logic = site_model.repository.logic(logic_id).value
    executions = site_model.executions_of(logic_id)
    paths = dict.fromkeys(execution.path for execution in executions.outcomes if execution.path)
    for reference in logic.test_data if logic else ():
        referred = site_model.repository.referred(reference, logic_id, [])
        paths |= {referred: None} if referred else {}
    data = []
    for path in paths:
        results = [execution.passed for execution in executions.outcomes if execution.path == path]
        data.append((site_model.data_ref(path), sum(results), len(results) - sum(results)))
    return LogicCard(
        site_model.logic_ref(logic_id),
        site_model.type_ref(str(logic.input_type.value) if logic else ""),
        tuple(site_model.extracts_ref(entity) for entity in _imports(site_model, logic_id, logic.block)) if logic else (),
        tuple(data),
        sum(not execution.path for execution in executions.outcomes),
        executions.passed,
        executions.failed,
        executions.covered,
        executions.branches,
        tuple(problem_from(site_model, problem) for problem in site_model.problems_of(logic_id)),
    )


def _imports(site_model: SiteModel, logic_id: str, block: WrittenBlock) -> tuple[str, ...]:
    """Return the ids of all extracts files that a block and its related lists import."""
    extracts = {site_model.repository.imported(reference, logic_id, []): None for reference in block.imports}
    for related in block.related:
        extracts |= dict.fromkeys(_imports(site_model, logic_id, related))
    return tuple(entity for entity in extracts if entity)


def test_ref(logic_id: str, execution: Execution) -> Ref:
    """Return the reference to a test object on the page of its file. Inline tests are on the logic file's page."""
    if not execution.path:
        return Ref(PageKind.LOGIC, logic_id, execution.id)
    return Ref(PageKind.TEST_DATA, f"/{execution.path}", execution.id, anchor=f"object-{execution.number + 1}")


def problem_from(site_model: SiteModel, diagnostic: Diagnostic) -> Problem:
    """Return a diagnostic as a page shows it, with the page of the file that it is about."""
    span = diagnostic.span
    return Problem(
        diagnostic.code, diagnostic.severity.value, diagnostic.message, span.path, span.line, page_of(site_model, span.path)
    )


def page_of(site_model: SiteModel, path: str) -> Ref | None:
    """Return the page of the entity that a file belongs to, None if it has no page."""
    entity, (folder, _, name) = f"/{path}", path.rpartition("/")
    repository = site_model.repository
    if entity in repository.logic_ids:
        return site_model.logic_ref(entity)
    if entity in repository.extracts_ids:
        return site_model.extracts_ref(entity)
    if name == "policy.yaml" or (folder.startswith("ce/") and f"/{folder}" in repository.policy_ids):
        return site_model.policy_ref(f"/{folder}")
    if name == "section.yaml" and f"/{folder}" in site_model.sections:
        return site_model.section_ref(f"/{folder}")
    if name == "folder.yaml":
        return site_model.folder_ref(f"/{folder}")
    return site_model.type_ref(folder.rpartition("/")[2]) if name == "type.yaml" else None


def folder_crumbs(site_model: SiteModel, entity: str) -> tuple[Ref, ...]:
    """Return the folders above an entity, from the top."""
    parts = entity.split("/")[1:-1]
    above = ["/" + "/".join(parts[: count + 1]) for count in range(1, len(parts))]
    return (POLICIES, *(site_model.folder_ref(folder, contextual=True) for folder in above))


def place_facets(site_model: SiteModel, policy_id: str) -> tuple[tuple[str, str], ...]:
    """Return cloud and service of a policy by the folders that hold it: the third and the fourth part of its id."""
    parts = policy_id.split("/")
    facets = []
    if len(parts) > 4:
        facets.append(("cloud", site_model.folder_ref("/".join(parts[:4]), contextual=True).name))
    if len(parts) > 5:
        facets.append(("service", site_model.folder_ref("/".join(parts[:5])).name))
    return tuple(facets)
