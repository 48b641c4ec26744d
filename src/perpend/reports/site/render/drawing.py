"""Render the small parts of templates: links, symbols, statuses, bars, prose, source."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.reports.site.render.addresses import href_of, quoted
from perpend.reports.site.render.charts import bar_svg, left_out, relations_svg
from perpend.reports.site.render.flow import flow_svg
from perpend.reports.site.render.icons import KINDS, STATUSES, icon
from perpend.reports.site.render.markdown import html_from_markdown, plain_text, untitled

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.reports.site.content.catalogue import TypePage
    from perpend.reports.site.content.links import EntityFlag, Ref
    from perpend.reports.site.content.page import SectionCoverage
    from perpend.reports.site.content.steps import BlockSteps

    FindingState = Callable[[str, str], "str | None"]
    from pygments.lexer import Lexer

LONG: Final = 900
"""From this length on, in characters, a description is folded."""

LONGEST_TEXT: Final = 10_000
"""The number of characters of a text that a page shows. The rest is counted."""

_SUMMARY: Final = 160
"""The number of characters of a document in its list entry."""

_LEAD: Final = 400
"""The number of characters of the description below a policy's name."""

_GLANCE: Final = (
    "impossible-policy",
    "policy-without-logic",
    "policy-tested-in-part",
    "section-manual",
    "section-unanswered",
    "type-undeclared",
    "rule-not-automated",
    "rule-with-several-policies",
)

_TITLED: Final = re.compile(r"\A\s*#{1,2}\s+(?:Description|Remediation)\s*#*\s*(?:\n|\Z)", re.IGNORECASE)
_HEADING: Final = re.compile(r"<(/?)h([2-6])(?=[ >])")
_BLANKS: Final = re.compile(r"[\t\r\n ]+")


