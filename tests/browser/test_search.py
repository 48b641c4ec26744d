"""The search: what people type, and what they find first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.frameworks import FrameworkMappings, How
from perpend.language.syntax.repository import Repository
from tests.browser.conftest import CORPUS, opened
from tests.browser.pages import KEY, Visit

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]
TITLE = "AWS IAM User has more than one active access key"
KINDS = "[...document.querySelectorAll('[data-results] li p.quiet')].map(kind => kind.innerText)"


@pytest.fixture(scope="module")
def searching(browser: Any, origin: str) -> Iterator[Visit]:
    """A window with the search, for tests that type other words."""
    with opened(browser, f"{origin}/search/index.html") as visit:
        yield visit


def test_the_key_policy_is_found(searching: Visit) -> None:
    asked = ("unnecessary access keys", "second active access key", "dec-x-30795016", "1.13", "two active keys")
    found = {words: searching.search(words)[:5] for words in asked}
    assert {} == {words: first for words, first in found.items() if not any(KEY in address for address, _ in first)}


def test_a_result_leads_to_its_page(visit: Open, origin: str) -> None:
    one = visit(f"{origin}/search/index.html?q=dec-x-30795016")
    one.page.locator("[data-results] a", has_text=TITLE).first.click()
    one.page.wait_for_url(f"**/{KEY}/**")
    assert TITLE in one.page.locator("h1").inner_text()


def test_facets_narrow_the_results(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/search/index.html?q=access+key").page
    page.wait_for_selector("[data-results] li p.quiet")
    assert "section" not in {kind.split()[0] for kind in page.evaluate(KINDS)}, "sections are not what is found first"
    facet = page.locator("[data-facets] label", has_text="section").first
    number = facet.inner_text().split()[-1]
    facet.click()
    # The number of results is told before they are loaded, and the former ones stand there meanwhile.
    page.wait_for_function(f"() => ({KINDS}).length && ({KINDS}).every(kind => kind.startsWith('section'))")
    assert f"{number} found" == page.locator("[data-search-status]").inner_text()


def test_nothing_found_is_said(searching: Visit) -> None:
    page = searching.page
    for words in ('"zzqqxxyy"', "zzzqqq"):  # of the second the index knows the first letter
        page.locator("[data-search-input]").fill("access")
        page.wait_for_selector("[data-results] a")
        page.locator("[data-search-input]").fill(words)
        page.wait_for_function("() => /\\bno |nothing|\\b0 /i.test(document.querySelector('[data-search-status]').innerText)")
        assert 0 == page.locator("[data-results] a").count()


def test_a_section_is_found_by_its_very_number(searching: Visit) -> None:
    found = searching.search("2.12")
    assert found[0][1].startswith("2.12 "), found


def test_letters_left_out_and_marks_above_them_find_words(searching: Visit) -> None:
    assert searching.search("acces ke") and searching.search("áccess")


@pytest.mark.parametrize("words", ["unnecessary access keys", "dec-x-30795016", "1.13"])
def test_the_key_policy_is_found_in_the_corpus(visit: Open, corpus_origin: str, words: str) -> None:
    found = visit(f"{corpus_origin}/search/index.html").search(words)
    assert any(KEY in address for address, _ in found), found


@pytest.mark.skipif(not os.environ.get(CORPUS), reason=f"{CORPUS} names no repository")
def test_mappings_of_the_corpus_are_counted() -> None:
    repository = Repository(os.environ[CORPUS])
    mappings = FrameworkMappings(repository)
    found = [mapping for policy_id in repository.policy_ids for mapping in mappings.of_policy(policy_id)]

    def counts(*hows: How) -> tuple[int, int]:
        pairs = {(mapping.policy_id, mapping.section_id) for mapping in found if mapping.how in hows}
        return len(pairs), len({section_id for _, section_id in pairs})

    assert ((703, 460), (4_170, 1_207), (5_489, 1_273)) == (
        counts(How.DIRECT),
        counts(How.DIRECT, How.INTERNAL_RULE),
        counts(*How),
    )
    assert 28 == len({mapping.section_id.split("/")[2] for mapping in found})


@pytest.mark.parametrize("served", [True, False])
def test_pages_are_offered_while_words_are_typed(visit: Open, origin: str, library_site: Path, served: bool) -> None:
    home = f"{origin}/index.html" if served else (library_site / "index.html").as_uri()
    page = visit(home).page
    is_offered_and_chosen(page, "#find")
    page.goto(home)
    is_offered_and_chosen(page, "#find-large")


def is_offered_and_chosen(page: Any, place: str) -> None:
    """Type words into a field, put away what is offered, have it offered again, and go there."""
    page.locator(place).fill("more than one a")
    page.locator(place).press_sequentially("ct")
    page.wait_for_selector("[role=option]")
    assert "AWS IAM User has more than one active access key" in page.locator("[role=option]").first.inner_text()
    assert "true" == page.locator(place).get_attribute("aria-expanded")
    page.keyboard.press("Escape")
    assert not page.locator("[role=listbox]:visible").count()
    page.keyboard.type("i")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{KEY}/index.html")


def test_what_is_offered_fits_on_a_phone(visit: Open, origin: str) -> None:
    page = visit(f"{origin}/index.html", viewport={"width": 360, "height": 740}).page
    page.locator("#find").fill("access key")
    page.locator("#find").press_sequentially("s")
    page.wait_for_selector("[role=option]")
    box = page.locator("[role=listbox]:visible").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert 360 == page.evaluate("document.documentElement.scrollWidth")
    top = page.evaluate(
        "([x, y]) => !!document.elementFromPoint(x, y).closest('.suggestions')", [box["x"] + 40, box["y"] + box["height"] - 20]
    )
    assert top
