"""What is seen of a page: what axe finds, how wide a phone shows it, what it says it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.browser.pages import findings, findings_of_colours


class Look(NamedTuple):
    """What is seen of one kind of page: what axe finds by day and in the dark, how wide a phone shows it, what it says it is.

    ``cut`` are its tables that a desk does not show in whole, ``touching`` its numbers of verdicts that touch the next ones.
    """

    light: list[str]
    dark: list[str]
    width: int
    said: dict[str, Any]
    cut: list[str]
    touching: list[str]


SAID = """() => ({
    headings: document.querySelectorAll("h1").length,
    title: document.title !== "",
    description: (document.querySelector("meta[name=description]")?.content ?? "").trim() !== "",
    language: document.documentElement.lang,
    closed: (document.querySelector("meta[http-equiv=Content-Security-Policy]")?.content ?? "").includes("default-src 'none'"),
})"""
CUT = """() => [...document.querySelectorAll(".stack")].map(one => one.parentElement)
    .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"""
TOUCHING = """() => [...document.querySelectorAll(".count + .count")].filter(one => {
    const [left, right] = [one.previousElementSibling, one].map(part => part.getBoundingClientRect());
    return left.top === right.top && right.left - left.right < 8;
}).map(one => one.innerText)"""
WIDTH = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"


def look(page: Any, address: str) -> Look:
    """Go to a page in a window, by day and as wide as a desk; open all of it, and look."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(address, wait_until="load")
    if "/search/" in address:
        page.wait_for_selector("[data-results] a")
    said = page.evaluate(SAID)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    cut, touching = page.evaluate(CUT), page.evaluate(TOUCHING)
    light = findings(page)
    page.emulate_media(color_scheme="dark")
    dark = findings_of_colours(page)
    page.evaluate("for (const part of document.querySelectorAll('.fold > input')) part.checked = true")
    page.set_viewport_size({"width": 360, "height": 740})
    return Look(light, dark, page.evaluate(WIDTH), said, cut, touching)
