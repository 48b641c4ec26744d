"""Render untrusted Markdown as safe HTML: CommonMark with tables and highlighted code.

One sanitiser cleans all of the HTML, including our own. The caller resolves links.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from functools import cache
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.html_re import HTML_TAG_RE
from markdown_it.common.utils import unescapeAll
from pygments import format as format_tokens
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict
    from pygments.lexer import Lexer


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


MAX_RENDERED: Final = 128 * 1024
"""The longest text, in characters, that is read as Markdown. A longer one is shown as it is written."""

MAX_OPENED: Final = 4_000
"""The maximum number of ``<`` and ``[``: the parser scans an unclosed one again for each later one.

A text that holds more is shown as it is written, too.
"""

MAX_SHOWN: Final = 512 * 1024
"""The number of characters of a value that pages show as written."""

LANGUAGES: Final = _named(
    "bash console css diff docker go hcl html http ini java javascript js json kotlin nginx php powershell properties ps1 "
    "py python rb ruby sh shell shell-session sql terraform tf toml ts typescript xml yaml yml"
)
"""The languages whose code is highlighted; any other is shown plain."""

_MAX_HIGHLIGHTED: Final = 6_000
"""The longest block of code that is highlighted; lexers take a time that grows with the square of what hostile code is long."""

_MAX_HIGHLIGHTED_IN_ALL: Final = 24_000
_MAX_TAG: Final = 2_000
_MAX_DEPTH: Final = 20
_MAX_SLUG: Final = 80
_SEED: Final = secrets.token_hex(16)
"""Stands in front of every mark of ours until the sanitiser takes it off, so that nobody else's HTML can forge one."""

_ALLOWED: Final = _named(
    "a abbr b blockquote br caption cite code dd del details div dl dt em h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s "
    "samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var"
)
_EMPTIED: Final = _named(
    "applet audio base button canvas embed form frame frameset head iframe input link map math meta noembed noframes noscript "
    "object option plaintext script select style svg template textarea title video xmp"
)
_UNWRAPPED: Final = _named(
    "address article aside body center col colgroup dfn figcaption figure font footer h1 header html label main mark nav "
    "picture section source strike tt wbr"
)
_KNOWN: Final = _ALLOWED | _EMPTIED | _UNWRAPPED
_OURS: Final = ("class", "id", "role", "scope", "tabindex", "aria-label")
_ATTRIBUTES: Final = {
    "*": {*_OURS, "title"},
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "details": {"open"},
}
_SCHEMES: Final = {"href": ("http", "https", "mailto"), "src": ()}
_INVISIBLE: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
_TURNING: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that control a terminal or the direction of text. Joiners and marks stay: scripts and symbols need them."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_TAG_NAME: Final = re.compile(r"\s*</?([A-Za-z][A-Za-z0-9-]*)")
_BLANKS: Final = re.compile(r"\s+")
_TITLE: Final = re.compile(r"^# +(.+?)\s*#*\s*$", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_NO_SLUG: Final = re.compile(r"[^\w\- ]")


def html_from_markdown(text: str, *, resolve: Callable[[str], str | None] | None = None, id_prefix: str = "") -> str:
    """Return Markdown as safe HTML for a page: no scripts, no styles, no foreign classes or IDs.

    ``resolve`` turns a relative target of a link or an image into a target for the page, or None if it does not exist. Without
    it, relative targets are removed. Images from other hosts become links. Headings go down one level and get IDs after
    ``id_prefix``, so that a page can have two texts.
    """
    if len(text) > MAX_RENDERED or text.count("<") + text.count("[") > MAX_OPENED:
        return (
            f'<pre tabindex="0"><code>{escape(_TURNING.sub(lambda match: visible(match[0]), text[:MAX_SHOWN]))}</code></pre>\n'
        )
    text = _TURNING.sub(lambda match: visible(match[0]), text)
    html = _parser().render(text, {"prefix": id_prefix, "highlighted": _MAX_HIGHLIGHTED_IN_ALL})

    def attribute(tag: str, name: str, value: str) -> str | None:
        return _attribute(name, value, resolve, id_prefix)

    return nh3.clean(
        html,
        tags=set(_ALLOWED),
        clean_content_tags=set(_EMPTIED),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        link_rel="noopener noreferrer",
        url_schemes=set(_SCHEMES["href"]),
    )


def plain_text(markdown: str, limit: int | None = None) -> str:
    """Return the words of a Markdown text in one line, code blocks and HTML left out, cut at a blank within ``limit``."""
    shown = markdown[: MAX_RENDERED if limit is None else max(2_000, 20 * limit)]
    parts = [_words(token) for token in _parser().parse(shown, {"prefix": ""}) if token.type == "inline"]
    text = _BLANKS.sub(" ", " ".join(parts)).strip()
    if limit is None or len(text) <= limit:
        return text
    cut = text[:limit].rpartition(" ")[0] or text[: limit - 1]
    return f"{cut.rstrip(' ,;:.')}…"


def title_of(markdown: str) -> str | None:
    """Return the text of a document's first top-level heading, None if it has none."""
    heading = _TITLE.search(markdown)
    return plain_text(heading[1]) if heading else None


def untitled(markdown: str) -> str:
    """Return a document without its first heading, which a page shows by itself, and without comments."""
    return _TITLE.sub("", _COMMENT.sub("", markdown), count=1).lstrip("\n")


def _words(token: Token) -> str:
    shown = {"text": "", "code_inline": "", "image": "", "softbreak": " ", "hardbreak": " "}
    return "".join(child.content or shown[child.type] for child in token.children or () if child.type in shown)


def _attribute(name: str, value: str, resolve: Callable[[str], str | None] | None, id_prefix: str) -> str | None:
    """Return the allowed value of an attribute, None if it is not allowed."""
    if name in _OURS:
        return value.replace(_SEED, "") if value.startswith(_SEED) else None
    if name in _SCHEMES:
        return _target(value, _SCHEMES[name], resolve, id_prefix)
    return value.replace(_SEED, "")


def _target(value: str, schemes: Sequence[str], resolve: Callable[[str], str | None] | None, id_prefix: str) -> str | None:
    """Return the allowed target of a link or image.

    Browsers ignore blanks and turn backslashes, so both are normalized first.
    """
    plain = _INVISIBLE.sub("", value).replace("\\", "/")
    scheme = _SCHEME.match(plain)
    if scheme is not None:
        return value.strip() if scheme[1].lower() in schemes else None
    if plain.startswith("//"):
        return None
    if plain.startswith("#"):
        return f"#{id_prefix}{plain[1:]}"
    return resolve(value) if resolve is not None and plain else None


_FORMATTER: Final = HtmlFormatter[str](nowrap=True, classprefix=_SEED)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_DEPTH, "xhtmlOut": False}).enable(["table", "strikethrough"])
    parser.inline.ruler.at("html_inline", _inline_html)
    parser.core.ruler.push("ours", _mark)
    for token, rule in (("fence", _code), ("code_block", _code), ("html_block", _html), ("table_open", _table_open)):
        parser.add_render_rule(token, rule)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("image", _image)
    return parser


