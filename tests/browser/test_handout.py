"""The page that is handed over, opened from the disk: keys, filters, addresses, CSV, print, a phone, hostile names."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from perpend.cli.app import group
from perpend.findings.waivers.states import StateShown
from perpend.reports.formats.csv import cell_text
from perpend.reports.html.history import ReportHistory, ReportPoint
from perpend.reports.html.page import write_html_report
from tests.browser.pages import ROOT, Visit, findings, findings_of_colours
from tests.unit.reports.html.pages import totals_only
from tests.unit.reports.terminal.evaluations import THING, evaluate, thing

pytestmark = pytest.mark.slow

Open = Callable[..., Visit]
EVIL = "</script><img src=x onerror=alert(1)>"
NAMES = [EVIL, "=cmd|' /C calc'!A0", "a\u202egnp.exe", "+1,\u200b", *(f"user-{number:03}" for number in range(400))]


@pytest.fixture(scope="module")
def handout(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("handout")
    lines = (ROOT / "examples/credential-report.csv").read_text("utf-8").splitlines()
    row = next(line for line in lines if line.startswith("terraform-live,")).split(",")
    with (folder / "report.csv").open("w", encoding="utf-8", newline="") as stream:
        stream.write("\n".join(lines) + "\n")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([name, f"arn:aws:iam::111122223333:user/n{number}", *row[2:]] for number, name in enumerate(NAMES))
    words = [
        "--snapshot-time",
        "2026-11-20",
        "--framework",
        "cis-aws-v6.0.0",
        "--format",
        "html",
        "--out",
        str(folder / "a.html"),
    ]
    ran = CliRunner().invoke(group, ["check", str(folder / "report.csv"), *words])
    assert (folder / "a.html").exists(), ran.output
    return (folder / "a.html").as_uri()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of a store with a history: a hundred findings, some new, some waived, some that the history does not know."""
    folder = tmp_path_factory.mktemp("lived")
    waived = StateShown("open", "2026-11-01", 2, "w1", "2026-12-31", EVIL)
    lives = [StateShown("new", "2026-11-03", 1), waived, StateShown("unconfirmed", "2026-11-02", 1)]
    numbers = {f"id-{number:03}": number % 3 + 1 if number % 10 else 0 for number in range(100)}
    things = [thing(f"{number:03}", "odd" if number % 3 == 2 else "bad") for number in range(100)]
    days = [ReportPoint(run, f"2026-11-{run:02}", 40 + run, run, 9 - run, 1, 0) for run in range(1, 6)]
    with (folder / "a.html").open("w", encoding="utf-8", newline="") as stream:
        history = ReportHistory(days, lives, {("/ce/mood", THING): numbers})
        evaluation = evaluate(folder / "repository", *things)
        write_html_report(evaluation, totals_only(evaluation), stream, history=history, waived="of which waived: 30")
    return (folder / "a.html").as_uri()


def opened(visit: Open, address: str, **settings: Any) -> Any:
    page = visit(address, **settings).page
    page.wait_for_selector("html[data-ready]")
    return page


def found_in_both_schemes(page: Any) -> list[str]:
    light = findings(page)
    page.emulate_media(color_scheme="dark")
    return light + findings_of_colours(page)


def test_axe_finds_nothing_with_all_of_it_open(visit: Open, handout: str) -> None:
    page = opened(visit, handout, bypass_csp=True)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.locator(".row.group").first.click()
    page.locator(".row:not(.group)").first.click()
    assert [] == found_in_both_schemes(page)


def test_the_list_is_walked_by_keys_and_an_address_leads_back(visit: Open, handout: str) -> None:
    page = opened(visit, f"{handout}#severity=medium")
    page.locator("#list").focus()
    page.keyboard.press("ArrowRight")
    assert "true" == page.locator(".row.current").get_attribute("aria-expanded")
    for key in ("End", "Home", "PageDown", "Enter"):
        page.keyboard.press(key)
    active = page.locator("#list").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").is_visible() and page.locator("#detail").is_visible()
    title, said = page.locator(f"#{active} .what").inner_text(), page.locator("#detail").inner_text()
    assert title in said and "perpend explain /ce/" in said
    again = opened(visit, page.url)
    assert said == again.locator("#detail").inner_text() and again.locator(".row.chosen").is_visible()
    again.keyboard.press("Escape")
    assert not again.locator("#detail").is_visible()
    again.locator("#list").focus()
    again.keyboard.press("ArrowLeft")
    again.keyboard.press("ArrowLeft")
    assert "false" == again.locator(".row.current").get_attribute("aria-expanded")
    assert again.locator(".row").count() < 60, "only rows in sight are drawn"


