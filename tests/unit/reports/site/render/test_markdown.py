"""Markdown as people read it, and Markdown as attackers write it."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from perpend.reports.site.render.markdown import MAX_OPENED, MAX_RENDERED, html_from_markdown, plain_text

pytestmark = pytest.mark.medium

HARMLESS_NAMES = {
    "class",
    "id",
    "role",
    "scope",
    "tabindex",
    "aria-label",
    "title",
    "alt",
    "href",
    "src",
    "rel",
    "start",
    "open",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "a <script>alert(1)</script> b",
    "<scr<script>ipt>alert(1)</script>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](&#106;avascript:alert(1))",
    "[a](\\javascript:alert(1))",
    "[a](vbscript:x) [a](data:text/html,<b>) [a](file:///etc/passwd)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "<javascript:alert(1)>",
    "<a href='java\nscript:alert(1)'>a</a>",
    "<a href=' \x01javascript:alert(1)'>a</a>",
    "<a href='jav&#x0A;ascript:alert(1)'>a</a>",
    "<a href='javascript&colon;alert(1)'>a</a>",
    "<a href='//evil.example/'>a</a> [b](//evil.example/) [c](\\\\\\\\evil.example/) <a href='/\\evil.example'>d</a>",
    "<img src=x onerror=alert(1)>",
    "<img src=https://evil.example/pixel.png>",
    "<img srcset='https://evil.example/p.png 1x'>",
    "<b onclick=alert(1) style='position:fixed' class=banner id=main name=x>b</b>",
    "<style>*{display:none}</style>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'/></svg>",
    "<math><mi xlink:href='javascript:alert(1)'></math>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x>",
    "<form action=https://evil.example><input name=password><button>Go</button></form>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<video src=x onerror=alert(1)></video><audio src=x autoplay></audio>",
    "<!--><script>alert(1)</script>-->",
    "<textarea><script>alert(1)</script></textarea><title><script>alert(1)</script></title>",
    "<div title='\n\n```sh\n\" onmouseover=alert(1) x=\"\n```\n\n'>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    '```"><script>alert(1)</script>\nx\n```',
    "```sh onclick=alert(1)\nx\n```",
    '# <img src=x onerror=alert(1)>\n# "><script>alert(1)</script>',
    "[a]: javascript:alert(1)\n\n[a]",
    '[a](https://x.example "t\\" onclick=alert(1)")',
    "<details ontoggle=alert(1) open><summary>a</summary></details>",
    "<p slot=x is=y part=z data-pagefind-ignore>text</p>",
]


class Seen(HTMLParser):
    """The tags and attributes of a text, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_harmless(text: str) -> None:
    seen = Seen(html_from_markdown(text, resolve=lambda target: f"kept/{target}"))
    assert set() == seen.tags & {"script", "style", "svg", "math", "iframe", "object", "embed", "form", "input", "base", "meta"}
    assert set() == seen.tags & {"link", "video", "audio", "noscript", "textarea", "title", "button", "h1"}
    assert {name for name, _ in seen.attributes} <= HARMLESS_NAMES
    targets = [value for name, value in seen.attributes if name in ("href", "src")]
    assert [] == [target for target in targets if not target.startswith(("https://x.example", "kept/"))]
    given = [value for name, value in seen.attributes if name in ("class", "id")]
    assert set() == {"banner", "main"} & set(given)


def test_no_sign_of_the_seed_is_left() -> None:
    text = "\n\n".join([*HOSTILE, "# a\n```sh\necho\n```\n| a |\n|-:|\n| b |"])
    assert None is re.search("[0-9a-f]{32}", html_from_markdown(text))


def within(text: str) -> int:
    """Return how long the beginning of a text is that holds as many signs as what is read as Markdown may hold."""
    signs = [sign.start() for sign in re.finditer(r"[<[]", text[:MAX_RENDERED])]
    return signs[MAX_OPENED] if len(signs) > MAX_OPENED else 0


@pytest.mark.parametrize(
    "text",
    [
        "<" * 1_000_000,
        "<!--" * 250_000,
        "<![CDATA[" * 110_000,
        "[" * 1_000_000,
        "![" * 500_000,
        "*a **b " * 150_000,
        ">" * 1_000_000,
        "- " * 500_000,
        "<b>a\n\n" * 150_000,
        "".join(f"<b title={number}>a\n\n" for number in range(60_000)),
        "|" * 3_000 + "\n" + "|-" * 3_000 + "\n" + "|\n" * 300_000,
        "```tf\n" + "<<E\n" * 250_000,
        ("```tf\n" + "<<E\n" * 1_400 + "```\n") * 200,
        "word " * 200_000,
    ],
    ids=lambda text: text[:8].strip(),
)
def test_endless_input_ends_soon(text: str) -> None:
    begun = time.process_time()
    plain_text(text, 160)
    for length in (len(text), MAX_RENDERED, within(text)):
        html_from_markdown(text[:length])
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("sign", ["<", "["])
def test_a_text_of_too_many_that_open_something_is_shown_as_it_is_written(sign: str) -> None:
    text = "# a\n" + sign * MAX_OPENED
    assert html_from_markdown(text).startswith("<h2 ")
    assert html_from_markdown(text + sign).startswith('<pre tabindex="0"><code># a\n')


