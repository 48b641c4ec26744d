"""The site of a repository: its pages by path, each made and rendered when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.site.content.contents import contents_of
from perpend.reports.site.content.site_model import SiteModel
from perpend.reports.site.directory import OWN
from perpend.reports.site.documents import Documents
from perpend.reports.site.git_history import History
from perpend.reports.site.render.addresses import PagePaths, path_of
from perpend.reports.site.render.pages import Renderer
from perpend.reports.site.render.targets import Targets
from perpend.reports.site.search import title_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.content.page import Page

ASSETS: Final = Path(__file__).parent / "assets"
"""The directory of styles, script and symbol."""

TITLES: Final = f"{OWN}/titles.js"
"""The path of the script with the titles of all pages."""


class Site:
    """The pages of a repository, of a directory of Markdown ``documents`` and of the operations.

    ``left_out`` are the pages whose place another page has. ``search``: pages search in the index of a build, not in titles.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        title: str,
        documents: Path | None = None,
        base_url: str = "",
        authors: bool = False,
        search: bool = True,
    ) -> None:
        shelves = Documents(documents) if documents else None
        self.model = SiteModel(Analyzer(repository), history=History(repository.files.root).of, authors=authors)
        self.targets = Targets(self.model, shelves)
        self.renderer = Renderer(title, self.targets.find, base_url, shelves is not None, search)
        self.pages: dict[str, Callable[[], Page]] = {}
        self.left_out: list[str] = []
        paths = PagePaths()
        for ref, page in contents_of(self.model, title=title, documents=shelves):
            path = path_of(ref)
            if paths.take(path):
                self.pages[path] = page
            else:
                self.left_out.append(path)

    def html(self, path: str) -> bytes:
        """Return a page as HTML."""
        return self.renderer.html(self.pages[path]()).encode("utf-8", "replace")

    def titles(self) -> bytes:
        """Return the script with the titles of all pages."""
        return title_index((path, page().head) for path, page in self.pages.items()).encode("ascii")

    def file(self, path: str) -> bytes | None:
        """Return a file that pages load: the titles, an asset, or an image of the repository. None if there is none."""
        if path == TITLES:
            return self.titles()
        folder, _, name = path.partition("/")
        if folder == OWN and name in {asset.name for asset in ASSETS.iterdir()}:
            return (ASSETS / name).read_bytes()
        source = self.targets.source(path)
        return source.read_bytes() if source else None