def test_words_and_filters_narrow_down_and_are_cleared(visit: Open, handout: str) -> None:
    page = opened(visit, handout)
    everything = page.inner_text("#shown")
    page.fill("#q", "USER-39 rotated")
    page.locator("#shown", has_text=re.compile("^10 of ")).wait_for()
    page.select_option("#by", "object")
    assert page.inner_text("#shown").endswith("findings in 10 objects")
    page.select_option("#status", "UNDETERMINED")
    assert page.locator("#none").is_visible()
    page.click("#clear")
    page.select_option("#by", "policy")
    assert everything == page.inner_text("#shown")
    page.locator(".framework [data-show]").first.click()
    assert everything != page.inner_text("#shown") and "requirement=" in page.url
    page.goto(handout + "#status=NONSENSE&policy=%2Fnowhere&by=__proto__&in=x&object=y")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert everything == page.inner_text("#shown")


def test_hostile_names_are_inert_and_visible(visit: Open, handout: str) -> None:
    page = opened(visit, f"{handout}#q=n2")
    page.fill("#q", "gnp.exe")
    page.locator("#shown", has_text=re.compile("^[1-9] of ")).wait_for()
    if page.locator(".row:not(.group)").count() == 0:
        page.locator(".row.group").first.click()
    page.locator(".row:not(.group) .what", has_text="gnp.exe").first.wait_for()
    assert "a\\u202egnp.exe" in page.locator(".row:not(.group) .what").first.inner_text()
    page.select_option("#by", "object")
    page.fill("#q", "</script><img")
    page.locator("#shown", has_text="in 1 object").wait_for()
    page.select_option("#by", "account")
    page.locator(".row:not(.group) .what", has_text=EVIL).first.wait_for()
    assert 0 == page.locator("img").count()


def test_csv_holds_what_is_shown_and_no_formula(visit: Open, handout: str, tmp_path: Path) -> None:
    page = opened(visit, handout)
    hostile = ["plain", "=1+1", "'=1", "  @x", "\t1", "\u00a0\u3000=1", "\ufeff\u200b-1", "\uff1d1", 'a"b', "a,b", "a\nb", ""]
    assert [cell_text(text) for text in hostile] == page.evaluate("texts => texts.map(cellText)", hostile)
    page.select_option("#status", "INCOMPLIANT")
    with page.expect_download() as download:
        page.click("#csv")
    download.value.save_as(tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, strict=True))
    assert f"{len(rows):,} of" == page.inner_text("#shown")[: len(f"{len(rows):,} of")]
    assert {"INCOMPLIANT"} == {row["status"] for row in rows}
    assert {EVIL, "'=cmd|' /C calc'!A0", "a\\u202egnp.exe", "'+1,\\u200b"} <= {row["objectName"] for row in rows}


def test_a_phone_and_paper_show_it_too(visit: Open, handout: str) -> None:
    page = opened(visit, handout, viewport={"width": 360, "height": 740}, has_touch=True)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.locator(".row.group").first.click()
    page.locator(".row:not(.group)").first.click()
    assert 360 == page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
    page.locator("#detail button").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert json.loads(page.evaluate("JSON.stringify(hits.length)")) == page.locator("#paper tbody tr").count()
    assert page.locator("#paper table").is_visible() and not page.locator("#list").is_visible()


