"""How pages look in HTML: the order of parts, safety, addresses."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.site.build import MOST, Options, build_site, sitemap
from perpend.reports.site.content.badges import FLAGS
from perpend.reports.site.content.contents import contents_of
from perpend.reports.site.content.guides import ProsePage
from perpend.reports.site.content.links import PageKind, Ref
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.page import Head
from perpend.reports.site.content.policy import policy_page
from perpend.reports.site.render.addresses import PagePaths, href_of, path_of, root_from, segment
from perpend.reports.site.render.charts import bar_svg, relations_svg
from perpend.reports.site.render.drawing import Drawing, shown, source_html
from perpend.reports.site.render.icons import KINDS
from perpend.reports.site.render.pages import CSP, Renderer
from tests.repositories import write
from tests.sites import EVIL, POLICY, TYPE, book_of, files, hostile_files, leave_out_operations

pytestmark = pytest.mark.medium

TURNING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

PARTS = [
    ">Contextual name<",
    ">ID<",
    ">Tags<",
    ">Policy type<",
    ">Policy categories<",
    'id="logic"',
    ">Object type<",
    "Acme Thing - object.extracts.yaml",
    ">Test data<",
    "passed",
    "failed",
    ">Branch coverage<",
    'id="similar-policies"',
    "Trend Micro Conformity",
    "AWS Trusted Advisor",
    "AWS Security Hub",
    ">Internal<",
    'id="similar-internal-rules"',
    'id="description"',
    'id="remediation"',
    'id="linked-framework-sections"',
    'id="how-it-decides"',
    'id="flow"',
    'id="what-it-reads"',
    'id="tests"',
    'id="commands"',
]
"""What a policy's page has, in the order in which it has it."""


class Attributes(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def renderer(**more) -> Renderer:
    return Renderer("Site", lambda path, base: None, **more)


def attributes(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Attributes()
    parser.feed(html)
    return parser.found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    write(root / "repository", files())
    built = build_site(Repository(root / "repository"), Options(out=root / "out", search=False))
    return root / "out", built


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    write(root / "repository", hostile_files())
    with pytest.MonkeyPatch.context() as patch:
        leave_out_operations(patch)
        build_site(Repository(root / "repository"), Options(out=root / "out", search=False))
    return root / "out"


def test_the_policy_page_has_every_part_in_order(site):
    html = (site[0] / POLICY[1:] / "index.html").read_text("utf-8")
    body = html[html.index("<main") :]
    places = [body.find(part) for part in PARTS]
    assert -1 not in places, [part for part, place in zip(PARTS, places, strict=True) if place < 0]
    assert sorted(places) == places
    assert re.search(r'<h1><svg [^>]*aria-label="policy".*?Acme Thing is open.*?aria-label="Tests failing".*?</h1>', body)


def test_every_tag_leads_to_its_list(site):
    html = (site[0] / POLICY[1:] / "index.html").read_text("utf-8")
    tags = re.findall(r'<a href="([^"]+)" class="tone', html[html.index('class="tags"') : html.index(">Policy type<")])
    assert tags
    assert [] == [tag for tag in tags if not (site[0] / POLICY[1:] / tag).resolve().is_file()]


def test_deep_links_to_conditions_checks_and_lines_exist(site):
    html = (site[0] / POLICY[1:] / "index.html").read_text("utf-8")
    assert all(f'id="{anchor}"' in html for anchor in ("condition-1", "condition-2", "otherwise", "L1", "L12"))


def test_no_page_asks_another_host_or_holds_code_of_its_own(site):
    for path in site[0].rglob("*.html"):
        html = path.read_text("utf-8")
        for tag, found in attributes(html):
            assert not any(name.startswith("on") or name == "style" for name in found), (path, tag, found)
            source = found.get("src") or (found.get("href") if tag == "link" and found.get("rel") != "canonical" else None)
            assert source is None or not re.match(r"[a-z]+:|//", source), (path, source)
        assert 1 == html.count("<h1"), path
        assert CSP in html
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        assert [True, True] == ["src=" in head or "ld+json" in head for head, _ in scripts]


def test_each_page_has_a_title_a_description_and_data_for_machines(site):
    titles = []
    for path in site[0].rglob("*.html"):
        html = path.read_text("utf-8")
        titles.append(re.search("<title>(.+?)</title>", html)[1])
        assert re.search(r'<meta name="description" content="[^"]+">', html), path
        assert re.search(r'<meta property="og:title" content="[^"]+">', html), path
        graph = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[1])
        assert "https://schema.org" == graph["@context"]
    assert len(titles) == site[1].pages


def test_addresses_are_absolute_only_where_the_base_is_known(tmp_path):
    book = book_of(tmp_path, files())
    page = policy_page(book, Logics(book), POLICY)
    html = renderer(base_url="https://policies.example/x/").html(page)
    assert f'<link rel="canonical" href="https://policies.example/x{POLICY}/">' in html
    assert "canonical" not in renderer().html(page)


def test_relative_links_of_prose_lead_to_pages_and_nothing_else(tmp_path, monkeypatch):
    leave_out_operations(monkeypatch)
    found = {**files(), f"{POLICY[1:]}/remediation.md": "[no](../../../../../../../etc/passwd) [idea](../idea/)\n"}
    write(tmp_path / "repository", found)
    build_site(Repository(tmp_path / "repository"), Options(out=tmp_path / "out", search=False))
    html = (tmp_path / "out" / POLICY[1:] / "index.html").read_text("utf-8")
    assert "passwd" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)
    assert 2 == html.count("ce/acme/cloud/store/idea/index.html")


