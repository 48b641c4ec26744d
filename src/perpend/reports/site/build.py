"""A repository in, a site in a directory out. Only what has changed is made anew; a build that fails leaves the last one be."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Severity
from perpend.reports.site.build_cache import Kept
from perpend.reports.site.content.contents import pages_of
from perpend.reports.site.content.links import PageKind
from perpend.reports.site.content.page import key_of
from perpend.reports.site.content.site_model import SiteModel
from perpend.reports.site.content.verdicts.read import read_verdicts
from perpend.reports.site.content.verdicts.snapshot import state_of
from perpend.reports.site.documents import Documents
from perpend.reports.site.git_history import History
from perpend.reports.site.inputs import engine_digest, inputs_digest, names_digest
from perpend.reports.site.install import install, staging
from perpend.reports.site.manifest import MARK, OWN, SiteManifest, changed_since, digest, read_manifest
from perpend.reports.site.render.addresses import Addresses, Places
from perpend.reports.site.render.as_markdown import markdown_from_html
from perpend.reports.site.render.pages import Renderer, is_searched, lines_path
from perpend.reports.site.render.targets import Targets
from perpend.reports.site.search import DIRECTORY, index_pages, title_index
from perpend.reports.site.sitemap import sitemap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.content.page import Head, Page
    from perpend.reports.site.content.verdicts.tally import VerdictBook

_ASSETS: Final = Path(__file__).parent / "assets"
_LINKING: Final = ("](", "]:", "<a", "<A", "<img", "<IMG")
"""What a page's texts have in them, if they have links: what these lead to depends on which files there are."""

