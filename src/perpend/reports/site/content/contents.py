"""Generate all pages of a site, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.catalogue import Catalogue
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.guides import SearchPage, operation_prose, operations_page
from perpend.reports.site.content.health import health_page
from perpend.reports.site.content.links import SEARCH
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.overview import Overview
from perpend.reports.site.content.page import Head
from perpend.reports.site.content.policy import policy_page
from perpend.reports.site.content.verdicts.pages import findings_page, verdicts_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.reports.site.content.guides import DocumentsPage, ProsePage
    from perpend.reports.site.content.page import Page
    from perpend.reports.site.content.site_model import SiteModel


class Shelves(Protocol):
    """Documents that become part of a site."""

    def index(self) -> DocumentsPage:
        """Return the page that lists all documents."""

    def pages(self) -> Iterable[ProsePage]:
        """Return the page of each document."""


def pages_of(book: SiteModel, *, title: str, documents: Shelves | None) -> Iterator[Page]:
    """Yield every page of the site."""
    frameworks, catalogue = Frameworks(book), Catalogue(book)
    overview = Overview(book, frameworks)
    yield overview.home(title, own=documents is not None)
    yield from _policies(book, overview)
    if book.verdicts is not None:
        yield verdicts_page(book, frameworks)
        for entity in sorted(book.verdicts.listed() & book.policies.keys()):
            yield findings_page(book, entity)
    yield frameworks.index()
    for entity in book.repository.section_ids:
        yield frameworks.page(entity)
    yield from _types(book, catalogue)
    yield overview.rules()
    for rule in book.mappings.rules():
        yield overview.rule(rule)
    yield overview.lists()
    for flag in FLAGS.values():
        yield overview.list(flag)
    yield health_page(book)
    yield from _prose(documents)


def _policies(book: SiteModel, overview: Overview) -> Iterator[Page]:
    for entity in dict.fromkeys(("/ce", *book.repository.folder_ids)):
        yield overview.folder(entity)
    logics = Logics(book)
    yield from (policy_page(book, logics, entity) for entity in book.repository.policy_ids)
    yield from map(logics.page, book.repository.logic_ids)


def _types(book: SiteModel, catalogue: Catalogue) -> Iterator[Page]:
    yield catalogue.index()
    for name in sorted(book.type_names):
        yield catalogue.page(name)
    for entity in book.repository.extracts_ids:
        yield catalogue.extracts(entity)
    for path, logic_ids in sorted(catalogue.data_paths().items()):
        yield catalogue.data(path, logic_ids)


def _prose(documents: Shelves | None) -> Iterator[Page]:
    yield operations_page()
    yield from operation_prose()
    if documents is not None:
        yield documents.index()
        yield from documents.pages()
    yield SearchPage(Head(SEARCH, "Search policies, sections, rules, object types and operations."))
