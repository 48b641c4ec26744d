"""The served pages in a browser: accessible in both schemes, by keyboard, without JavaScript, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.findings.history.identity import finding_id
from tests.browser.conftest import gone_to
from tests.browser.looks import Look, look
from tests.browser.pages import Visit
from tests.browser.server_addresses import MORE_KINDS
from tests.unit.server.pages.buckets import AUTHORIZED, LONG, POLICY, TYPE, application, made_store, served_store
from tests.unit.server.served import server

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]

KINDS = {
    "overview": "/",
    "findings": "/findings?life=all",
    "filtered": "/findings?severity=low&waived=no&framework=aws-security-hub",
    "groups": "/findings?group=policy",
    "nothing": "/findings?search=nothing-has-this-name",
    "objects": "/objects",
    "finding": f"/findings/{finding_id(POLICY, TYPE, 'b1')}",
    "unknown": f"/findings/{finding_id(POLICY, TYPE, 'b5')}",
    "waived": f"/findings/{finding_id(POLICY, TYPE, 'b2')}",
    "long": f"/findings/{finding_id(POLICY, TYPE, LONG)}",
    "object": f"/objects/{TYPE}/b1",
    **MORE_KINDS,
}


@pytest.fixture(scope="module")
def pages(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of a small store."""
    directory = tmp_path_factory.mktemp("buckets")
    made_store(directory)
    store = served_store(directory)
    with server(application(store)) as port:
        yield f"http://127.0.0.1:{port}"
    store.close()


@pytest.fixture(scope="module")
def tour(browser: Any, windows: dict[tuple[Any, ...], Visit], pages: str) -> tuple[dict[str, Look], list[str]]:
    """Look at each kind of page in one window; give what is seen, and what the window complains of."""
    visit = gone_to(browser, windows, f"{pages}/", {"extra_http_headers": AUTHORIZED})
    seen = {kind: look(visit.page, f"{pages}{address}") for kind, address in KINDS.items()}
    complaints = [*visit.complaints]
    visit.complaints.clear()
    return seen, complaints


DEMO = ("/", "/findings", "/compliance", "/runs/9...10", "/waivers", "/trends", "/estate")


@pytest.fixture(scope="module")
def demo_tour(
    browser: Any, windows: dict[tuple[Any, ...], Visit], demo_directory: Path
) -> Iterator[tuple[dict[str, Look], list[str]]]:
    """Look at pages of the demo's store, and at the first finding and its object; give the complaints as well."""
    store = served_store(demo_directory)
    with server(application(store)) as port:
        home = f"http://127.0.0.1:{port}"
        visit = gone_to(browser, windows, f"{home}/findings", {"extra_http_headers": AUTHORIZED})
        addresses = (*DEMO, *_first_links(visit.page))
        yield {address: look(visit.page, f"{home}{address}") for address in addresses}, [*visit.complaints]
        visit.complaints.clear()
    store.close()


def _first_links(page: Any) -> list[str]:
    """Return the addresses of the first finding in the list, and of its object."""
    row = page.locator(".findings tbody tr").first.locator("td a")
    return [str(link.get_attribute("href")) for link in row.all()]


def test_the_demo_has_no_fault_on_any_page(demo_tour: tuple[dict[str, Look], list[str]]) -> None:
    looks, complaints = demo_tour
    assert len(looks) > len(DEMO)
    assert {} == {address: found for address, one in looks.items() if (found := one.light + one.dark + one.cut)}
    assert ({360}, []) == ({one.width for one in looks.values()}, complaints)


def test_axe_finds_nothing_by_day_or_in_the_dark(tour: tuple[dict[str, Look], list[str]]) -> None:
    assert {} == {kind: found for kind, one in tour[0].items() if (found := one.light + one.dark)}


def test_no_page_is_wider_than_a_phone(tour: tuple[dict[str, Look], list[str]]) -> None:
    assert dict.fromkeys(KINDS, 360) == {kind: one.width for kind, one in tour[0].items()}


def test_tables_are_shown_in_whole_on_a_desk(tour: tuple[dict[str, Look], list[str]]) -> None:
    assert {} == {kind: one.cut for kind, one in tour[0].items() if one.cut}


def test_every_page_is_quiet_at_home_and_without_code_that_the_policy_refuses(tour: tuple[dict[str, Look], list[str]]) -> None:
    assert [] == tour[1]


def test_the_menu_is_a_button_on_a_phone_and_a_line_on_a_desk(visit: Open, pages: str) -> None:
    page = visit(f"{pages}/findings", extra_http_headers=AUTHORIZED, viewport={"width": 390, "height": 800}).page
    links, button = page.locator("nav[aria-label=Main] a"), page.locator(".menu > summary")
    assert button.inner_text() == "Menu: Findings"
    assert not any(link.is_visible() for link in links.all())
    button.focus()
    page.keyboard.press("Enter")
    assert all(link.is_visible() for link in links.all())
    links.filter(has_text="Trends").click()
    page.wait_for_url("**/trends")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert all(link.is_visible() for link in links.all()) and not button.is_visible()


def test_a_choice_shows_at_once_keeps_the_focus_and_is_an_address(visit: Open, pages: str) -> None:
    page = visit(f"{pages}/findings", extra_http_headers=AUTHORIZED).page
    page.evaluate("window.same = true")
    page.locator("#f-life-unknown").focus()
    page.keyboard.press("Space")
    page.locator("[role=status]", has_text="5 findings").wait_for()
    page.wait_for_url("**/findings?life=open&life=unconfirmed&life=unknown")
    assert page.evaluate("window.same")
    assert page.evaluate("document.activeElement.id") == "f-life-unknown"
    assert page.locator(".exports a").first.get_attribute("href").count("life=") == 3
    page.go_back()
    page.locator("[role=status]", has_text="4 findings").wait_for()
    assert page.evaluate("location.search") == ""


def test_the_keyboard_is_enough(visit: Open, pages: str) -> None:
    page = visit(f"{pages}/", extra_http_headers=AUTHORIZED).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("logs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings?search=logs")
    assert "1 finding" in page.inner_text("[role=status]")
    page.locator(".findings td a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/*")
    page.locator("summary", has_text="Every condition").focus()
    page.keyboard.press("Enter")
    assert page.locator(".steps .step").first.is_visible()


def test_nothing_needs_javascript(visit: Open, pages: str) -> None:
    settings = {"java_script_enabled": False, "extra_http_headers": AUTHORIZED}
    page = visit(f"{pages}/findings", **settings).page
    assert page.locator("#f-life-unknown").is_visible()
    page.locator("#f-life-unknown").check()
    page.get_by_role("button", name="Show").click()
    assert "life=unknown" in page.url
    assert "5 findings" in page.inner_text("[role=status]")
    page.locator(".chips a").first.click()
    assert "/findings" in page.url
    page.goto(f"{pages}/findings?limit=2")
    page.locator("a[rel=next]").click()
    assert page.locator(".findings tbody tr").count() == 2
    page.goto(f"{pages}{KINDS['finding']}")
    page.locator("summary", has_text="Every condition").click()
    assert page.locator(".steps .step").first.is_visible()


def test_a_phone_folds_the_filters(visit: Open, pages: str) -> None:
    page = visit(f"{pages}/findings", viewport={"width": 360, "height": 740}, extra_http_headers=AUTHORIZED).page
    assert not page.locator("#f-life-unknown").is_visible()
    page.locator(".fold-narrow > summary").click()
    assert page.locator("#f-life-unknown").is_visible()
