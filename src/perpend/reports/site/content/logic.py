"""The page of a logic file: steps, source, flow, fields and tests. A policy's page shows the same."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

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

    def __init__(self, book: SiteModel) -> None:
        self.book = book
        self._views: dict[str, LogicView] = {}
        self._cards: dict[str, LogicCard] = {}

    def page(self, logic_id: str) -> LogicPage:
        """Return the page of a logic file."""
        book, policy_id = self.book, logic_id.rpartition("/")[0]
        policy = book.policy_ref(policy_id)
        view = self.view(logic_id)
        description = (
            f"How {policy.name} is decided: conditions, checks and tests of {view.card.ref.name} over {view.card.type.name}."
        )
        facets = (("kind", PageKind.LOGIC.value), *place_facets(book, policy_id))
        head = Head(view.card.ref, description, (*folder_crumbs(book, policy_id), policy), facets)
        return LogicPage(head, policy, view, (f"perpend test {quote(policy_id)} --coverage",))

    def view(self, logic_id: str) -> LogicView:
        """Return a logic file in full."""
        if logic_id not in self._views:
            self._views[logic_id] = self._view(logic_id)
        return self._views[logic_id]

    def card(self, logic_id: str) -> LogicCard:
        """Return a logic file in a few lines."""
        if logic_id not in self._cards:
            self._cards[logic_id] = _card(self.book, logic_id)
        return self._cards[logic_id]

    def _view(self, logic_id: str) -> LogicView:
        book = self.book
        program = book.analyzer.analyzed(logic_id).program
        executions = book.executions_of(logic_id)
        tests = tuple((test_ref(logic_id, execution), execution) for execution in executions.ends)
        steps = None
        if program is not None:
            refs = {id(execution): ref for ref, execution in tests}
            reached = tests_by_end(executions.ends, lambda execution: refs[id(execution)])
            steps = StepReader(program, book.type_ref, reached).steps()
        return LogicView(
            self.card(logic_id),
            steps,
            book.text(logic_id[1:]),
            readings_of(book, program) if program else (),
            permissions_of(program) if program else (),
            tests,
            executions.missed,
        )


def _card(book: SiteModel, logic_id: str) -> LogicCard:
    logic = book.repository.logic(logic_id).value
    executions = book.executions_of(logic_id)
    paths = dict.fromkeys(execution.path for execution in executions.ends if execution.path)
    for reference in logic.test_data if logic else ():
        referred = book.repository.referred(reference, logic_id, [])
        paths |= {referred: None} if referred else {}
    data = []
    for path in paths:
        results = [execution.passed for execution in executions.ends if execution.path == path]
        data.append((book.data_ref(path), sum(results), len(results) - sum(results)))
    return LogicCard(
        book.logic_ref(logic_id),
        book.type_ref(str(logic.input_type.value) if logic else ""),
        tuple(book.extracts_ref(entity) for entity in _imports(book, logic_id, logic.block)) if logic else (),
        tuple(data),
        sum(not execution.path for execution in executions.ends),
        executions.passed,
        executions.failed,
        executions.covered,
        executions.branches,
        tuple(problem_from(book, problem) for problem in book.problems_of(logic_id)),
    )


def _imports(book: SiteModel, logic_id: str, block: WrittenBlock) -> tuple[str, ...]:
    """Return the ids of all extracts files that a block and its related lists import."""
    extracts = {book.repository.imported(reference, logic_id, []): None for reference in block.imports}
    for related in block.related:
        extracts |= dict.fromkeys(_imports(book, logic_id, related))
    return tuple(entity for entity in extracts if entity)


def test_ref(logic_id: str, execution: Execution) -> Ref:
    """Return the reference to a test object on the page of its file. Inline tests are on the logic file's page."""
    if not execution.path:
        return Ref(PageKind.LOGIC, logic_id, execution.id)
    return Ref(PageKind.TEST_DATA, f"/{execution.path}", execution.id, anchor=f"object-{execution.number + 1}")


def problem_from(book: SiteModel, diagnostic: Diagnostic) -> Problem:
    """Return a diagnostic as a page shows it, with the page of the file that it is about."""
    span = diagnostic.span
    return Problem(
        diagnostic.code, diagnostic.severity.value, diagnostic.message, span.path, span.line, page_of(book, span.path)
    )


def page_of(book: SiteModel, path: str) -> Ref | None:
    """Return the page of the entity that a file belongs to, None if it has no page."""
    entity, (folder, _, name) = f"/{path}", path.rpartition("/")
    repository = book.repository
    if entity in repository.logic_ids:
        return book.logic_ref(entity)
    if entity in repository.extracts_ids:
        return book.extracts_ref(entity)
    if name == "policy.yaml" or (folder.startswith("ce/") and f"/{folder}" in repository.policy_ids):
        return book.policy_ref(f"/{folder}")
    if name == "section.yaml" and f"/{folder}" in book.sections:
        return book.section_ref(f"/{folder}")
    if name == "folder.yaml":
        return book.folder_ref(f"/{folder}")
    return book.type_ref(folder.rpartition("/")[2]) if name == "type.yaml" else None


def folder_crumbs(book: SiteModel, entity: str) -> tuple[Ref, ...]:
    """Return the folders above an entity, from the top."""
    parts = entity.split("/")[1:-1]
    above = ["/" + "/".join(parts[: count + 1]) for count in range(1, len(parts))]
    return (POLICIES, *(book.folder_ref(folder, contextual=True) for folder in above))


def place_facets(book: SiteModel, policy_id: str) -> tuple[tuple[str, str], ...]:
    """Return cloud and service of a policy by the folders that hold it: the third and the fourth part of its id."""
    parts = policy_id.split("/")
    facets = []
    if len(parts) > 4:
        facets.append(("cloud", book.folder_ref("/".join(parts[:4]), contextual=True).name))
    if len(parts) > 5:
        facets.append(("service", book.folder_ref("/".join(parts[:5])).name))
    return tuple(facets)
