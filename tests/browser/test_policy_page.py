"""The page of the key policy in a browser: all its parts in order, with and without script, by keyboard, on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import opened
from tests.browser.pages import KEY, KINDS, Visit

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]
PARTS = [
    "AWS IAM User has more than one active access key",
    "Contextual name",
    "User has more than one active access key",
    "ID",
    "/ce/ca/aws/iam/user-has-more-than-one-active-access-key",
    "Tags",
    "Production policy",
    "Policy with categories",
    "Policy with type",
    "Policy type",
    "Compliance policy",
    "Policy categories",
    "Security",
    "Logic",
    "prod.logic.yaml",
    "Object type",
    "AWS IAM User",
    "credReport.extracts.yaml",
    "test-data.json",
    "passed",
    "failed",
    "Branch coverage",
    "100 %",
    "Similar policies",
    "Trend Micro Conformity",
    "Unnecessary Access Keys",
    "dec-x-30795016",
    "Similar internal rules",
    "Rule",
    "Policies",
    "Flags",
    "dec-x-30795016",
    "Description",
    "An IAM user can hold two access keys at a time",
    "Rationale",
    "Remediation",
    "Keep the key that is in use",
    "Linked framework sections",
    "Section",
    "Sub-sections",
    "Policies",
    "Flags",
    "1.13",
    "2.12",
]


@pytest.fixture(scope="module")
def policy_page(browser: Any, origin: str) -> Iterator[Any]:
    """The page for tests that leave it as it was, but for the focus."""
    with opened(browser, f"{origin}/{KEY}/index.html") as visit:
        yield visit.page


@pytest.fixture(scope="module")
def scriptless_page(browser: Any, origin: str) -> Iterator[Any]:
    """The page where scripts do not run, for tests that fold again what they unfold."""
    with opened(browser, f"{origin}/{KEY}/index.html", java_script_enabled=False) as visit:
        yield visit.page


def test_all_parts_stand_in_the_order_of_the_published_page(policy_page: Any) -> None:
    text = policy_page.locator("main").inner_text()
    place = 0
    for part in PARTS:
        found = text.find(part, place)
        assert found >= 0, f"“{part}” does not stand behind what comes before it: {text[place : place + 300]}"
        place = found + len(part)


def test_direct_mappings_are_told_from_inherited_ones(policy_page: Any) -> None:
    rows = policy_page.locator("h2#linked-framework-sections ~ * table tbody tr").all()[:4]
    assert 4 == len(rows) == sum("direct" in row.inner_text().lower() for row in rows)


def test_every_condition_has_a_deep_link(policy_page: Any) -> None:
    hrefs = policy_page.locator("main h3 a.hash").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(hrefs) >= 6
    assert [True] * len(hrefs) == [policy_page.locator(f"[id='{href[1:]}']").count() == 1 for href in hrefs]


def test_see_more_works_without_javascript(scriptless_page: Any) -> None:
    fold = scriptless_page.locator(".fold").first
    folded = fold.locator(".folded")
    before = folded.bounding_box()
    fold.get_by_text("See more").click()
    after = folded.bounding_box()
    assert before is not None and after is not None
    assert before["height"] < 400 < 600 < after["height"]
    assert fold.get_by_text("See less").is_visible() and not fold.get_by_text("See more").is_visible()
    fold.get_by_text("See less").click()
    again = folded.bounding_box()
    assert again is not None and before["height"] == again["height"]


def test_without_javascript_everything_can_be_read(scriptless_page: Any) -> None:
    details = scriptless_page.locator("main details").first
    assert not details.locator(":scope > :nth-child(2)").is_visible()
    details.locator("summary").first.click()
    assert details.locator(":scope > :nth-child(2)").is_visible()
    assert 0 == scriptless_page.locator("button:visible").count(), "buttons that do nothing without script are not shown"
    details.locator("summary").first.click()


def test_a_tour_by_keyboard(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html").page
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.evaluate("document.activeElement.innerText")
    box = page.locator(":focus").bounding_box()
    assert box is not None and box["y"] >= 0 and box["height"] > 10, "the skip link can be seen while it has the focus"
    page.keyboard.press("Enter")
    assert "main" == page.evaluate("document.activeElement.id")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")

    page.goto(f"{origin}/ce/ca/aws/iam/index.html")
    link = page.locator("main a", has_text="more than one active access key").first
    for _ in range(200):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    assert "none" != link.evaluate("link => getComputedStyle(link).outlineStyle"), "the focus can be seen"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{KEY}/index.html")


def test_the_order_of_tabs_is_the_order_of_the_page(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KEY}/index.html").page
    assert 0 == page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count()
    page.evaluate("globalThis.tour = [...document.querySelectorAll('*')]")
    places = []
    for _ in range(60):
        page.keyboard.press("Tab")
        places.append(page.evaluate("tour.indexOf(document.activeElement)"))
    assert sorted(places) == places and 60 == len(set(places))


def test_a_slash_leads_to_the_search(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/{KINDS['rule']}").page
    page.keyboard.press("/")
    page.keyboard.type("1.13")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/index.html?q=1.13")


def test_see_more_can_be_reached_by_keyboard(policy_page: Any) -> None:
    policy_page.locator("#fold-description").focus()
    policy_page.keyboard.press("Space")
    assert policy_page.locator("#fold-description").is_checked()
    assert "See less of description" == " ".join(policy_page.locator("label[for=fold-description]").inner_text().split())
    policy_page.keyboard.press("Space")
    assert not policy_page.locator("#fold-description").is_checked()


def test_tests_say_that_they_scroll(policy_page: Any) -> None:
    assert policy_page.locator(".scrolls", has_text="56 tests: scroll the table").is_visible()


def test_on_paper_nothing_is_folded_and_no_navigation_is_printed(policy_page: Any) -> None:
    policy_page.emulate_media(media="print")
    for hidden in ("header.top", "aside.contents", "nav.crumbs", ".fold label", "footer nav", ".copy"):
        assert 0 == policy_page.locator(f"{hidden}:visible").count(), hidden
    folded = policy_page.locator(".folded").evaluate_all("parts => parts.map(part => part.scrollHeight - part.clientHeight)")
    assert len(folded) == 2 and max(folded) <= 1
    inside = policy_page.locator("main details > :nth-child(2)").evaluate_all(
        "parts => parts.map(part => part.getClientRects().length > 0 && part.offsetHeight > 0)"
    )
    assert len(inside) > 10 and all(inside)
    assert policy_page.pdf()[:5] == b"%PDF-"
    policy_page.emulate_media(media="screen")