def test_a_policy_to_fix_first_chooses_its_findings_by_mouse_and_keys(visit: Open, handout: str) -> None:
    page = opened(visit, handout)
    page.fill("#q", "user-39")
    row = page.locator("[aria-label='Fix first'] tbody tr").first
    failing, title = row.locator(".number").inner_text(), row.locator("button").inner_text()
    row.locator("button").focus()
    page.keyboard.press("Enter")
    assert page.inner_text("#shown").startswith(f"{failing} of ") and page.inner_text("#shown").endswith(" in 1 policy")
    assert title == page.locator(".row.group:visible .title").inner_text().removeprefix("▾ ")
    assert "list" == page.evaluate("document.activeElement.id") and "policy=" in page.url and "" == page.input_value("#q")
    page.locator("[aria-label='Severity'] button").first.click()
    assert "severity=" in page.url and "policy=" not in page.url


def test_the_first_printed_page_has_the_score_and_requirements_in_black_on_white(visit: Open, handout: str) -> None:
    page = opened(visit, handout, color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    paper = "getComputedStyle(document.body)"
    assert ["rgb(255, 255, 255)", "rgb(0, 0, 0)"] == page.evaluate(f"[{paper}.backgroundColor, {paper}.color]")
    assert "page" == page.evaluate("getComputedStyle(document.getElementById('paper')).breakBefore")
    assert page.locator(".score").is_visible() and page.locator("[aria-label='Fix first'] table").is_visible()
    shown = "getComputedStyle(one).display !== 'none' && one.getClientRects().length > 0"
    controls = f"[...document.querySelectorAll('input, select, button:not(.plain)')].filter(one => {shown}).length"
    assert 0 == page.evaluate(controls)
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.querySelector('.framework tbody tr').getBoundingClientRect().bottom") < 700
    assert 688 == page.evaluate("document.documentElement.scrollWidth")
    page.emulate_media(media="screen")
    assert b"%PDF" == page.pdf(format="A4")[:4]


def test_paper_has_all_that_is_folded_on_the_screen_and_findings_last(visit: Open, handout: str) -> None:
    page = opened(visit, handout)
    hidden = "[...document.querySelectorAll('main details :is(td, li)')].filter(one => !one.checkVisibility()).length"
    assert page.evaluate(hidden) > 0 and page.locator(".framework td").first.is_visible()
    page.emulate_media(media="print")
    assert 0 == page.evaluate(hidden), "the style sheet opens folds, without the script"
    assert page.get_by_text("The list of findings is not printed here").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert 0 == page.locator("details:not([open])").count()
    main = page.inner_text("main")
    places = [
        main.index(text) for text in ("Compliance by framework", "Fix first", "Undetermined: ", "Read: 1 source", "Findings\n")
    ]
    assert sorted(places) == places and "not printed here" not in main
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.evaluate(hidden) > 0, "the screen is as before"


def test_lives_and_waivers_are_columns_facets_and_csv(visit: Open, lived: str, tmp_path: Path) -> None:
    page = opened(visit, lived, bypass_csp=True)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.locator(".row:not(.group)").nth(1).click()
    assert [] == found_in_both_schemes(page)
    assert page.locator(".trend").is_visible()
    assert {"not in the history", "⊘ waived until 2026-12-31", "unconfirmed, 2026-11-02", "new, 2026-11-03"} == set(
        page.locator(".row:not(.group) .life").all_inner_texts()
    )
    page.select_option("#waived", "waived")
    assert "30 of 100 findings" in page.inner_text("#shown") and "waived=waived" in page.url
    page.locator(".row:not(.group)").first.click()
    assert f"until 2026-12-31: {EVIL} (w1)" in page.inner_text("#detail") and "episode 2" in page.inner_text("#detail")
    page.select_option("#life", "new")
    assert page.locator("#none").is_visible()
    page.select_option("#waived", "")
    with page.expect_download() as download:
        page.click("#csv")
    download.value.save_as(tmp_path / "findings.csv")
    rows = list(csv.DictReader((tmp_path / "findings.csv").open(encoding="utf-8", newline="")))
    assert {("new", "2026-11-03", "", "")} == {
        tuple(row[name] for name in ("life", "openSince", "waiver", "waivedUntil")) for row in rows
    }
    page.set_viewport_size({"width": 360, "height": 740})
    assert 360 == page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