def test_names_and_texts_that_mean_harm_do_none(hostile):
    for path in hostile.rglob("*.html"):
        html = path.read_text("utf-8")
        for tag, found in attributes(html):
            assert not any(name.startswith("on") for name in found), (path, tag, found)
            assert not (found.get("href") or "").lower().strip().startswith(("javascript:", "data:")), (path, found)
        assert "<script>alert" not in html, path


def test_ids_from_outside_never_become_paths_of_their_own(hostile):
    names = {path.relative_to(hostile).parts[0] for path in hostile.rglob("*")}
    assert {
        "perpend-site",
        "ce",
        "frameworks",
        "health",
        "index.html",
        "lists",
        "operations",
        "rules",
        "search",
        "sitemap.xml",
        "types",
    } == {name for name in names if not name.startswith(".")}
    assert segment(f"../../{EVIL}").startswith("~")


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (Ref(PageKind.HOME, "", ""), "index.html"),
        (Ref(PageKind.POLICY, "/ce/a", ""), "ce/a/index.html"),
        (Ref(PageKind.LOGIC, "/ce/a/prod.logic.yaml", ""), "ce/a/prod.logic.yaml/index.html"),
        (Ref(PageKind.FRAMEWORK, "/frameworks/f", ""), "frameworks/f/index.html"),
        (Ref(PageKind.TYPE, "T__c", ""), "types/T__c/index.html"),
        (Ref(PageKind.RULE, "dec-x-1", ""), "rules/dec-x-1/index.html"),
    ],
)
def test_each_kind_of_page_has_its_path(ref, path):
    assert path == path_of(ref)


def test_addresses_are_relative_and_quoted():
    assert ("./", "../../") == (root_from("index.html"), root_from("a/b/index.html"))
    assert "../ce/a%20b%3F/index.html#L3" == href_of(Ref(PageKind.POLICY, "/ce/a b?", "", anchor="L3"), "../")


def test_no_page_needs_a_directory_where_another_is_a_file():
    paths = PagePaths()
    assert [True, False, True, False] == [
        paths.take(path) for path in ("a/index.html", "a/index.html/index.html", "b/c/d", "b/c")
    ]


def test_what_is_not_there_is_no_link():
    drawing = Drawing("index.html", "./", lambda path, base: None)
    assert '<span class="absent">x &lt;b&gt;</span>' == str(drawing.a(Ref(PageKind.SECTION, "/f", "x <b>", there=False)))


def test_every_kind_of_page_has_a_symbol():
    assert set(PageKind) == set(KINDS)


def test_text_is_shown_in_one_line_with_hidden_signs_written_out():
    assert "a b\\u202e" == shown("a\n b\u202e")


def test_source_has_an_anchor_on_each_line_and_is_escaped():
    html = str(source_html("a: <b>\nc: 1\n", "yaml"))
    assert ['id="L1"', 'id="L2"'] == re.findall(r'id="L\d"', html)
    assert "<b>" not in html and "&lt;" in html


def test_bars_are_as_long_as_their_numbers():
    svg = bar_svg((("good", 1), ("none", 3)), "1 of 4")
    assert [("0.0", "24.0"), ("24.0", "72.0")] == re.findall(r'x="([\d.]+)" width="([\d.]+)"', svg)


def test_long_sitemaps_are_split():
    assert "<loc>https://x.example/a/</loc>" in sitemap(["a/index.html"], "https://x.example")["sitemap.xml"]
    files_ = sitemap([f"{number}/index.html" for number in range(MOST + 1)], "https://x.example")
    assert ["sitemap-1.xml", "sitemap-2.xml", "sitemap.xml"] == sorted(files_)


def test_every_page_renders(tmp_path):
    book = book_of(tmp_path, files())
    pages = renderer()
    for ref, make in contents_of(book, title="x", documents=None):
        page = make()
        assert path_of(ref) == path_of(page.head.ref)
        assert f"<title>{'Site' if ref.kind is PageKind.HOME else ''}" in pages.html(page)


def test_type_pages_draw_relationships(site):
    html = (site[0] / "types" / TYPE / "index.html").read_text("utf-8")
    assert re.search(r'<svg class="net".*?<a href="[^"]*CA10__CaOwner__c/index\.html">', html)


def test_search_finds_titles_on_a_disk(site):
    text = (site[0] / "perpend-site" / "titles.js").read_text("ascii")
    rows = json.loads(text.removeprefix("globalThis.perpendTitles=").removesuffix(";\n"))
    row = next(row for row in rows if row[3] == POLICY)
    assert ("policy", "Acme Thing is open") == (row[1], row[2])
    assert "Closed things" in row[5] and "dec-x-1" in row[5]


