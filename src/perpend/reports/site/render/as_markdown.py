"""The HTML of a page's main part in, the same as Markdown out. What only helps in a browser is marked there and left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLOCKS: Final = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body details div dl dd dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
        "header hr li main nav ol p pre section summary table ul",
    )
)
_SKIPPED: Final = frozenset(["script", "style", "template", "button", "input", "form", "nav", "noscript", "title"])
_BLANKS: Final = re.compile(r"\s+")
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~#])")
_LEADING: Final = re.compile(r"^(\s*(?:\d+(?=[.)])|(?=[-+])))([-+.)])(?=\s|$)", re.MULTILINE)
_DRAWING: Final = re.compile(r"(<svg[^>]*>).*?</svg>", re.DOTALL)
_SOURCE: Final = re.compile(r'<pre class="(?:src|highlight)".*?</pre>', re.DOTALL)
_SPANS: Final = re.compile(r"</?span[^>]*>")
_TICKS: Final = re.compile(r"`+")


@dataclass(slots=True)
class Node:
    """An element with its attributes and what it holds: elements and texts. ``is_block`` is None before anybody asked."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inner: list[Node | str] = field(default_factory=list)
    is_block: bool | None = None

    @property
    def skipped(self) -> bool:
        """Whether it is for browsers only."""
        return self.tag in _SKIPPED or self.attributes.get("data-md") == "skip"


class _Tree:
    """Builds nodes of what the parser finds. Its methods are named by lxml."""

    def __init__(self) -> None:
        self.root = Node("main")
        self.open = [self.root]

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in the begin of an element."""
        node = Node(tag, dict(attributes))
        self.open[-1].inner.append(node)
        self.open.append(node)

    def end(self, _: str) -> None:
        """Take in the end of the element that is open."""
        self.open.pop()

    def data(self, text: str) -> None:
        """Take in text."""
        self.open[-1].inner.append(text)

    def close(self) -> Node:
        """Return the root."""
        return self.root


def markdown_from_html(html: str) -> str:
    """Return the main part of a page as Markdown."""
    start, end = html.find("<main"), html.rfind("</main>")
    main = _thinned(html[start : end if end > 0 else len(html)])
    parser = etree.HTMLParser(target=_Tree(), encoding="utf-8", huge_tree=True, no_network=True)
    root: Node = etree.fromstring(main.encode("utf-8", "replace") or b"<p>", parser)
    lines = list(_blocks(root))
    return "\n\n".join(block for block in lines if block.strip()) + "\n"


def _thinned(html: str) -> str:
    """Return HTML without the insides of drawings and the colours of code: Markdown has neither, and parsing is slow."""
    html = _DRAWING.sub(r"\1</svg>", html)
    return _SOURCE.sub(lambda source: _SPANS.sub("", source[0]), html)


def _blocks(node: Node) -> Iterator[str]:
    """Yield the blocks of a node; what stands between blocks is a paragraph."""
    loose: list[Node | str] = []
    for part in node.inner:
        if isinstance(part, Node) and part.skipped:
            continue
        if isinstance(part, Node) and _is_block(part):
            yield from _paragraph(loose)
            loose = []
            yield from _block(part)
        else:
            loose.append(part)
    yield from _paragraph(loose)


def _is_block(node: Node) -> bool:
    if node.is_block is None:
        node.is_block = node.tag in _BLOCKS or any(isinstance(inner, Node) and _is_block(inner) for inner in node.inner)
    return node.is_block


def _paragraph(parts: list[Node | str]) -> Iterator[str]:
    text = _tidy("".join(map(_inline, parts)))
    if text:
        yield _LEADING.sub(r"\1\\\2", text)


def _block(node: Node) -> Iterator[str]:
    match node.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            yield f"{'#' * int(node.tag[1])} {_heading(node)}"
        case "ul" | "ol":
            yield from _list(node)
        case "dl":
            yield from _definitions(node)
        case "pre":
            yield _fenced(node)
        case "table":
            yield from _table(node)
        case "hr":
            yield "---"
        case "summary":
            yield f"**{_line(node)}**"
        case "blockquote":
            yield "\n".join(f"> {line}" for line in "\n\n".join(_blocks(node)).split("\n"))
        case _:
            yield from _blocks(node)


def _list(node: Node) -> Iterator[str]:
    items = [inner for inner in node.inner if isinstance(inner, Node) and inner.tag == "li"]
    rows = []
    start = node.attributes.get("start", "")
    for number, item in enumerate(items, int(start) if start.isdecimal() else 1):
        mark = f"{number}. " if node.tag == "ol" else "- "
        blocks = [block for block in _blocks(item) if block.strip()]
        text = "\n\n".join(blocks) if len(blocks) > 1 and any("\n" in block for block in blocks) else "\n".join(blocks)
        rows.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    if rows:
        yield "\n".join(rows)


def _definitions(node: Node) -> Iterator[str]:
    rows = []
    for group in (inner for inner in node.inner if isinstance(inner, Node)):
        parts = [inner for inner in (group.inner if group.tag == "div" else [group]) if isinstance(inner, Node)]
        names = ", ".join(_line(part) for part in parts if part.tag == "dt")
        blocks = [block for part in parts if part.tag == "dd" for block in _blocks(part)]
        text = "\n".join(block for block in blocks if block.strip())
        several = "\n" in text or text.startswith(("- ", "```"))
        rows.append(f"- **{names}**:\n\n{text}".replace("\n", "\n  ") if several else f"- **{names}**: {text}")
    if rows:
        yield "\n".join(rows)


def _table(node: Node) -> Iterator[str]:
    rows = [
        [_cell(cell) for cell in row.inner if isinstance(cell, Node) and cell.tag in ("td", "th")] for row in _find(node, "tr")
    ]
    rows = [row for row in rows if row]
    if not rows:
        return
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(node: Node) -> str:
    return _tidy(_inline(node)).replace("\n", "<br>")


def _find(node: Node, tag: str) -> Iterator[Node]:
    for inner in node.inner:
        if isinstance(inner, Node):
            if inner.tag == tag:
                yield inner
            else:
                yield from _find(inner, tag)


def _fenced(node: Node) -> str:
    text = _text(node).rstrip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(text)), 3)
    return f"{fence}{_language(node)}\n{text}\n{fence}"


def _language(node: Node) -> str:
    classes = [inner.attributes.get("class", "") for inner in (node, *node.inner) if isinstance(inner, Node)]
    name = next((name for name in " ".join(classes).split() if name.startswith("language-")), "")
    return name.removeprefix("language-")


def _line(node: Node) -> str:
    return _tidy("".join(map(_inline, node.inner))).replace("\n", " ")


def _heading(node: Node) -> str:
    """Return a heading's words; its symbols stand in the text below it as well."""
    return _tidy("".join(_inline(one) for one in node.inner if isinstance(one, str) or one.tag != "svg")).replace("\n", " ")


