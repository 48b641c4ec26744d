"""Every kind of page in a browser: accessible, quiet, at home, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import gone_to
from tests.browser.looks import Look, look
from tests.browser.pages import KINDS, Visit, findings, findings_of_colours

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def tour(browser: Any, windows: dict[tuple[Any, ...], Visit], origin: str) -> tuple[dict[str, Look], list[str]]:
    """Look at each kind of page in one window; give what is seen, and what the window complains of."""
    visit = gone_to(browser, windows, f"{origin}/{KINDS['home']}", {})
    seen = {kind: look(visit.page, f"{origin}/{place}") for kind, place in KINDS.items()}
    complaints = [*visit.complaints]
    visit.complaints.clear()
    return seen, complaints


Tour = tuple[dict[str, Look], list[str]]


def test_axe_finds_nothing_by_day_or_in_the_dark(tour: Tour) -> None:
    assert {} == {kind: found for kind, one in tour[0].items() if (found := one.light + one.dark)}


def test_no_page_is_wider_than_a_phone(tour: Tour) -> None:
    assert dict.fromkeys(KINDS, 360) == {kind: one.width for kind, one in tour[0].items()}


def test_tables_are_shown_in_whole_on_a_desk_and_their_numbers_stand_apart(tour: Tour) -> None:
    assert {} == {kind: one.cut + one.touching for kind, one in tour[0].items() if one.cut or one.touching}


def test_every_page_says_what_it_is(tour: Tour) -> None:
    expected = {"headings": 1, "title": True, "description": True, "language": "en", "closed": True}
    assert dict.fromkeys(KINDS, expected) == {kind: one.said for kind, one in tour[0].items()}


def test_every_page_is_quiet_and_at_home(tour: Tour) -> None:
    assert [] == tour[1]


def test_axe_finds_what_is_wrong(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KINDS['rule']}").page
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert ["image-alt"] == [one.partition(":")[0] for one in findings(page)]
    page.evaluate("document.querySelector('h1').style = 'color: gray; background: dimgray'")
    assert ["color-contrast"] == [one.partition(":")[0] for one in findings_of_colours(page)]


PHONE = {"viewport": {"width": 360, "height": 740}}


def test_a_matrix_says_that_it_scrolls_where_it_does_and_keeps_its_names_in_view(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html", **PHONE).page
    assert page.get_by_text("scroll the table sideways").is_visible()
    page.locator(".matrix").evaluate("one => { one.scrollLeft = 300 }")
    for name in page.locator(".matrix tr > :first-child").all():
        assert (box := name.bounding_box()) and box["x"] >= 0 and box["x"] + box["width"] <= 180
    assert not visit(f"{origin}/index.html", viewport={"width": 1280, "height": 900}).page.locator(".scrolls").is_visible()


def test_a_document_stands_between_its_tree_and_its_contents(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/docs/how-to/write-a-policy/index.html", viewport={"width": 1280, "height": 900}).page
    side, main, contents = (page.locator(one).bounding_box() for one in ("nav.side", "main", "aside.contents"))
    assert side and main and contents and side["x"] + side["width"] <= main["x"] < main["x"] + main["width"] <= contents["x"]
    assert "Write a policy" == page.locator("nav.side [aria-current=page]").inner_text()
    near = page.locator("nav.near summary")
    for width, shown in ((1280, []), (1024, ["On this page"]), (360, ["On this page", "Documentation"])):
        page.set_viewport_size({"width": width, "height": 740})
        assert shown == [one.inner_text() for one in near.all() if one.is_visible()]
    for part, link in ((".near-page", "Check it"), (".near-tree", "Test a policy")):
        assert (box := page.locator(part).bounding_box()) and box["y"] < 300
        page.locator(f"{part} summary").click()
        assert page.locator(part).get_by_role("link", name=link).is_visible()
        page.locator(f"{part} summary").click()


def test_facts_and_description_are_in_view_beside_the_name_of_a_policy(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KINDS['policy']}", viewport={"width": 1280, "height": 900}).page
    panel, title, lead = (page.locator(one).bounding_box() for one in (".glance .panel", "h1", ".glance .lead"))
    assert panel and title and lead and panel["x"] >= title["x"] + title["width"] and panel["y"] + panel["height"] < 700
    assert lead["y"] < 500


def test_the_theme_can_be_changed_and_is_remembered(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html", color_scheme="light").page
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(paper)
    page.reload()
    assert light != dark == page.evaluate(paper)


def test_a_request_to_another_origin_would_be_seen(visit: Open, origin: str) -> None:
    one = visit(f"{origin}/index.html", bypass_csp=True)
    one.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    one.page.wait_for_timeout(100)
    assert any("request to http://127.0.0.1:9/" in complaint for complaint in one.complaints)
    one.complaints.clear()
