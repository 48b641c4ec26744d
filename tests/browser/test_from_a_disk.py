"""The site opened from a disk, without any server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.pages import KEY, KINDS, Visit

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]


STYLED = "document.styleSheets.length > 0 && getComputedStyle(document.querySelector('.skip')).position === 'absolute'"
OF_DEPTHS = {place.count("/"): kind for kind, place in KINDS.items()}
"""A kind of page of each depth: how far up the styles are is all that pages differ in."""


def test_pages_open_with_their_styles(visit: Open, library_site: Path) -> None:
    page, plain = visit((library_site / KINDS["home"]).as_uri()).page, []
    for kind in OF_DEPTHS.values():
        page.goto((library_site / KINDS[kind].partition("?")[0]).as_uri())
        if not (page.locator("h1").is_visible() and page.evaluate(STYLED)):
            plain.append(kind)
    assert [] == plain


def test_styles_and_scripts_of_every_kind_are_where_it_says(library_site: Path) -> None:
    wrong = []
    for kind, place in KINDS.items():
        file = library_site / place.partition("?")[0]
        named = re.findall(r'<(?:link rel="(?:stylesheet|icon)" href|script src)="([^"]+)"', file.read_text("utf-8"))
        wrong += [f"{kind}: {name}" for name in named if not (file.parent / name).is_file()]
        wrong += [] if any(name.endswith("perpend-site/site.css") for name in named) else [f"{kind}: no styles"]
    assert [] == wrong


def test_links_lead_to_pages_not_to_directories(visit: Open, library_site: Path) -> None:
    page = visit((library_site / "index.html").as_uri()).page
    hrefs = page.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    assert hrefs and [] == [
        href for href in hrefs if href.startswith("file:") and not href.partition("#")[0].partition("?")[0].endswith(".html")
    ]
    page.locator("nav[aria-label=Main] a").first.click()
    page.wait_for_load_state()
    assert page.locator("h1").is_visible() and page.url.endswith("index.html")


def test_titles_and_ids_are_found_without_an_index(visit: Open, library_site: Path) -> None:
    one = visit((library_site / "search/index.html").as_uri())
    found = {words: one.search(words)[:5] for words in ("more than one active", "dec-x-30795016", "1.13")}
    assert {} == {words: first for words, first in found.items() if not any(KEY in address for address, _ in first)}
