"""The paths of pages and the addresses of links. Links are relative, so that a site works at any address and from a disk."""

from __future__ import annotations

import re
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


def path_of(ref: Ref) -> str:
    """Return the path of a page below the site's root: ``…/index.html``."""
    return _path(ref.kind, ref.id)


def href_of(ref: Ref, root: str) -> str:
    """Return the address of a page, relative to a page whose path to the root is ``root`` (``../../``)."""
    anchor = f"#{quote(ref.anchor)}" if ref.anchor else ""
    return f"{root}{_quoted(ref.kind, ref.id)}{anchor}"


class PagePaths:
    """The paths in use, so that no page needs a directory with the name of another page's file."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._directories: set[str] = set()

    def take(self, path: str) -> bool:
        """Reserve a path. Return whether it was free."""
        parents = [path[:place] for place, character in enumerate(path) if character == "/"]
        if path in self._files or path in self._directories or any(directory in self._files for directory in parents):
            return False
        self._files.add(path)
        self._directories.update(parents)
        return True


def root_from(path: str) -> str:
    """Return the relative path from a page to the site's root."""
    return "../" * path.count("/") or "./"


def segment(name: str) -> str:
    """Return a name from a repository as one part of a path: the name if it is safe, else its digest."""
    return name if _SAFE.fullmatch(name) else f"~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def quoted(path: str) -> str:
    """Return a path with percent-encoding, for an address."""
    return quote(path, safe="/~", errors="surrogatepass")


@lru_cache(maxsize=65_536)
def _quoted(kind: PageKind, entity: str) -> str:
    return quoted(_path(kind, entity))


@lru_cache(maxsize=65_536)
def _path(kind: PageKind, entity: str) -> str:
    if kind is PageKind.HOME:
        stem = ""
    elif kind in _BY_ID:
        stem = entity.strip("/")
    elif kind in _BY_NAME:
        stem = f"{_BY_NAME[kind]}/{segment(entity)}"
    else:
        stem = "docs/" + "/".join(segment(part) for part in entity.split("/"))
    return f"{stem}/index.html" if stem else "index.html"
