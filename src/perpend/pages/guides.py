"""Prose: the pages of the operations, and a directory of Markdown documents with their images."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.errors import PerpendError
from perpend.ir.operations import OPERATIONS
from perpend.load.reference import INDEX, operation_pages, page_name
from perpend.pages.page import Head
from perpend.pages.refs import DOCUMENTS, Kind, Ref
from perpend.pages.refs import OPERATIONS as OPERATIONS_REF
from perpend.site.markdown import plain_text

if TYPE_CHECKING:
    from pathlib import Path

IMAGES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""The images that may stand on a page. SVG is left out: it can carry scripts."""

_MAX_TEXT: Final = 1024 * 1024
_HEADING: Final = re.compile(r"^# +(.+?)\s*#*\s*$", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_SHELVES: Final = ("", "how-to", "reference", "explanation", "adr")
_NAMES: Final = {
    "": "Start here",
    "how-to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
    "adr": "Decisions",
}


class NotDocuments(PerpendError):
    """A directory that cannot be read as documentation."""


@dataclass(frozen=True, slots=True)
class ProsePage:
    """A page of Markdown. ``base`` is the directory that its relative links start from."""

    head: Head
    title: str
    markdown: str
    base: str
    before: Ref | None = None
    after: Ref | None = None


@dataclass(frozen=True, slots=True)
class DocumentsPage:
    """The list of all documents, by shelf."""

    head: Head
    shelves: tuple[tuple[str, tuple[tuple[Ref, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The list of all operations, by family: operation, what it does, its dialects."""

    head: Head
    families: tuple[tuple[str, tuple[tuple[Ref, str, tuple[str, ...]], ...]], ...]


def operation_ref(name: str) -> Ref:
    """Return the reference to an operation by its name."""
    return Ref(Kind.OPERATION, page_name(OPERATIONS[name]), name)


def operation_of_page(name: str) -> Ref | None:
    """Return the operation, or the index, that a file of the reference stands for: ``is-equal.md``, ``index.md``."""
    if name == INDEX:
        return OPERATIONS_REF
    return next((operation_ref(one) for one in OPERATIONS if f"{page_name(OPERATIONS[one])}.md" == name), None)


def operations_page() -> OperationsPage:
    """Return the page that lists the operations."""
    families: dict[str, list[tuple[Ref, str, tuple[str, ...]]]] = {}
    for name, operation in OPERATIONS.items():
        summary = operation.doc.partition(". ")[0].rstrip(".") + "."
        families.setdefault(operation.family, []).append((operation_ref(name), summary, operation.dialects))
    head = Head(OPERATIONS_REF, f"The {len(OPERATIONS)} operations of the policy language.", (), (("kind", "index"),))
    return OperationsPage(head, tuple((family, tuple(rows)) for family, rows in families.items()))


def operation_prose() -> tuple[ProsePage, ...]:
    """Return the page of each operation."""
    texts = operation_pages()
    names = list(OPERATIONS)
    found = []
    for place, name in enumerate(names):
        text = _without_title(texts[f"{page_name(OPERATIONS[name])}.md"])
        head = Head(
            operation_ref(name),
            plain_text(OPERATIONS[name].doc, 180),
            (OPERATIONS_REF,),
            (("kind", Kind.OPERATION.value),),
            (OPERATIONS[name].key,),
        )
        before = operation_ref(names[place - 1]) if place else None
        after = operation_ref(names[place + 1]) if place + 1 < len(names) else None
        found.append(ProsePage(head, name, text, "docs/reference/operations", before, after))
    return tuple(found)


class Documents:
    """A directory of Markdown documents. Links out of it are not followed, and what is no Markdown is no page."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotDocuments(f"{root}: there is no such directory")
        self.root = root
        self.texts: dict[str, str] = {}
        self.images: dict[str, Path] = {}
        for directory, names, files in os.walk(root):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                self._take(os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/"))

    def _take(self, path: str) -> None:
        place = self.root / path
        if place.is_symlink() or not place.is_file() or path.endswith(".gen.md"):
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
        """Return the reference to a document, or to the operation or index that stands for it."""
        if path.startswith("reference/operations/"):
            return operation_of_page(path.rpartition("/")[2])
        return Ref(Kind.DOCUMENT, path.removesuffix(".md"), self.title(path)) if path in self.texts else None

    def title(self, path: str) -> str:
        """Return a document's title: its first heading, else its file name."""
        found = _HEADING.search(self.texts[path])
        return plain_text(found[1]) if found else path.rpartition("/")[2].removesuffix(".md")

    def shelf(self) -> list[str]:
        """Return the paths of all documents in the order of their shelves."""

        def place(path: str) -> tuple[int, bool, str]:
            top = path.partition("/")[0] if "/" in path else ""
            return (_SHELVES.index(top) if top in _SHELVES else len(_SHELVES), not path.endswith("README.md"), path)

        return sorted(self.texts, key=place)

    def index(self) -> DocumentsPage:
        """Return the page that lists all documents."""
        shelves: dict[str, list[tuple[Ref, str]]] = {}
        for path in self.shelf():
            top = path.partition("/")[0] if "/" in path else ""
            ref = self.ref(path)
            if ref is not None:
                shelves.setdefault(_NAMES.get(top, top), []).append((ref, plain_text(_without_title(self.texts[path]), 160)))
        head = Head(
            DOCUMENTS,
            f"{len(self.texts)} documents: tour, how-tos, reference, explanation, decisions.",
            (),
            (("kind", "index"),),
        )
        return DocumentsPage(head, tuple((name, tuple(rows)) for name, rows in shelves.items()))

    def pages(self) -> tuple[ProsePage, ...]:
        """Return the page of each document."""
        paths = self.shelf()
        refs = [self.ref(path) for path in paths]
        found = []
        for place, path in enumerate(paths):
            ref, text = refs[place], _without_title(self.texts[path])
            if ref is None:
                continue
            head = Head(ref, plain_text(text, 180) or ref.name, (DOCUMENTS,), (("kind", Kind.DOCUMENT.value),))
            before = refs[place - 1] if place else None
            after = refs[place + 1] if place + 1 < len(refs) else None
            found.append(ProsePage(head, ref.name, text, f"docs/{path}".rpartition("/")[0], before, after))
        return tuple(found)


def _without_title(text: str) -> str:
    """Return a document without its first heading, which the page shows by itself, and without comments."""
    return _HEADING.sub("", _COMMENT.sub("", text), count=1).lstrip("\n")
