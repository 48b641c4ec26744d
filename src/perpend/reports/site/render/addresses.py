"""Where each page is, and how one page names another: relative, so that a site works from any place, a disk included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from perpend.reports.site.content.links import PageKind

if TYPE_CHECKING:
    from perpend.reports.site.content.links import Ref

_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_BY_ID: Final = (
    PageKind.POLICY,
    PageKind.FOLDER,
    PageKind.SECTION,
    PageKind.FRAMEWORK,
    PageKind.LOGIC,
    PageKind.TEST_DATA,
    PageKind.EXTRACTS,
    PageKind.INDEX,
)
_BY_NAME: Final = {PageKind.TYPE: "types", PageKind.RULE: "rules", PageKind.LIST: "lists", PageKind.OPERATION: "operations"}
_MARKDOWN: Final = {
    PageKind.POLICY: "/policy.gen.md",
    PageKind.FOLDER: "/folder.gen.md",
    PageKind.SECTION: "/section.gen.md",
    PageKind.FRAMEWORK: "/section.gen.md",
    PageKind.TYPE: "/type.gen.md",
    PageKind.INDEX: "/index.gen.md",
    PageKind.HOME: "index.gen.md",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The paths of pages below the site's root: ``…/index.html``, or ``….gen.md`` beside each entity."""

    markdown: bool = False

    def path(self, ref: Ref) -> str:
        """Return the path of the page that a reference leads to."""
        return _path(ref.kind, ref.id, self.markdown)

    def href(self, ref: Ref, root: str) -> str:
        """Return the address of a page, seen from one whose way to the root is ``root`` (``../../``).

        Pages in Markdown have no anchors of ours.
        """
        anchor = f"#{quote(ref.anchor)}" if ref.anchor and not self.markdown else ""
        return f"{root}{_quoted(ref.kind, ref.id, self.markdown)}{anchor}"


class Places:
    """Which paths are taken, so that no page needs a directory where another one is a file."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._directories: set[str] = set()

    def take(self, path: str) -> bool:
        """Take a path, and say whether it was free."""
        above = [path[:place] for place, sign in enumerate(path) if sign == "/"]
        if path in self._files or path in self._directories or any(directory in self._files for directory in above):
            return False
        self._files.add(path)
        self._directories.update(above)
        return True


def root_from(path: str) -> str:
    """Return the way from a page to the site's root."""
    return "../" * path.count("/") or "./"


def segment(name: str) -> str:
    """Return a name from outside as one part of a path: as it is where that is harmless, else its digest."""
    return name if _SAFE.fullmatch(name) else f"~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def quoted(path: str) -> str:
    """Return a path as it stands in an address."""
    return quote(path, safe="/~", errors="surrogatepass")


@lru_cache(maxsize=65_536)
def _quoted(kind: PageKind, entity: str, markdown: bool) -> str:
    return quoted(_path(kind, entity, markdown))


@lru_cache(maxsize=65_536)
def _path(kind: PageKind, entity: str, markdown: bool) -> str:
    if kind is PageKind.HOME:
        stem = ""
    elif kind in _BY_ID:
        stem = entity.strip("/")
    elif kind in _BY_NAME:
        stem = f"{_BY_NAME[kind]}/{segment(entity)}"
    elif kind is PageKind.FINDINGS:
        stem = f"verdicts/{entity.strip('/')}"
    else:
        stem = "docs/" + "/".join(segment(part) for part in entity.split("/"))
    if markdown:
        return stem + _MARKDOWN.get(kind, ".gen.md")
    return f"{stem}/index.html" if stem else "index.html"
