"""Render a page as HTML. The templates are ours; texts of repositories are escaped or sanitised."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from jinja2 import PackageLoader
from markupsafe import Markup

from perpend.core.dataclass import dataclass
from perpend.reports.formats.remediation import UnquotableWord, remedy_lines
from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.catalogue import DataPage, ExtractsPage, TypePage, TypesPage
from perpend.reports.site.content.frameworks import FrameworksPage, SectionPage
from perpend.reports.site.content.guides import DocumentsPage, OperationsPage, ProsePage, SearchPage
from perpend.reports.site.content.health import HealthPage
from perpend.reports.site.content.links import (
    DOCUMENTS,
    FRAMEWORKS,
    HEALTH,
    HOME,
    LISTS,
    OPERATIONS,
    POLICIES,
    RULES,
    SEARCH,
    TYPES,
    PageKind,
    Ref,
    list_ref,
)
from perpend.reports.site.content.logic import LogicPage
from perpend.reports.site.content.overview import FolderPage, HomePage, ListPage, ListsPage, RulePage, RulesPage
from perpend.reports.site.content.policy import PolicyPage
from perpend.reports.site.directory import MARK
from perpend.reports.site.render.addresses import href_of, path_of, root_from
from perpend.reports.site.render.drawing import LONG, Drawing
from perpend.reports.site.render.environment import template_environment
from perpend.reports.site.render.icons import STATUSES
from perpend.reports.site.render.markdown import plain_text
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment, Template

    from perpend.reports.site.content.page import Head, Page


CSP: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'"
)
"""The content security policy: a page loads its own files only, nothing inline. The search needs WebAssembly."""

_TEMPLATES: Final[dict[type, str]] = {
    PolicyPage: "policy",
    LogicPage: "logic",
    SectionPage: "section",
    FrameworksPage: "frameworks",
    TypePage: "type",
    TypesPage: "types",
    ExtractsPage: "extracts",
    DataPage: "data",
    FolderPage: "folder",
    RulePage: "rule",
    RulesPage: "rules",
    ListPage: "list",
    ListsPage: "lists",
    HealthPage: "health",
    HomePage: "home",
    ProsePage: "prose",
    DocumentsPage: "documents",
    OperationsPage: "operations",
    SearchPage: "search",
}
_HEADING: Final = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_APART: Final = re.compile(r"(</(?:dt|dd|th|td|li|summary)>)(?=<)")
"""A pattern for places without a blank between adjacent elements. Searches and copied text need one between words."""

_DESCRIPTION: Final = 180
"""The number of characters of prose in the description of a page."""

_UNSEARCHED: Final = (PageKind.TEST_DATA, PageKind.LIST, PageKind.HOME, PageKind.INDEX)
_STATES: Final = (
    "policy-with-errors",
    "policy-with-tests-failing",
    "production-policy",
    "work-in-progress",
    "impossible-policy",
    "policy-without-logic",
)


@dataclass(slots=True)
class Renderer:
    """Renders pages. ``site`` is the site's name, ``known`` finds the targets of relative links in prose.

    ``search``: pages search in an index of all texts, not in the titles only. ``reload`` is the version of a preview; a page
    reloads when its server has another one.
    """

    site: str
    known: Callable[[str, str], str | None]
    base_url: str = ""
    documents: bool = False
    search: bool = True
    reload: str = ""
    _environment: Environment | None = None

    def html(self, page: Page) -> str:
        """Return a page as HTML."""
        path = path_of(page.head.ref)
        drawing = Drawing(path, root_from(path), self.known)
        return _APART.sub(r"\1 ", self._template(page).render(self._context(page, path, drawing)))

    def policy_body(self, page: PolicyPage, drawing: Drawing) -> Markup:
        """Return the page of a policy without its head, for a page that has another one. ``drawing`` makes its links.

        Tests and flow are folded.
        """
        body = self._named("policy_body").render({**self._context(page, drawing.path, drawing), "folded": True})
        return Markup(_APART.sub(r"\1 ", body))  # noqa: S704 rendered by a template, which escapes

    def _template(self, page: Page) -> Template:
        return self._named(_TEMPLATES[type(page)])

    def _named(self, template: str) -> Template:
        if self._environment is None:
            self._environment = template_environment(PackageLoader("perpend.reports.site"))
        return self._environment.get_template(f"{template}.html")

    def _context(self, page: Page, path: str, drawing: Drawing) -> dict[str, Any]:
        ref = page.head.ref
        prose = _prose(page, drawing)
        url = self.base_url.rstrip("/") + "/" + path.removesuffix("index.html") if self.base_url else ""
        return {
            "p": page,
            "d": drawing,
            "csp": Markup(CSP),  # noqa: S704 our own
            "version": __version__,
            "reload": self.reload,
            "has_index": self.search,
            "mark": MARK,
            "site": self.site,
            "title": self.site if ref.kind is PageKind.HOME else f"{ref.name} · {self.site}",
            "url": url,
            "description": description_of(page.head),
            "json_ld": self._json_ld(page, url),
            "menu": self._menu(),
            "more": (RULES, LISTS, HEALTH),
            "current": _top(page.head),
            "search": SEARCH,
            "indexed": is_searched(page.head),
            "contents": contents_of(page, prose),
            "prose": prose,
            "side": page.side if isinstance(page, ProsePage | DocumentsPage | OperationsPage) else (),
            "side_name": (page.head.crumbs or (ref,))[0].name,
            "tones": {status: tone for status, (_, tone) in STATUSES.items()},
            "tag": list_ref,
            "states": tuple(flag for flag in ref.flags if flag.slug in _STATES),
            "flag_of": lambda ref: FLAGS[ref.id],
            "base": _base(ref),
            "long": LONG,
            "plan": _plan(page),
        }

    def _menu(self) -> tuple[Ref, ...]:
        return (POLICIES, FRAMEWORKS, TYPES, OPERATIONS, *((DOCUMENTS,) if self.documents else ()))

    def _json_ld(self, page: Page, url: str) -> Markup:
        """Return structured data (JSON-LD) of a page. The text is in a script element: nothing in it may end that element."""
        ref = page.head.ref
        schema = "WebSite" if ref.kind is PageKind.HOME else "DefinedTerm" if ref.kind is PageKind.SECTION else "TechArticle"
        name = {"WebSite": "name", "DefinedTerm": "name", "TechArticle": "headline"}[schema]
        about: dict[str, Any] = {"@type": schema, name: ref.name, "description": description_of(page.head)}
        if url:
            about |= {"@id": url, "url": url}
        if ref.kind not in (PageKind.HOME, PageKind.INDEX):
            about["identifier"] = ref.id
        crumbs = [HOME, *page.head.crumbs, ref]
        items = [
            {"@type": "ListItem", "position": place, "name": crumb.name, **self._item(crumb)}
            for place, crumb in enumerate(crumbs, 1)
        ]
        graph = [about, *([{"@type": "BreadcrumbList", "itemListElement": items}] if len(crumbs) > 1 else [])]
        text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=True, separators=(",", ":"))
        return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 escaped for scripts

    def _item(self, ref: Ref) -> dict[str, str]:
        if not self.base_url:
            return {}
        return {"item": href_of(ref, self.base_url.rstrip("/") + "/").removesuffix("index.html")}


def is_searched(head: Head) -> bool:
    """Whether a page is found by the search."""
    return head.ref.kind not in _UNSEARCHED


def description_of(head: Head) -> str:
    """Return the description of a page in one sentence or line."""
    return _beginning(head.prose) or head.description


@lru_cache(maxsize=65_536)
def _beginning(prose: str) -> str:
    return plain_text(prose, _DESCRIPTION) if prose else ""


def contents_of(page: Page, prose: str) -> tuple[tuple[str, str], ...]:
    """Return the anchors and names of a long page's parts, for a document from the headings of its HTML."""
    headings = _HEADING.findall(prose)
    if len(headings) > 1:
        return tuple((anchor, unescape(_TAG.sub("", text))) for anchor, text in headings)
    if isinstance(page, PolicyPage):
        return _policy_contents(page)
    if isinstance(page, LogicPage):
        return (*_VIEW_CONTENTS[: None if page.view.steps else 1], ("commands", "Commands"))
    return ()


