"""The kinds of pages, where they are on the library's site, and what a visit to one notes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from perpend.cli.app import group
from perpend.load.repository import open_repository

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
    "verdicts": "verdicts/index.html",
    "objects": f"verdicts/{KEY}/index.html",
    "operation": "operations/boolean-from/index.html",
    "document": "docs/tour/index.html",
    "search": "search/index.html?q=keys",
}


def build(repository: Path | None, out: Path) -> Path:
    """Build a site of a repository, or of the library with our documents and the verdicts on the example report."""
    from perpend.site.build import Options, build_site

    options = Options(out=out)
    if repository is None:
        verdicts = out.with_name("verdicts.json")
        given = ["--snapshot-time", "2026-11-20T00:00:00Z", "--format", "json", "--out", str(verdicts)]
        CliRunner().invoke(group, ["check", str(ROOT / "examples/credential-report.csv"), *given])
        options = replace(options, documents=ROOT / "docs", verdicts=verdicts)
    build_site(open_repository(str(repository) if repository else None), options)
    return out


OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Rules of axe that another colour scheme may break; all others see the same page."""


ALIKE = ":is(tbody, ul) > :nth-child(n + 9)"
"""Rows and points that look like the eight before them: axe takes milliseconds for each word."""


def findings(page: Any, *rules: str) -> list[str]:
    """Return what axe finds that is more than minor, by all of its rules or by some, long lists in part."""
    axe = import_module("axe_playwright_python.sync_playwright")
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = axe.Axe().run(page, {"exclude": [[ALIKE]]}, options).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("moderate", "serious", "critical")
        for node in one["nodes"][:3]
    ]


class Visit:
    """A page in a window of its own. ``complaints`` are errors in the console, and requests that failed or left the origin."""

    def __init__(self, browser: Any, address: str, settings: dict[str, Any]) -> None:
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(90_000)
        self.page = self.context.new_page()
        self.home = address.partition("://")[0] + "://" + address.partition("://")[2].partition("/")[0]
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.goto(address, wait_until="load")

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

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} at {self.page.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "blob:")):
            self.complaints.append(f"request to {request.url} from {self.page.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} of {response.url}")