def _inline(part: Node | str) -> str:
    if isinstance(part, str):
        return _escaped(_BLANKS.sub(" ", part))
    if part.skipped or "unseen" in part.attributes.get("class", ""):
        return ""
    match part.tag:
        case "br":
            return "\n"
        case "svg":
            label = part.attributes.get("aria-label", "")
            return f" {_escaped(label)} " if label else ""
        case "code" | "kbd":
            return _code(_text(part))
        case "a":
            return _link(part)
        case "img":
            return f"![{_escaped(part.attributes.get('alt', ''))}](<{_target(part.attributes.get('src', ''))}>)"
        case "strong" | "b":
            inner = _line(part)
            return f"**{inner}**" if inner else ""
        case "em" | "i":
            inner = _line(part)
            return f"*{inner}*" if inner else ""
        case "li" | "p" | "dd" | "dt" | "summary" | "div":
            return "".join(map(_inline, part.inner)).strip(" ") + "\n"
        case _:
            return "".join(map(_inline, part.inner))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _link(node: Node) -> str:
    text, address = _line(node), node.attributes.get("href", "")
    return f"[{text}](<{_target(address)}>)" if text and address and not address.startswith("#") else text


def _target(address: str) -> str:
    return _BLANKS.sub("%20", address).replace("<", "%3C").replace(">", "%3E")


def _code(text: str) -> str:
    plain = _BLANKS.sub(" ", text).strip()
    if not plain:
        return ""
    ticks = "`" * (max((len(run) for run in _TICKS.findall(plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    shown = plain.replace("|", "\\|")
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _text(node: Node) -> str:
    return "".join(inner if isinstance(inner, str) else _text(inner) for inner in node.inner)


def _tidy(text: str) -> str:
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.strip().split("\n")).strip()