_VIEW_CONTENTS: Final[tuple[tuple[str, str], ...]] = (
    ("how-it-decides", "How it decides"),
    ("flow", "Flow"),
    ("what-it-reads", "What it reads"),
    ("tests", "Tests"),
)


def _policy_contents(page: PolicyPage) -> tuple[tuple[str, str], ...]:
    view = [part for part in _VIEW_CONTENTS if page.view and (page.view.steps or part[0] != "flow")]
    return (
        ("logic", "Logic"),
        ("similar-policies", "Similar policies"),
        ("similar-internal-rules", "Similar internal rules"),
        ("description", "Description"),
        ("remediation", "Remediation"),
        ("linked-framework-sections", "Linked framework sections"),
        *view,
        *([("commands", "Commands")] if page.commands else []),
        *([("history", "History")] if page.past else []),
    )


def _prose(page: Page, drawing: Drawing) -> Markup:
    """Return the text of a document as HTML, empty for other pages."""
    if isinstance(page, ProsePage):
        return drawing.document(page.markdown, page.base)
    return drawing.document(page.markdown, "docs") if isinstance(page, DocumentsPage) else Markup("")


def _plan(page: Page) -> str:
    """Return the output of `perpend remediate` for a policy's own test object, empty for other pages."""
    remediation_test = page.remediation_test if isinstance(page, PolicyPage) else None
    try:
        return "".join(remedy_lines(remediation_test.remedy)) if remediation_test else ""
    except UnquotableWord:
        return ""


def _top(head: Head) -> str:
    """Return the ID of the menu entry of a page."""
    return head.crumbs[0].id if head.crumbs else head.ref.id


def _base(ref: Ref) -> str:
    """Return the directory, below the repository's root, that relative links in an entity's prose start from."""
    return ref.id.strip("/") if ref.kind in (PageKind.POLICY, PageKind.SECTION, PageKind.FRAMEWORK, PageKind.FOLDER) else ""
