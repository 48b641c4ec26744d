"""Links that lead nowhere, and those that only look so."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from perpend.core.diagnostics.model import Diagnostic
from perpend.reports.site.links import NoPages, check_links

pytestmark = pytest.mark.medium


def site(root: Path, **pages: str) -> Path:
    for path, text in {"index.html": "<p id=top-1>", **pages}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


def told(found: list[Diagnostic]) -> list[str]:
    return [f"{one.code} {one.span.path}:{one.span.line}:{one.span.column} {one.message}" for one in found]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<a href="gone.html">', "S101 a/x.html:1:1 there is no page or file `gone.html`"),
        ('\n <a href="../index.html#n&amp;o">', "S102 a/x.html:2:2 `index.html` has no place `#n&o`"),
        ('<a href="#none">', "S102 a/x.html:1:1 `a/x.html` has no place `#none`"),
        ("<a href='../../index.html'>", "S101 a/x.html:1:1 there is no page or file `../../index.html`"),
        ('<img src="gone.png">', "S103 a/x.html:1:1 there is no file `gone.png`"),
        ('<script src="gone.js"></script>', "S103 a/x.html:1:1 there is no file `gone.js`"),
        ('<link rel=stylesheet href="gone.css">', "S101 a/x.html:1:1 there is no page or file `gone.css`"),
        ('<a href="/index.html">', "S105 a/x.html:1:1 the link `/index.html` begins at the server's root"),
        ('<p id=a>\n<b id="a">', "S104 a/x.html:2:1 the id `a` stands 2 times in the page"),
        ('<a href="../empty/">', "S101 a/x.html:1:1 there is no page or file `../empty/`"),
        ('<svg><use href="../signs.svg#a"/></svg>', "S101 a/x.html:1:1 there is no page or file `../signs.svg#a`"),
        ('<a href="A.HTML">', "S101 a/x.html:1:1 there is no page or file `A.HTML`"),
        ('<a href="a%00b%2f">', "S101 a/x.html:1:1 there is no page or file `a%00b%2f`"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, page: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    found = told(check_links(site(tmp_path, **{"a/x.html": page, "a/a.html": ""})))
    assert [expected.replace("a/x.html:1:1", "a/x.html:1:6") if "<use" in page else expected] == found


@pytest.mark.parametrize(
    "target",
    [
        *("", "#", "#top", "#a", "x.html", "./x.html#a", "?q=1", "x.html?q=1#a", "..", "../", ".", "../index.html#top-1"),
        *("https://gone.example/", "//gone.example", "mailto:a@b.example", "data:,x", "#:~:text=word", "#named", "#%C3%BC"),
        *("a%20b.html", "data.json#x", "../a/x.html", " x.html "),
    ],
)
def test_links_that_lead_somewhere(tmp_path: Path, target: str) -> None:
    page = f'<p id=a><p id=ü><a name=named></a><a href="{target}">link</a>'
    pages = {"a/x.html": page, "a/index.html": "", "a/a b.html": "", "a/data.json": "{}"}
    assert [] == told(check_links(site(tmp_path, **pages)))


def test_a_fault_of_many_pages_is_told_three_times_with_a_number(tmp_path: Path) -> None:
    pages = {f"{number:04}.html": '<a href="gone.html">' for number in range(1_003)}
    found = check_links(site(tmp_path, **pages))
    assert ["0000.html", "0001.html", "0002.html"] == [one.span.path for one in found]
    assert {"and 1,000 more pages have the same fault"} == {one.help for one in found}


def test_a_directory_without_pages_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(NoPages, match="there is no page in it"):
        check_links(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"<a href='\xff'>", b"<" * 10_000, b"<p>" * 50_000, b"<!--" * 1_000, b"\x00<a href=x.html>"],
)
def test_odd_pages_are_read_without_a_traceback(tmp_path: Path, content: bytes) -> None:
    site(tmp_path)
    (tmp_path / "x.html").write_bytes(content)
    assert {"S101"} >= {one.code for one in check_links(tmp_path)}


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(tmp_path, **{"large.html": "x" * 2_000})
    os.mkfifo(tmp_path / "pipe.html")
    (tmp_path / "dangling.html").symlink_to("nowhere")
    monkeypatch.setattr("perpend.reports.site.links.MAX_PAGE", 1_000)
    expected = [f"S106 {name}.html:1:1 `{name}.html` cannot be read" for name in ("dangling", "large", "pipe")]
    assert expected == told(check_links(tmp_path))


def test_thousands_of_pages_take_seconds(tmp_path: Path) -> None:
    links = "".join(f'<li id="n{number}"><a href="../{number}/index.html#n{number}">{number}</a></li>' for number in range(100))
    site(tmp_path, **{f"{number}/index.html": f"<ul>{links}</ul>" for number in range(1_000)})
    begun = time.process_time()
    assert [] == check_links(tmp_path)
    assert time.process_time() - begun < 10
