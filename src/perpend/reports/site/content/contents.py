"""List all pages of a site, each with the function that makes it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.catalogue import Catalogue
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.guides import SearchPage, operation_prose, operations_page
from perpend.reports.site.content.health import health_page
from perpend.reports.site.content.links import (
    FRAMEWORKS,
    HEALTH,
    HOME,
    LISTS,
    RULES,
    SEARCH,
    TYPES,
    PageKind,
    Ref,
    list_ref,
)
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.overview import SiteOverview
from perpend.reports.site.content.page import Head
from perpend.reports.site.content.policy import policy_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from perpend.reports.site.content.guides import DocumentsPage, ProsePage
    from perpend.reports.site.content.page import Page
    from perpend.reports.site.content.site_model import SiteModel


class Shelves(Protocol):
    """Documents that become part of a site."""

    def index(self) -> DocumentsPage:
        """Return the page that lists all documents."""

    def pages(self) -> Iterable[ProsePage]:
        """Return the page of each document."""


def contents_of(site_model: SiteModel, *, title: str, documents: Shelves | None) -> Iterator[tuple[Ref, Callable[[], Page]]]:
    """Yield a reference to every page of the site with the function that makes the page. A reference has no name."""
    frameworks, catalogue = Frameworks(site_model), Catalogue(site_model)
    overview, logics = SiteOverview(site_model, frameworks), Logics(site_model)
    repository = site_model.repository
    yield HOME, partial(overview.home, title, own=documents is not None)
    yield from _each(PageKind.FOLDER, dict.fromkeys(("/ce", *repository.folder_ids)), overview.folder)
    yield from _each(PageKind.POLICY, repository.policy_ids, partial(policy_page, site_model, logics))
    yield from _each(PageKind.LOGIC, repository.logic_ids, logics.page)
    yield FRAMEWORKS, frameworks.index
    yield from _each(PageKind.SECTION, repository.section_ids, frameworks.page)
    yield TYPES, catalogue.index
    yield from _each(PageKind.TYPE, sorted(site_model.type_names), catalogue.page)
    yield from _each(PageKind.EXTRACTS, repository.extracts_ids, catalogue.extracts)
    for path, logic_ids in sorted(catalogue.data_paths().items()):
        yield site_model.data_ref(path), partial(catalogue.data, path, logic_ids)
    yield RULES, overview.rules
    yield from _each(PageKind.RULE, site_model.mappings.rules(), overview.rule)
    yield LISTS, overview.lists
    for flag in FLAGS.values():
        yield list_ref(flag), partial(overview.list, flag)
    yield HEALTH, partial(health_page, site_model)
    for page in _prose(documents):
        yield page.head.ref, partial(_ready, page)


def _each(kind: PageKind, ids: Iterable[str], make: Callable[[str], Page]) -> Iterator[tuple[Ref, Callable[[], Page]]]:
    return ((Ref(kind, entity, ""), partial(make, entity)) for entity in ids)


def _ready(page: Page) -> Page:
    return page


def _prose(documents: Shelves | None) -> Iterator[Page]:
    yield operations_page()
    yield from operation_prose()
    if documents is not None:
        yield documents.index()
        yield from documents.pages()
    yield SearchPage(Head(SEARCH, "Search policies, sections, rules, object types and operations."))
