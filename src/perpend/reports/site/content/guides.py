"""The pages of operations, and the values for pages of documents."""

from __future__ import annotations

from perpend.core.dataclass import dataclass
from perpend.language.operations import OPERATIONS
from perpend.language.syntax.reference import INDEX, operation_pages, page_name
from perpend.reports.site.content.links import OPERATIONS as OPERATIONS_REF
from perpend.reports.site.content.links import PageKind, Ref
from perpend.reports.site.content.page import Head

SideTree = tuple[tuple[str, tuple[Ref, ...]], ...]


@dataclass(frozen=True, slots=True)
class ProsePage:
    """A page of Markdown with its title. ``base`` is the directory that its relative links start from.

    ``side`` has all pages of its kind, by shelf, in reading order.
    """

    head: Head
    title: str
    markdown: str
    base: str
    side: SideTree
    before: Ref | None = None
    after: Ref | None = None


@dataclass(frozen=True, slots=True)
class DocumentsPage:
    """The list of all documents by shelf, each with its Markdown text. ``markdown`` is the text of the README, if any."""

    head: Head
    shelves: tuple[tuple[str, tuple[tuple[Ref, str], ...]], ...]
    markdown: str = ""

    @property
    def side(self) -> SideTree:
        """The documents by shelf."""
        return tuple((name, tuple(ref for ref, _ in rows)) for name, rows in self.shelves)


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The list of all operations by family, with description and dialects."""

    head: Head
    families: tuple[tuple[str, tuple[tuple[Ref, str, tuple[str, ...]], ...]], ...]

    @property
    def side(self) -> SideTree:
        """The operations by family."""
        return tuple((name, tuple(ref for ref, _, _ in rows)) for name, rows in self.families)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The page that searches."""

    head: Head


def operation_ref(name: str) -> Ref:
    """Return the reference to an operation by its name."""
    return Ref(PageKind.OPERATION, page_name(OPERATIONS[name]), name)


def operation_of_page(name: str) -> Ref | None:
    """Return the operation, or the index, for a file of the reference: ``is-equal.md``, ``index.md``."""
    if name == INDEX:
        return OPERATIONS_REF
    return next((operation_ref(one) for one in OPERATIONS if f"{page_name(OPERATIONS[one])}.md" == name), None)


def operations_page() -> OperationsPage:
    """Return the page that lists the operations."""
    families: dict[str, list[tuple[Ref, str, tuple[str, ...]]]] = {}
    for name, operation in OPERATIONS.items():
        summary = operation.doc.partition(". ")[0].rstrip(".") + "."
        families.setdefault(operation.family, []).append((operation_ref(name), summary, operation.dialects))
    head = Head(OPERATIONS_REF, f"The {len(OPERATIONS)} operations of the policy language.", (), (("kind", "index"),))
    return OperationsPage(head, tuple((family, tuple(rows)) for family, rows in families.items()))


def operation_prose() -> tuple[ProsePage, ...]:
    """Return the page of each operation."""
    texts = operation_pages()
    names = list(OPERATIONS)
    side = operations_page().side
    pages = []
    for place, name in enumerate(names):
        text = texts[f"{page_name(OPERATIONS[name])}.md"]
        facets = (("kind", PageKind.OPERATION.value),)
        head = Head(operation_ref(name), name, (OPERATIONS_REF,), facets, (OPERATIONS[name].key,), OPERATIONS[name].doc)
        before = operation_ref(names[place - 1]) if place else None
        after = operation_ref(names[place + 1]) if place + 1 < len(names) else None
        pages.append(ProsePage(head, name, text, "docs/reference/operations", side, before, after))
    return tuple(pages)