def test_input_beyond_the_bound_is_shown_as_it_is_written() -> None:
    html = html_from_markdown("# <b>\n" + "x" * MAX_RENDERED)
    assert html.startswith('<pre tabindex="0"><code># &lt;b&gt;\n')


def test_headings_go_down_one_level_with_ids_of_their_own() -> None:
    html = html_from_markdown("# A `b` c!\n## A b c\n###### Deep\n# А\n# !\n", id_prefix="description-")
    expected = [
        ("h2", "description-a-b-c"),
        ("h3", "description-a-b-c-1"),
        ("h6", "description-deep"),
        ("h2", "description-а"),
        ("h2", "description-heading"),
    ]
    assert expected == re.findall(r'<(h\d) id="([^"]*)"', html)


def test_ids_are_those_that_git_hosts_give_and_never_repeat() -> None:
    html = html_from_markdown("# a\n# a-1\n# a\n# a\n# a-2\n# `--format csv`\n# _a_ - `b_`\n")
    assert ["a", "a-1", "a-2", "a-3", "a-2-1", "--format-csv", "a---b_"] == re.findall(r'id="([^"]*)"', html)


def test_relative_targets_are_resolved() -> None:
    targets = {"other.md": "other/", "a.png": "../a.png"}
    html = html_from_markdown("[a](other.md) ![b](a.png) [c](gone.md) [d](#title)", resolve=targets.get, id_prefix="x-")
    assert ["other/", "#x-title"] == re.findall(r'href="([^"]*)"', html)
    assert '<img src="../a.png" alt="b">' in html and "<a rel=" in html


def test_without_a_resolver_relative_targets_are_taken_off() -> None:
    assert [] == re.findall("href|src", html_from_markdown("[a](b.md) ![c](d.png)"))


@pytest.mark.parametrize("target", ["http://x.example/", "https://x.example/?a=b&c#d", "mailto:a@x.example"])
def test_pages_of_other_hosts_may_be_linked(target: str) -> None:
    assert f'href="{target.replace("&", "&amp;")}" rel="noopener noreferrer"' in html_from_markdown(f"[a]({target})")


def test_an_image_from_another_host_is_a_link() -> None:
    html = html_from_markdown("![words](https://x.example/a.png)")
    assert '<a href="https://x.example/a.png" rel="noopener noreferrer">words</a>' in html and "<img" not in html


def test_what_is_no_tag_of_html_stays_text() -> None:
    assert "<p>use &lt;region&gt; now</p>" in html_from_markdown("use <region> now")
    assert "&lt;resource group&gt;" in html_from_markdown("<resource group>\n")


def test_tables_scroll_in_themselves_without_inline_styles() -> None:
    html = html_from_markdown("| a | b |\n|:-:|---|\n| ~~c~~ | d |")
    assert '<div class="table-scroll" role="group" aria-label="Table" tabindex="0"><table>' in html
    assert '<th class="align-center" scope="col">a</th>' in html and "<s>c</s>" in html and "style" not in html


@pytest.mark.parametrize(
    ("fence", "expected"),
    [
        ("```sh\necho <a>\n```", '<span class="nb">echo</span>'),
        ("```none-such\n<a>\n```", "<code>&lt;a&gt;\n</code>"),
        ("    <a>", "<code>&lt;a&gt;\n</code>"),
        ("```tf\n" + "<<E\n" * 1_400 + "```", "<code>&lt;&lt;E\n"),
        ("```yaml\n" + "a: b\n" * 2_000 + "```", "<code>a: b\n"),
    ],
)
def test_code_is_highlighted_by_classes(fence: str, expected: str) -> None:
    html = html_from_markdown(fence)
    assert expected in html and html.startswith('<pre class="highlight" tabindex="0">')


def test_plain_text_is_words_in_one_line() -> None:
    text = "# Title\n\nSome *text*\nwith [a link](x.md), `code`, ![a sign](a.png).\n\n```\nblock\n```\n<b>bold</b>\n\n- item\n"
    assert "Title Some text with a link, code, a sign. bold item" == plain_text(text)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, "one two three"), (13, "one two three"), (12, "one two…"), (8, "one two…"), (2, "o…")],
)
def test_plain_text_is_cut_between_words(limit: int | None, expected: str) -> None:
    assert expected == plain_text("one *two* three", limit)


def test_nothing_gives_nothing() -> None:
    assert ("", "") == (html_from_markdown(""), plain_text(""))


def test_what_turns_the_order_of_reading_is_written_out_and_what_scripts_need_stays():
    html = html_from_markdown("a\u202eb `c\u2066` \x1b[31m \u200d\u200e\n\n```sh\nd\u202e\n```\n")
    assert "<p>a\\u202eb <code>c\\u2066</code> \\x1b[31m \u200d\u200e</p>" in html
    assert "d\\u202e" in re.sub("<.*?>", "", html)
    assert "\\u202e" in html_from_markdown("\u202e" + "x" * MAX_RENDERED)
