"""Every kind of page in a browser: accessible, quiet, at home, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.pages import KINDS, Visit, findings

Open = Callable[..., Visit]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(visit: Open, origin: str, kind: str, scheme: str) -> None:
    page = visit(f"{origin}/{KINDS[kind]}", color_scheme=scheme).page
    if kind == "search":
        page.wait_for_selector("[data-results] a")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert [] == findings(page)


def test_axe_finds_what_is_wrong(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html").page
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert ["image-alt"] == [one.partition(":")[0] for one in findings(page)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_a_phone(visit: Open, origin: str, kind: str) -> None:
    page = visit(f"{origin}/{KINDS[kind]}", viewport={"width": 360, "height": 740}, has_touch=True).page
    if kind == "search":
        page.wait_for_selector("[data-results] a")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.evaluate("for (const part of document.querySelectorAll('.fold > input')) part.checked = true")
    assert 360 == page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")


PHONE = {"viewport": {"width": 360, "height": 740}}


def test_bars_are_drawn_on_a_phone_and_rows_are_cards(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KINDS['verdicts']}", **PHONE).page
    rows = page.locator("table.bars").first.locator("tbody tr")
    assert rows.count() > 3
    for row in rows.all():
        bar, box = row.locator("svg.bar").bounding_box(), row.bounding_box()
        assert bar and box and bar["width"] > 250 and bar["x"] + bar["width"] <= 360 and box["height"] < 200
    names = rows.locator("td:first-child")
    assert 360 > max(name.bounding_box()["width"] for name in names.all())
    assert not page.evaluate(
        "[...document.querySelectorAll('.stack')].some(one => one.scrollWidth > one.parentElement.clientWidth)"
    )


def test_a_matrix_says_that_it_scrolls_where_it_does(visit: Open, origin: str) -> None:
    assert visit(f"{origin}/index.html", **PHONE).page.get_by_text("scroll the table sideways").is_visible()
    assert not visit(f"{origin}/index.html", viewport={"width": 1280, "height": 900}).page.locator(".scrolls").is_visible()


def test_a_document_stands_between_its_tree_and_its_contents(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/docs/how-to/write-a-policy/index.html", viewport={"width": 1280, "height": 900}).page
    side, main, contents = (page.locator(one).bounding_box() for one in ("nav.side", "main", "aside.contents"))
    assert side and main and contents and side["x"] + side["width"] <= main["x"] < main["x"] + main["width"] <= contents["x"]
    assert "Write a policy" == page.locator("nav.side [aria-current=page]").inner_text()


def test_verdicts_and_description_are_in_view_beside_the_name_of_a_policy(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KINDS['policy']}", viewport={"width": 1280, "height": 900}).page
    panel, title, lead = (page.locator(one).bounding_box() for one in (".glance .panel", "h1", ".glance .lead"))
    assert panel and title and lead and panel["x"] >= title["x"] + title["width"] and panel["y"] + panel["height"] < 700
    assert lead["y"] < 500


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_says_what_it_is(visit: Open, origin: str, kind: str) -> None:
    page = visit(f"{origin}/{KINDS[kind]}").page
    assert 1 == page.locator("h1").count() and page.title()
    assert (page.locator("meta[name=description]").get_attribute("content") or "").strip()
    assert "en" == page.locator("html").get_attribute("lang")
    assert "default-src 'none'" in (page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or "")


def test_the_theme_can_be_changed_and_is_remembered(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html", color_scheme="light").page
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(paper)
    page.reload()
    assert light != dark == page.evaluate(paper)


def test_a_request_to_another_origin_would_be_seen(browser: Any, origin: str) -> None:
    visit = Visit(browser, f"{origin}/index.html", {"bypass_csp": True})
    visit.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    visit.page.wait_for_timeout(100)
    visit.close()
    assert any("request to http://127.0.0.1:9/" in complaint for complaint in visit.complaints)
