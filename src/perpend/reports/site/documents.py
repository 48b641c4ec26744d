"""Read a directory of Markdown documents as pages and images of the site."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import unquote

from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.errors import PerpendError
from perpend.reports.site.content.guides import DocumentsPage, ProsePage, operation_of_page
from perpend.reports.site.content.links import DOCUMENTS, PageKind, Ref
from perpend.reports.site.content.page import Head
from perpend.reports.site.render.markdown import title_of, untitled

if TYPE_CHECKING:
    from pathlib import Path

IMAGES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""The images that pages may show. SVG is left out, because it can contain scripts."""

_README: Final = "README.md"
_LINK: Final = re.compile(r"\]\(<?([^)>#\s]{1,300}\.md)")
_MAX_TEXT: Final = 1024 * 1024
_SHELVES: Final = {
    "": "Start here",
    "how-to": "How to",
    "explanation": "Explanation",
    "reference": "Reference",
    "adr": "Decisions",
}
"""The names of the directories of documents, in the order of the list."""


class NotDocuments(PerpendError):
    """A directory of documents that cannot be read."""


class Documents:
    """A directory of Markdown documents. Symbolic links are not followed, and other files are no pages."""

    def __init__(self, root: Path) -> None:
        if wrong := why_not_a_directory(root):
            raise NotDocuments(f"{root}: {wrong}")
        self.root = root
        self.texts: dict[str, str] = {}
        self.images: dict[str, Path] = {}
        for directory, names, files in os.walk(root, onerror=_raise):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                self._take(os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/"))

    def _take(self, path: str) -> None:
        place = self.root / path
        if place.is_symlink() or not place.is_file():
            return
        if path.lower().endswith(IMAGES):
            self.images[path] = place
        generated = path.startswith("reference/operations/") and operation_of_page(path.rpartition("/")[2])
        if path.endswith(".md") and not generated and place.stat().st_size <= _MAX_TEXT:
            self.texts[path] = place.read_text("utf-8", errors="replace")

    def files(self) -> tuple[str, ...]:
        """Return the paths of all documents and images."""
        return tuple(f"docs/{path}" for path in (*self.texts, *self.images))

    def ref(self, path: str) -> Ref | None:
        """Return the reference to a document, or to the operation or index in its place."""
        if path.startswith("reference/operations/"):
            return operation_of_page(path.rpartition("/")[2])
        if path == _README:
            return DOCUMENTS if path in self.texts else None
        return Ref(PageKind.DOCUMENT, path.removesuffix(".md"), self.title(path)) if path in self.texts else None

    def title(self, path: str) -> str:
        """Return a document's title: its first heading, else its file name."""
        heading = title_of(self.texts[path])
        return path.rpartition("/")[2].removesuffix(".md") if heading is None else heading

    def shelf(self) -> list[str]:
        """Return the paths of all documents in reading order: by shelf, then as the READMEs link to them, then by path.

        The README at the top is the list itself.
        """
        shelves, named = list(_SHELVES), self._named()

        def place(path: str) -> tuple[int, bool, int, str]:
            top = path.partition("/")[0] if "/" in path else ""
            shelf = shelves.index(top) if top in shelves else len(shelves)
            return shelf, not path.endswith(_README), named.get(path, len(named)), path

        return sorted(self.texts.keys() - {_README}, key=place)

    def _named(self) -> dict[str, int]:
        """Return the position of each document among the links of the READMEs, the topmost README first."""
        places: dict[str, int] = {}
        for readme in sorted((path for path in self.texts if path.endswith(_README)), key=lambda path: (path.count("/"), path)):
            for target in _LINK.findall(self.texts[readme]):
                places.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(readme), unquote(target))), len(places))
        return places

    def index(self) -> DocumentsPage:
        """Return the page that lists all documents."""
        shelves: dict[str, list[tuple[Ref, str]]] = {}
        for path in self.shelf():
            top = path.partition("/")[0] if "/" in path else ""
            ref = self.ref(path)
            if ref is not None:
                shelves.setdefault(_SHELVES.get(top, top), []).append((ref, untitled(self.texts[path])))
        head = Head(
            DOCUMENTS,
            f"{len(self.shelf())} documents: tour, how-tos, reference, explanation, decisions.",
            (),
            (("kind", "index"),),
        )
        rows = tuple((name, tuple(paths)) for name, paths in shelves.items())
        return DocumentsPage(head, rows, self.texts.get(_README, ""))

    def pages(self) -> tuple[ProsePage, ...]:
        """Return the page of each document."""
        paths, side = self.shelf(), self.index().side
        refs = [self.ref(path) for path in paths]
        pages = []
        for place, path in enumerate(paths):
            ref, text = refs[place], self.texts[path]
            if ref is None:
                continue
            head = Head(ref, ref.name, (DOCUMENTS,), (("kind", PageKind.DOCUMENT.value),), prose=untitled(text))
            before = refs[place - 1] if place else None
            after = refs[place + 1] if place + 1 < len(refs) else None
            pages.append(ProsePage(head, ref.name, text, f"docs/{path}".rpartition("/")[0], side, before, after))
        return tuple(pages)


def _raise(error: OSError) -> NoReturn:
    raise error
