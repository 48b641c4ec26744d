"""A directory of HTML pages in, every link that leads nowhere and every id that stands twice out.

Only the directory is looked at: links to other hosts are not followed. Refuses to know who made the pages.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from lxml import etree

from perpend.core.diagnostics.model import Diagnostic, Rule, Span
from perpend.core.diagnostics.phrases import shorten
from perpend.core.errors import PerpendError
from perpend.reports.site.rules import (
    ABSOLUTE_LINK,
    BROKEN_LINK,
    DUPLICATE_ID,
    MISSING_ANCHOR,
    MISSING_IMAGE,
    UNREADABLE_PAGE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


MAX_PAGE: Final = 32 * 1024 * 1024
"""The largest page that is read, in bytes."""

_ALIKE: Final = 3
_INDEX: Final = "index.html"
_LINKS: Final = {"a": "href", "area": "href", "link": "href", "use": "href", "form": "action"}
_SHOWN: Final = {"img": "src", "script": "src", "source": "src", "iframe": "src", "image": "href", "embed": "src"}
_ATTRIBUTES: Final = _LINKS | _SHOWN


class NoPages(PerpendError):
    """A directory without a single page."""


@dataclass(slots=True)
class _Page:
    """What is in a page: its ids with how often each stands there, and its links as ``(tag, target)``."""

    ids: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    links: set[tuple[str, str]] = field(default_factory=set)


class _Reader:
    """Takes in what the parser finds. Its methods are named by lxml."""

    def __init__(self) -> None:
        self.page = _Page()

    def start(self, tag: str, attributes: Any) -> None:
        """Take in an element."""
        name = _ATTRIBUTES.get(tag)
        if name is not None and name in attributes:
            self.page.links.add((tag, attributes[name]))
        if "id" in attributes:
            self.page.ids[attributes["id"]] += 1
        if tag == "a" and "name" in attributes:
            self.page.names.add(attributes["name"])

    def close(self) -> _Page:
        """Return what was found."""
        return self.page


def check_links(root: Path) -> list[Diagnostic]:
    """Return what is wrong with the pages below a directory; of faults that are alike, the first three and a number.

    Raises :class:`NoPages`.
    """
    files, directories = _walk(root)
    pages: dict[str, _Page] = {}
    faults: list[tuple[Rule, str, str, str]] = []
    for path in sorted(files):
        if path.endswith((".html", ".htm")):
            page = _read(root, path)
            pages[path] = page or _Page()
            faults += [] if page else [(UNREADABLE_PAGE, path, "", f"`{path}` cannot be read")]
    if not pages:
        raise NoPages(f"{root}: there is no page in it")
    site = _Site(files, directories, pages)
    for path, page in pages.items():
        faults += site.faults(path, page)
    return list(_told(root, faults))


@dataclass(frozen=True, slots=True)
class _Site:
    files: set[str]
    directories: set[str]
    pages: dict[str, _Page]

    def faults(self, path: str, page: _Page) -> Iterator[tuple[Rule, str, str, str]]:
        """Yield ``(rule, page, value of the attribute, sentence)`` of what is wrong with a page."""
        for tag, target in page.links:
            fault = self._link(path, tag, target)
            if fault is not None:
                yield fault[0], path, target, fault[1]
        for name, number in page.ids.items():
            if number > 1:
                yield DUPLICATE_ID, path, name, f"the id `{shorten(name)}` stands {number} times in the page"

    def _link(self, path: str, tag: str, target: str) -> tuple[Rule, str] | None:
        """Return what is wrong with a link, None where nothing is."""
        target = target.strip()
        address, _, anchor = target.partition("#")
        address = address.partition("?")[0]
        if address.startswith("//") or ":" in address.partition("/")[0]:
            return None
        if address.startswith("/"):
            return ABSOLUTE_LINK, f"the link `{shorten(target)}` begins at the server's root"
        file = self._reached(path, unquote(address))
        if file is None:
            what = (MISSING_IMAGE, "file") if tag in _SHOWN else (BROKEN_LINK, "page or file")
            return what[0], f"there is no {what[1]} `{shorten(target)}`"
        reached = self.pages.get(file)
        if not anchor or reached is None or anchor.startswith(":~:") or anchor.lower() == "top":
            return None
        wanted = unquote(anchor)
        if wanted in reached.ids or wanted in reached.names:
            return None
        return MISSING_ANCHOR, f"`{shorten(file)}` has no place `#{shorten(wanted)}`"

    def _reached(self, path: str, address: str) -> str | None:
        """Return the file that a relative address leads to from a page, None where there is none."""
        if not address:
            return path
        parts = path.split("/")[:-1]
        for part in address.split("/"):
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        file = "/".join(parts)
        if file in self.directories:
            file = f"{file}/{_INDEX}".lstrip("/")
        return file if file in self.files else None


def _walk(root: Path) -> tuple[set[str], set[str]]:
    """Return the files and directories below a root as relative paths; the root itself is the empty one."""
    files: set[str] = set()
    directories: set[str] = set()
    for directory, _, names in os.walk(root):
        below = os.path.relpath(directory, root).replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        directories.add(prefix.rstrip("/"))
        files.update(f"{prefix}{name}" for name in names)
    return files, directories


def _read(root: Path, path: str) -> _Page | None:
    """Return what is in a page, None where it cannot be read."""
    place = root / path
    try:
        if not place.is_file() or place.stat().st_size > MAX_PAGE:
            return None
        content = place.read_bytes()
    except OSError:
        return None
    parser = etree.HTMLParser(target=_Reader(), encoding="utf-8", huge_tree=True, no_network=True)
    try:
        page: _Page = etree.fromstring(content or b"<p>", parser)
    except etree.XMLSyntaxError:
        return None
    return page


class _Finder(HTMLParser):
    """Finds the places where the faulty values of one page stand. It is slow, and asked only about pages with faults."""

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__()
        self.wanted = set(values)
        self.places: dict[str, list[tuple[int, int]]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the place of an element that has a faulty value."""
        for name, value in attrs:
            if value in self.wanted and name in ("id", _ATTRIBUTES.get(tag)):
                line, column = self.getpos()
                self.places.setdefault(value or "", []).append((line, column + 1))


def _told(root: Path, faults: Iterable[tuple[Rule, str, str, str]]) -> Iterator[Diagnostic]:
    """Yield the diagnostics of faults, those that say the same on many pages counted together."""
    alike: dict[tuple[str, str], list[tuple[Rule, str, str, str]]] = {}
    for fault in faults:
        alike.setdefault((fault[0].code, fault[3]), []).append(fault)
    shown = [(fault, len(group)) for group in alike.values() for fault in group[:_ALIKE]]
    values: dict[str, list[str]] = {}
    for (rule, path, value, _), _ in shown:
        if rule is not UNREADABLE_PAGE:
            values.setdefault(path, []).append(value)
    places = {path: _places(root, path, wanted) for path, wanted in values.items()}
    for (rule, path, value, message), number in shown:
        spots = places.get(path, {}).get(value, [(1, 1)])
        line, column = spots[1] if rule is DUPLICATE_ID and len(spots) > 1 else spots[0]
        more = f"and {number - _ALIKE:,} more pages have the same fault" if number > _ALIKE else None
        yield rule.at(Span(path, line, column, line, column + 1), message, help=more)


def _places(root: Path, path: str, values: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    finder = _Finder(values)
    try:
        finder.feed((root / path).read_text("utf-8", "replace"))
    except OSError:
        return {}
    return finder.places