def _inline_html(state: StateInline, silent: bool) -> bool:
    """Parse a raw tag. Text that is not a tag of HTML, such as ``<region>``, stays text."""
    if state.src[state.pos] != "<":
        return False
    tag = HTML_TAG_RE.match(state.src, state.pos, state.pos + _MAX_TAG)
    name = _TAG_NAME.match(tag[0]) if tag else None
    if tag is None or (name is not None and name[1].lower() not in _KNOWN):
        return False
    if not silent:
        state.push("html_inline", "", 0).content = tag[0]
    state.pos += len(tag[0])
    return True


def _mark(state: StateCore) -> None:
    """Shift the headings, give them ids, and turn the alignment of cells from styles into classes."""
    used: Counter[str] = Counter()
    for number, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", f"{_SEED}{state.env['prefix']}{_unique(_slug(_words(state.tokens[number + 1])), used)}")
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrSet("class", f"{_SEED}align-{style.rpartition(':')[2]}")
        if token.type == "th_open":
            token.attrSet("scope", f"{_SEED}col")


def _slug(text: str) -> str:
    """Return the anchor of a heading as git hosts make it: words as they are, blanks as hyphens, other signs left out."""
    return _NO_SLUG.sub("", text.lower().strip()).replace(" ", "-")[:_MAX_SLUG] or "heading"


def _unique(slug: str, used: Counter[str]) -> str:
    """Return a unique slug: like git hosts, with a number from 1 if it was used before."""
    numbered = slug
    while numbered in used:
        numbered = f"{slug}-{used[slug]}"
        used[slug] += 1
    used[numbered] = 1
    return numbered


def _table_open(*_: object) -> str:
    group = f'class="{_SEED}table-scroll" role="{_SEED}group" aria-label="{_SEED}Table" tabindex="{_SEED}0"'
    return f"<div {group}><table>\n"


def _code(_: RendererHTML, tokens: Sequence[Token], number: int, __: OptionsDict, env: EnvType) -> str:
    token = tokens[number]
    language = unescapeAll(token.info).strip().partition(" ")[0].lower()
    known = language in LANGUAGES and len(token.content) <= min(_MAX_HIGHLIGHTED, env["highlighted"])
    env["highlighted"] -= len(token.content) if known else 0
    code = _highlighted(token.content, language) if known else None
    mark = f' class="{_SEED}language-{language}"' if code is not None else ""
    return f'<pre class="{_SEED}highlight" tabindex="{_SEED}0"><code{mark}>{code or escape(token.content)}</code></pre>\n'


def _highlighted(code: str, language: str) -> str | None:
    """Return code with classes for its colours, None if the lexer's output has more text than the code."""
    most = len(code) + 2
    tokens = list(islice(_lexer(language).get_tokens(code), most))
    return format_tokens(tokens, _FORMATTER) if len(tokens) < most else None


def _html(_: RendererHTML, tokens: Sequence[Token], number: int, __: OptionsDict, ___: EnvType) -> str:
    content = tokens[number].content
    name = _TAG_NAME.match(content)
    return f"<p>{escape(content)}</p>\n" if name is not None and name[1].lower() not in _KNOWN else content


def _image(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: OptionsDict, env: EnvType) -> str:
    """Draw an image of the repository; one from another host is a link, as a page asks no other host for anything."""
    token = tokens[number]
    source = str(token.attrs.get("src", ""))
    words = renderer.renderInlineAsText(token.children, options, env)
    if _SCHEME.match(_INVISIBLE.sub("", source)) is None:
        return f'<img src="{escape(source)}" alt="{escape(words)}">'
    return f'<a href="{escape(source)}">{escape(words or source)}</a>'


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False)
