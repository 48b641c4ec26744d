"""Resolve relative links of prose to pages, or to images that become part of the site."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.reports.site.content.guides import operation_of_page
from perpend.reports.site.content.links import DOCUMENTS, FRAMEWORKS, TYPES, Ref
from perpend.reports.site.content.logic import page_of
from perpend.reports.site.directory import OWN
from perpend.reports.site.documents import IMAGES
from perpend.reports.site.render.addresses import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.reports.site.content.site_model import SiteModel
    from perpend.reports.site.documents import Documents

_FILES: Final = (*IMAGES, ".pdf")
_COPIES: Final = f"{OWN}/files/"
_OPERATIONS: Final = "docs/reference/operations/"


@dataclass(slots=True)
class Targets:
    """Finds targets, and collects the images and other files that pages show: sources by path in the site."""

    site_model: SiteModel
    documents: Documents | None
    files: dict[str, Path] = field(default_factory=dict)

    def find(self, path: str, base: str) -> str | None:
        """Return the path of a link's target in the site, None if the site does not have it.

        ``path`` starts at the repository's root, or with ``docs`` for a document.
        """
        if base == "docs" or base.startswith("docs/"):
            return self._document(path)
        tree = self.site_model.repository.tree
        if path in tree.files and path.lower().endswith(_FILES):
            source = self.site_model.repository.files.root / path
            return self._copy(path, source) if source.is_file() else None
        ref = self._entity(path)
        return path_of(ref) if ref is not None else None

    def source(self, path: str) -> Path | None:
        """Return the source of a file by its path in the site, None if no page could show it."""
        target = path.removeprefix(_COPIES)
        is_copy = path != target and self.find(target, target.rpartition("/")[0]) == path
        return self.files[path] if is_copy else None

    def _copy(self, path: str, source: Path) -> str:
        self.files[_COPIES + path] = source
        return _COPIES + path

    def _entity(self, path: str) -> Ref | None:
        entity, site_model = f"/{path}", self.site_model
        if entity in site_model.sections:
            return site_model.section_ref(entity)
        if entity in ("/frameworks", "/types"):
            return FRAMEWORKS if entity == "/frameworks" else TYPES
        if f"{path}/policy.yaml" in site_model.repository.tree.files:
            return site_model.policy_ref(entity)
        if f"{path}/folder.yaml" in site_model.repository.tree.files:
            return site_model.folder_ref(entity)
        if path.startswith("types/") and path.count("/") == 1 and path[6:] in site_model.type_names:
            return site_model.type_ref(path[6:])
        return page_of(site_model, path) if path in site_model.repository.tree.files else None

    def _document(self, path: str) -> str | None:
        if path.startswith(_OPERATIONS):
            ref = operation_of_page(path.removeprefix(_OPERATIONS))
            return path_of(ref) if ref is not None else None
        if self.documents is None or not f"{path}/".startswith("docs/"):
            return None
        inner = path[5:]
        if inner in self.documents.images:
            return self._copy(path, self.documents.images[inner])
        target = DOCUMENTS if not inner else self.documents.ref(inner)
        return path_of(target) if target is not None else None