def shown(value: object) -> object:
    """Return a value for a template: one line, of limited length, with hidden and direction-changing characters written out."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    if len(value) > LONGEST_TEXT:
        return f"{shown(value[:LONGEST_TEXT])}… ({len(value) - LONGEST_TEXT:,} more characters)"
    return value if value.isprintable() else visible(_BLANKS.sub(" ", value))


@dataclass(frozen=True, slots=True)
class Drawing:
    """Renders parts of the page at ``path``. ``known`` turns a relative target below a directory into a path of the site."""

    path: str
    root: str
    known: FindingState

    def href(self, ref: Ref) -> str:
        """Return the address of a page, relative to this one."""
        return href_of(ref, self.root)

    def a(self, ref: Ref, text: str | None = None, *, symbol: bool = False, flags: bool = False, code: bool = False) -> Markup:
        """Return a link, or only the name if the page does not exist."""
        name = escape(shown(ref.name if text is None else text))
        name = Markup("<code>{}</code>").format(name) if code else name
        before = icon(KINDS[ref.kind]) if symbol else ""
        after = self.flags(ref.flags) if flags else ""
        if not ref.there:
            return Markup('<span class="absent">{}{}</span>').format(before, name)
        return Markup('{}<a href="{}">{}</a>{}').format(before, self.href(ref), name, after)

    def flags(self, flags: tuple[EntityFlag, ...], *, quiet: bool = True) -> Markup:
        """Return the symbols of flags with their names. ``quiet`` leaves out the less important ones."""
        wanted = self.brief(flags) if quiet else flags
        symbols = Markup("").join(
            Markup('<span title="{}">{}</span>').format(flag.label, icon(flag.icon, flag.label, flag.tone)) for flag in wanted
        )
        return Markup('<span class="flags">{}</span>').format(symbols) if wanted else Markup("")

    def brief(self, flags: tuple[EntityFlag, ...]) -> tuple[EntityFlag, ...]:
        """Return the important flags: states, and flags that are good or bad."""
        return tuple(flag for flag in flags if flag.tone in ("good", "bad", "warn") or flag.slug in _GLANCE)

    def flag(self, flag: EntityFlag) -> Markup:
        """Return one flag with its symbol and its name."""
        return Markup('<span class="flag tone-{}">{}{}</span>').format(flag.tone, icon(flag.icon), flag.label)

    def status(self, status: str, *, brief: bool = False) -> Markup:
        """Return a status with its symbol. With ``brief``, the word is for screen readers only."""
        if status not in STATUSES:
            return escape(shown(status))
        name, tone = STATUSES[status]
        if brief:
            return icon(name, status, tone)
        return Markup('<span class="status tone-{}">{}{}</span>').format(tone, icon(name), status)

    def coverage(self, coverage: SectionCoverage) -> Markup:
        """Return how much of the requirements is answered, as a bar with its numbers."""
        if not coverage.total:
            return Markup("")
        label = f"{coverage.automated} automated, {coverage.manual} manual, {coverage.none} without policy"
        parts = (("good", coverage.automated), ("calm", coverage.manual), ("none", coverage.none))
        bar = Markup(bar_svg(parts, label))  # noqa: S704 drawn by us of numbers
        shares = (bar, coverage.automated, coverage.total)
        return Markup('<span class="cover">{}<span class="num">{}/{}</span></span>').format(*shares)

    def icon(self, name: str, label: str = "", tone: str = "") -> Markup:
        """Return a symbol."""
        return icon(name, label, tone)

    def kind_icon(self, ref: Ref) -> Markup:
        """Return the symbol of a page's kind, with its name."""
        return icon(KINDS[ref.kind], ref.kind.value)

    def prose(self, markdown: str, base: str, prefix: str = "", *, deeper: bool = True) -> Markup:
        """Return Markdown as HTML. ``base`` is the directory that its links start from; headings go below the page's own."""
        html = html_from_markdown(
            _TITLED.sub("", markdown), resolve=lambda target: self._resolved(target, base), id_prefix=prefix
        )
        top = min((int(heading[2]) for heading in _HEADING.finditer(html)), default=2)
        down = (3 if deeper else 2) - top
        html = _HEADING.sub(lambda heading: f"<{heading[1]}h{min(int(heading[2]) + down, 6)}", html)
        return Markup(html)  # noqa: S704 sanitised

    def document(self, markdown: str, base: str) -> Markup:
        """Return a document without its title, which the page shows by itself, as HTML."""
        return self.prose(untitled(markdown), base, deeper=False)

    def words(self, markdown: str) -> str:
        """Return the first words of a text in Markdown."""
        return plain_text(markdown, _SUMMARY)

    def flow(self, steps: BlockSteps) -> Markup:
        """Return a drawing of a program's conditions from top to bottom."""
        return Markup(flow_svg(steps))  # noqa: S704 drawn by us, names escaped

    def message(self, text: str) -> Markup:
        """Return a message as its author wrote it. Text between backticks is code."""
        parts = str(shown(text)).split("`")
        if len(parts) % 2 == 0:
            return escape(shown(text))
        parts_html = (Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
        return Markup("").join(parts_html)

    def inline(self, markdown: str) -> Markup:
        """Return one line of Markdown without the paragraph around it."""
        html = html_from_markdown(markdown).strip()
        return Markup(html.removeprefix("<p>").removesuffix("</p>"))  # noqa: S704 sanitised

    def web(self, url: str) -> Markup:
        """Return a link to another site, or only the text if it is not a web address."""
        if not url.lower().startswith(("https://", "http://")):
            return escape(shown(url))
        return Markup('<a href="{}" rel="noopener noreferrer external">{}{}</a>').format(url, shown(url), icon("out"))

    def branches(self, covered: int, branches: int) -> Markup:
        """Return how many branches some test ends in, as a bar with its numbers."""
        label = f"{covered} of {branches} branches tested"
        bar = Markup(bar_svg((("good", covered), ("none", branches - covered)), label))  # noqa: S704 drawn by us of numbers
        percent = 100 * covered // branches if branches else 100
        return Markup('<span class="cover">{}<span class="num">{} % ({} of {} branches)</span></span>').format(
            bar, percent, covered, branches
        )

    def lead(self, markdown: str) -> str:
        """Return a Markdown text as one paragraph."""
        return plain_text(markdown, _LEAD)

    def relations(self, page: TypePage) -> Markup:
        """Return a drawing of an object type's relationships."""
        rows = [(one.way, one.name, one.type.name, self.href(one.type) if one.type.there else "") for one in page.relations]
        drawing, more = Markup(relations_svg(page.label, rows)), left_out(rows)  # noqa: S704 drawn by us, names escaped
        note = Markup('<figcaption class="quiet">{} of {} are drawn; all are listed below.</figcaption>')
        return drawing + note.format(len(rows) - more, len(rows)) if more else drawing

    def heat(self, number: int) -> int:
        """Return how strongly a cell of the matrix is coloured: 0 to 4."""
        return sum(number >= bound for bound in (1, 3, 7, 15))

    def source(self, text: str, language: str = "yaml") -> Markup:
        """Return source text, highlighted, each line with its anchor."""
        return source_html(text, language)

    def _resolved(self, target: str, base: str) -> str | None:
        path, mark, fragment = target.partition("#")
        place = unquote(path)
        start = "" if place.startswith("/") else base
        full = posixpath.normpath(posixpath.join(start, place.lstrip("/")))
        if full.startswith("../") or full == "..":
            return None
        known = self.known(full, base)
        return None if known is None else f"{self.root}{quoted(known)}{mark}{fragment}"


_LONGEST: Final = 120_000
_MOST: Final = 400_000
_MOST_LINES: Final = 4_000
_FORMATTER: Final = HtmlFormatter[str](nowrap=True)
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def source_html(text: str, language: str) -> Markup:
    """Return highlighted source text with the IDs ``L1``, ``L2``, … for its lines. Hidden characters are written out."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    whole = "\n".join(lines[:_MOST_LINES])
    cut = _HIDDEN.sub(lambda mark: visible(mark[0]), whole[:_MOST]).split("\n")
    shown = "\n".join(cut)
    is_coloured = len(shown) <= _LONGEST
    if is_coloured:
        rows = str(highlight(shown, _lexer(language), _FORMATTER)).rstrip("\n").split("\n")
    else:
        rows = [str(escape(line)) for line in cut]
    rows += [""] * (len(cut) - len(rows))
    body = "".join(f'<span class="line" id="L{number}">{row}\n</span>' for number, row in enumerate(rows, 1))
    notes = [
        *([f"… {len(whole) - _MOST:,} more characters"] if len(whole) > _MOST else []),
        *([f"… {len(lines) - len(cut):,} more lines"] if len(lines) > len(cut) else []),
        *([] if is_coloured else [f"Without colours, as it is longer than {_LONGEST:,} characters"]),
    ]
    more = "".join(f'<span class="line quiet">{note}\n</span>' for note in notes)
    return Markup(f'<pre class="src" tabindex="0"><code class="language-{language}">{body}{more}</code></pre>')  # noqa: S704 escaped by Pygments


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)