def test_pages_of_a_site_are_files_below_it(site):
    out, built = site
    assert built.pages == len(list(Path(out).rglob("*.html")))


@pytest.mark.parametrize("kind", ["policy", "logic", "section", "type", "rule"])
def test_flags_that_are_shown_at_a_glance_differ_in_shape(kind):
    drawing = Drawing("index.html", "./", lambda path, base: None)
    policy = ("production", "work", "impossible", "policy")
    own = tuple(flag for flag in FLAGS.values() if flag.slug.startswith(policy if kind == "policy" else kind))
    icons = [flag.icon for flag in drawing.brief(own)]
    assert len(icons) == len(set(icons)) and icons


def test_nothing_on_any_page_controls_a_terminal_or_turns_the_order_of_reading(hostile):
    for path in hostile.rglob("*"):
        if path.suffix in (".html", ".js", ".svg", ".xml") and "pagefind" not in path.parts:
            assert [] == TURNING.findall(path.read_text("utf-8")), path
    titles = json.loads((hostile / "perpend-site/titles.js").read_text("ascii").partition("=")[2].removesuffix(";\n"))
    assert [] == TURNING.findall(json.dumps(titles, ensure_ascii=False))


def test_drawings_write_out_what_hides():
    name = "a\u202eb\x1b[31m"
    drawn = relations_svg(name, [("from", name, name, "")])
    assert [] == TURNING.findall(drawn) and "a\\u202eb\\x1b[31m</title>" in drawn


def test_bars_of_verdicts_fill_their_place_to_one_scale():
    drawn = bar_svg([("bad", 1), ("warn", 0), ("good", 3)], "label", most=8)
    assert [("0.0", "125.0"), ("125.0", "375.0")] == re.findall(r'x="([^"]+)" width="([^"]+)"', drawn)
    assert 'preserveAspectRatio="none" viewBox="0 0 1000 8"' in drawn


def test_a_text_without_end_is_cut_and_counted_wherever_it_stands(tmp_path, monkeypatch):
    leave_out_operations(monkeypatch)
    found = files()
    endless = "\u202e`a" * 30_000
    found[f"types/{TYPE}/type.yaml"]["label"] = endless
    found["ce/acme/folder.yaml"] = {"names": {"full": endless, "contextual": endless}}
    found["frameworks/acme/section.yaml"] = {"name": endless, "description": endless}
    found[f"{POLICY[1:]}/policy.yaml"]["names"] = {"full": endless, "contextual": endless}
    found[f"{POLICY[1:]}/prod.logic.yaml"]["conditions"][0]["currentStateMessage"] = endless
    write(tmp_path / "repository", found)
    build_site(Repository(tmp_path / "repository"), Options(out=tmp_path / "out", search=False))
    sizes = {path: path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {} == {path: size for path, size in sizes.items() if size > 1_200_000}
    assert sum(sizes.values()) < 6_000_000
    assert "80,000 more characters" in (tmp_path / "out" / POLICY[1:] / "index.html").read_text("utf-8")


def test_long_sources_say_what_is_left_out():
    html = str(source_html("x" * 500_000 + "\ny: 1\n" + "\n" * 5_000 + "z: 1", "yaml"))
    assert all(words in html for words in ("more characters", "more lines", "Without colours")) and len(html) < 450_000
    assert "Without colours" not in str(source_html("a: 1\n", "yaml"))


def test_words_that_stand_apart_are_apart_in_the_text(site):
    html = (site[0] / POLICY[1:] / "index.html").read_text("utf-8")
    text = " ".join(re.sub(r"<[^>]*>", "", html.partition("<main")[2]).split())
    for words in ("Contextual name Thing is open", "Rule Policies Flags", "Policy type Compliance policy"):
        assert words in text


def test_rows_that_become_cards_name_their_columns(tmp_path):
    book = book_of(tmp_path / "repository", files())
    unnamed, tables = [], 0
    for ref, make in contents_of(book, title="x", documents=None):
        for table in re.findall(r'<table class="stack[^"]*">.*?</table>', renderer().html(make()), re.DOTALL):
            tables += 1
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL):
                cells = re.findall(r"<td([^>]*)>", row)[1:]
                unnamed += [ref for cell in cells if "data-label=" not in cell and "bar-cell" not in cell]
    assert ([], True) == (unnamed, tables > 20)


def test_a_document_has_its_headings_and_its_shelf_beside_it():
    shelf = (("How to", (Ref(PageKind.DOCUMENT, "a", "A"), Ref(PageKind.DOCUMENT, "b", "B & C"))),)
    page = ProsePage(Head(shelf[0][1][0], "A"), "A", "# A\n\n## One `x`\n\n## Two & three\n\n### Deeper\n", "docs", shelf)
    html = Renderer("S", lambda path, base: None).html(page)
    assert (
        '<a href="#one-x">One x</a>' in html and '<a href="#two--three">Two &amp; three</a>' in html and "#deeper" not in html
    )
    assert '<a href="../../docs/a/index.html" aria-current="page">A</a>' in html and ">B &amp; C</a>" in html