_TITLES: Final = f"{OWN}/titles.js"
_GENERATED: Final = f"<!-- {MARK} --format markdown`; `perpend site clean` takes it away. -->\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a site is built of, and how. ``documents`` is a directory of Markdown that becomes part of the site.

    ``keep_index`` leaves the search index of the last build in place: stale for a while, but there. ``force`` writes over
    pages that somebody has changed since the last build. ``verdicts`` are a file or a store, whose accounts are called as
    ``accounts`` says, by their numbers. ``overtaken`` is asked while the index is made: True gives the
    build up, with :class:`perpend.reports.site.search.Overtaken`.
    """

    out: Path
    markdown: bool = False
    verdicts: Path | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    documents: Path | None = None
    title: str = "Perpend"
    base_url: str = ""
    authors: bool = False
    search: bool = True
    keep_index: bool = False
    force: bool = False
    overtaken: Callable[[], bool] | None = None


@dataclass(slots=True)
class Built:
    """What a build did: how many pages there are, how many of them were made anew, files left alone, pages left out.

    ``problems`` are what is wrong or suspicious in the repository; ``strangers`` counts verdicts that its policies, as they
    are, cannot have given. Where nothing has changed, problems are not known, only how many of them are ``errors``.
    """

    pages: int = 0
    made: int = 0
    kept: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unchanged: bool = False
    problems: tuple[Diagnostic, ...] = ()
    errors: int = 0
    strangers: int = 0


def build_site(
    repository: Repository, options: Options, *, progress: Callable[[int], None] | None = None, kept: Kept | None = None
) -> Built:
    """Build a site, or say that it is up to date. ``progress`` is called with the number of pages that are done.

    ``kept`` carries what was read and run from one build to the next one in the same process.
    """
    old = read_manifest(options.out)
    form = "markdown" if options.markdown else "html"
    engine = engine_digest()
    store = options.verdicts if options.verdicts is not None and options.verdicts.is_dir() else None
    more = [path for path in (None if store else options.verdicts, options.documents) if path is not None]
    history = History(repository.files.root)
    given = (options.title, options.base_url, str(options.authors), str(options.search), str(sorted(options.accounts.items())))
    settings = (engine, history.revision, form, *given, *(state_of(store) if store else ()))
    inputs = inputs_digest(repository, more, settings)
    gone, changed = changed_since(options.out, old) if old is not None else ([], [])
    if old is not None and (old.inputs, old.form) == (inputs, form) and not gone and not (options.force and changed):
        return Built(len(old.pages), 0, changed, old.left_out, unchanged=True, errors=old.errors, strangers=old.strangers)
    if old is not None and (old.engine, old.form) != (engine, form):
        old = SiteManifest(old.form, files=old.files)
    with staging(options.out) as staged:
        build = _Build(
            repository, options, history, staged, old, SiteManifest(form, engine, inputs), Built(), kept or Kept(), {*changed}
        )
        build.run(progress)
        left = install(staged, options.out, build.old, build.new, force=options.force)
        untouched = () if options.force else (path for path in changed if path in build.new.files)
        build.built.kept = sorted({*left, *untouched})
    return build.built


@dataclass(slots=True)
class _Build:
    """One build: pages are made into ``staged``, or taken over from the last build where they say the same."""

    repository: Repository
    options: Options
    history: History
    staged: Path
    old: SiteManifest | None
    new: SiteManifest
    built: Built
    kept: Kept
    changed: set[str]
    heads: list[tuple[str, Head]] = field(default_factory=list)
    searched: bool = False
    names: str = ""

    def run(self, progress: Callable[[int], None] | None) -> None:
        """Make everything that the site consists of."""
        options = self.options
        documents = Documents(options.documents) if options.documents else None
        self.kept.renew(self.repository)
        assert self.kept.analyzer is not None
        verdicts = read_verdicts(options.verdicts, self.kept.analyzer, options.accounts) if options.verdicts else None
        book = SiteModel(
            self.kept.analyzer,
            verdicts=verdicts,
            history=self.history.of,
            authors=options.authors,
            known_executions=self.kept.executions,
        )
        self.names = names_digest(self.repository, documents.files() if documents else ())
        addresses = Addresses(options.markdown)
        in_place = options.out.is_dir() and options.out.samefile(self.repository.files.root)
        targets = Targets(book, addresses, documents, in_place)
        renderer = Renderer(
            options.title, targets.find, options.base_url, documents is not None, verdicts is not None, addresses
        )
        places = Places()
        for page in pages_of(book, title=options.title, documents=documents, markdown=options.markdown):
            path = addresses.path(page.head.ref)
            if not places.take(path):
                self.built.left_out.append(path)
                continue
            self._page(path, page, renderer, targets)
            self.heads.append((path, page.head))
            if progress is not None:
                progress(len(self.heads))
        self.built.pages = len(self.heads)
        self.kept.executions = dict(book.executions)
        self.built.problems = book.problems
        self.built.errors = sum(problem.severity is Severity.ERROR for problem in book.problems)
        if verdicts is not None:
            self._findings(verdicts)
            self.built.strangers = verdicts.strangers + sum(verdicts.unlike.values())
        self._copy(targets.files)
        if not options.markdown:
            self._extras()
        told = self.built
        self.new.left_out, self.new.errors, self.new.strangers = told.left_out, told.errors, told.strangers

    def _page(self, path: str, page: Page, renderer: Renderer, targets: Targets) -> None:
        """Make a page, unless the last build made one that says the same."""
        said = key_of(page)
        links = self.names if any(sign in said for sign in _LINKING) else ""
        print_ = digest(f"{self.new.engine}{links}{said}".encode("utf-8", "surrogatepass"))
        self.new.pages[path] = print_
        old = self.old
        if old is not None and old.pages.get(path) == print_ and self._is_there(path):
            self.new.files[path] = old.files[path]
            self._note(path, targets, old.shown.get(path, ()))
            return
        html = renderer.html(page)
        text = _GENERATED + markdown_from_html(html) if self.options.markdown else html
        self._write(path, text.encode("utf-8", "replace"))
        self._note(path, targets)
        self.built.made += 1
        self.searched = self.searched or is_searched(page.head)

    def _note(self, path: str, targets: Targets, before: Iterable[str] = ()) -> None:
        """Note which copied files a page shows: those met while it was made, or those of the last build."""
        targets.again(before)
        if targets.shown:
            self.new.shown[path] = sorted({*targets.shown})
            targets.shown.clear()

    def _is_there(self, path: str) -> bool:
        """Whether a file of the last build may stay as it is."""
        return (self.options.out / path).is_file() and not (self.options.force and path in self.changed)

    def _write(self, path: str, content: bytes) -> None:
        target = self.staged / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.new.files[path] = digest(content)

    def _copy(self, files: dict[str, Path]) -> None:
        """Copy what pages show."""
        for path, source in files.items():
            self._write(path, source.read_bytes())

    def _findings(self, verdicts: VerdictBook) -> None:
        """Write the lines of the objects of which pages show the first, by policy and status."""
        pages = {head.ref.id for _, head in self.heads if head.ref.kind is PageKind.FINDINGS}
        for policy_id, status in verdicts.places:
            if policy_id in pages:
                self._write(lines_path(policy_id, status), b"".join(verdicts.lines(policy_id, status)))

    def _extras(self) -> None:
        """Write what belongs to no page: styles, script, symbol, titles, sitemap, search index."""
        for source in sorted(_ASSETS.iterdir()):
            self._write(f"{OWN}/{source.name}", source.read_bytes())
        self._write(_TITLES, title_index(self.heads).encode("ascii"))
        for name, text in sitemap(self.new.pages, self.options.base_url).items():
            self._write(name, text.encode("utf-8", "replace"))
        if self.options.search:
            self._index()

    def _index(self) -> None:
        """Index the pages for the search, unless nothing that is searched has changed."""
        old = self.old
        before = {path: value for path, value in old.files.items() if path.startswith(f"{DIRECTORY}/")} if old else {}
        gone = old is not None and any(path not in self.new.pages for path in old.pages)
        unchanged = not self.searched and not gone
        if before and (unchanged or self.options.keep_index) and all(map(self._is_there, before)):
            self.new.files |= before
            return
        lent = [path for path in self.new.pages if not (self.staged / path).exists()]
        for path in lent:
            (self.staged / path).parent.mkdir(parents=True, exist_ok=True)
            _lend(self.options.out / path, self.staged / path)
        index_pages(self.staged, self.options.overtaken)
        for path in lent:
            (self.staged / path).unlink()
        for indexed in sorted((self.staged / DIRECTORY).rglob("*")):
            if indexed.is_file():
                self.new.files[indexed.relative_to(self.staged).as_posix()] = digest(indexed.read_bytes())


def _lend(source: Path, target: Path) -> None:
    """Have a file stand in a second place: by a link, as it is only read there, or by a copy where there are no links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target)
