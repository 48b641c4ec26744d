"""The kinds of pages, where they are on the library's site, and what a visit to one notes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from perpend.language.syntax.repository import open_repository

ROOT = Path(__file__).parents[2]
KEY = "ce/ca/aws/iam/user-has-more-than-one-active-access-key"
SHORT = "ce/ca/aws/iam/delete-expired-server-certificate"
"""A policy with few lines: its files look like those of all others, and axe is soon through."""

KINDS = {
    "home": "index.html",
    "policy": f"{KEY}/index.html",
    "logic": f"{SHORT}/prod.logic.yaml/index.html",
    "test data": f"{SHORT}/test-data.json/index.html",
    "folder": "ce/ca/aws/iam/index.html",
    "framework": "frameworks/cis-aws-v6.0.0/index.html",
    "section": "frameworks/cis-aws-v6.0.0/02/12/index.html",
    "type": "types/CA10__CaAwsUser__c/index.html",
    "rule": "rules/dec-x-30795016/index.html",
    "list": "lists/production-policy/index.html",
    "health": "health/index.html",
    "operation": "operations/is-equal/index.html",
    "document": "docs/tour/index.html",
    "search": "search/index.html?q=keys",
}


def build(repository: Path | None, out: Path) -> Path:
    """Build a site of a repository, or of the library with our documents."""
    from perpend.reports.site.build import Options, build_site

    options = Options(out=out)
    if repository is None:
        options = replace(options, documents=ROOT / "docs")
    build_site(open_repository(str(repository) if repository else None), options)
    return out


OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Rules of axe that another colour scheme may break; all others see the same page."""

ALIKE = ":is(tbody, ul) > :nth-child(n + 9)"
"""Rows and points that look like the eight before them: axe takes milliseconds for each word."""

BY_COLOURS = """rules => {
    const grounds = new Map([[null, ""]]), times = new Map();
    const groundOf = node => {
        if (!grounds.has(node)) {
            const {backgroundColor, backgroundImage, opacity, filter, position, overflow} = getComputedStyle(node);
            const own = [backgroundColor, backgroundImage, opacity, filter, position, overflow].join(" ");
            const plain = "rgba(0, 0, 0, 0) none 1 none static visible";
            grounds.set(node, groundOf(node.parentElement) + (own === plain ? "" : "/" + own));
        }
        return grounds.get(node);
    };
    const says = node => [...node.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim());
    const isNew = node => {
        const {color, fontSize, fontWeight, textDecorationLine, textShadow, display} = getComputedStyle(node);
        const around = getComputedStyle(node.parentElement);
        const near = [node.parentElement.tagName, around.color, around.display, says(node.parentElement)];
        const own = [node.tagName, color, fontSize, fontWeight, textDecorationLine, textShadow, display];
        const look = [...own, ...near, groundOf(node)].join();
        times.set(look, (times.get(look) ?? 0) + 1);
        return times.get(look) <= 2;
    };
    const seen = [...document.body.querySelectorAll("*")].filter(node => says(node) || node.matches("input, select, textarea"));
    const include = seen.filter(node => node.checkVisibility()).filter(isNew);
    return axe.run({include}, {runOnly: rules, resultTypes: ["violations"], preload: false});
}"""
"""Asks axe by rules of colours: of texts that have colours, size, ground and surroundings in common about the first two."""


def findings(page: Any) -> list[str]:
    """Return what axe finds that is more than minor, by all of its rules, long lists in part."""
    _bring_axe(page)
    options = {"resultTypes": ["violations"], "preload": False, "rules": {name: {"enabled": False} for name in OF_COLOURS}}
    asked = "([exclude, options]) => axe.run({exclude}, options)"
    return _told(page.evaluate(asked, [[[ALIKE]], options])) + findings_of_colours(page)


def findings_of_colours(page: Any) -> list[str]:
    """Return what axe finds by its rules of colours alone."""
    _bring_axe(page)
    return _told(page.evaluate(BY_COLOURS, [*OF_COLOURS]))


def _bring_axe(page: Any) -> None:
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(import_module("axe_playwright_python.base").AXE_SCRIPT)


def _told(response: dict[str, Any]) -> list[str]:
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in response["violations"]
        if one["impact"] in ("moderate", "serious", "critical")
        for node in one["nodes"][:3]
    ]


CHANGEABLE = ("viewport", "color_scheme")
"""Settings that a window that is open takes as well."""

DESK = {"width": 1280, "height": 720}


class Visit:
    """A page in a window of its own. ``complaints`` are errors in the console, and requests that failed or left the origin."""

    def __init__(self, browser: Any, address: str, settings: dict[str, Any]) -> None:
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(90_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self._go(address)

    def anew(self, address: str, settings: dict[str, Any]) -> None:
        """Go to an address as from a window that was just opened: as wide as it is asked to be, on a screen, and remembering nothing."""
        self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.set_viewport_size(settings.get("viewport", DESK))
        self.page.emulate_media(media="null", color_scheme=settings.get("color_scheme", "light"))
        self._go(address)

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def search(self, words: str) -> list[tuple[str, str]]:
        """Type words into the search and return kind and title of the first results."""
        field = self.page.locator("[data-search-input]")
        self.page.evaluate("document.querySelector('[data-results]').replaceChildren()")  # what was found before
        field.fill(words)
        self.page.wait_for_function(
            "words => new URLSearchParams(location.search).get('q') === words && document.querySelector('[data-results] a')",
            arg=words,
        )
        self.page.wait_for_timeout(300)
        items = self.page.locator("[data-results] li").all()[:10]
        return [(str(item.locator("a").first.get_attribute("href")), item.locator("a").first.inner_text()) for item in items]

    def _go(self, address: str) -> None:
        self.home = address.partition("://")[0] + "://" + address.partition("://")[2].partition("/")[0]
        self.page.goto(address, wait_until="load")

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} at {self.page.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "blob:")):
            self.complaints.append(f"request to {request.url} from {self.page.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} of {response.url}")
