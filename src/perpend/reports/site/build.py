"""Build a site of a repository in a directory. Only changed pages are written. A failed build leaves the last one in place."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Severity
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.compiler.analyzer import Analyzer
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
from perpend.reports.site.render.addresses import PagePaths, path_of, quoted
from perpend.reports.site.render.pages import Renderer, is_searched, lines_path
from perpend.reports.site.render.targets import Targets
from perpend.reports.site.search import DIRECTORY, index_pages, title_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perpend.authoring.testing.executions import Executions
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.content.page import Head, Page
    from perpend.reports.site.content.verdicts.tally import SiteVerdicts

_ASSETS: Final = Path(__file__).parent / "assets"
_LINKING: Final = ("](", "]:", "<a", "<A", "<img", "<IMG")
"""The signs of links in the texts of a page. The targets of links depend on the files that exist."""

_TITLES: Final = f"{OWN}/titles.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a build.

    ``verdicts`` is a file or a store, ``accounts`` has names of accounts by number. ``inherited``: requirements count
    policies that reach them through rules or similar sections. ``waivers_dir`` is a directory, None for that of the
    repository; waivers apply to the verdicts of a store. ``documents`` is a directory of Markdown for the site. ``force``
    overwrites pages that were edited by hand. If ``superseded`` returns True while the search index is made, the build
    raises :class:`perpend.reports.site.search.Superseded`.
    """

    out: Path
    verdicts: Path | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    inherited: bool = False
    waivers_dir: str | None = None
    no_waivers: bool = False
    documents: Path | None = None
    title: str = "Perpend"
    base_url: str = ""
    authors: bool = False
    search: bool = True
    force: bool = False
    superseded: Callable[[], bool] | None = None


@dataclass(slots=True)
class SiteBuild:
    """The result of a build: the number of pages and of pages written, files edited by hand, and pages left out.

    ``problems`` are the diagnostics of the repository. If nothing has changed they are unknown, and only the number of
    ``errors`` is given. ``strangers`` counts verdicts that the repository's policies do not give today.
    """

    pages: int = 0
    written: int = 0
    edited: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unchanged: bool = False
    problems: tuple[Diagnostic, ...] = ()
    errors: int = 0
    strangers: int = 0


@dataclass(slots=True)
class BuildCache:
    """The analyzer and the tests of the last build in this process, so that the next build costs little.

    ``stamps`` are the time and size of each file, ``changed`` are the files that changed before the last build.
    """

    analyzer: Analyzer | None = None
    executions: dict[str, Executions] = field(default_factory=dict)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    def update(self, repository: Repository) -> None:
        """Adopt the repository's current files. Results of files that did not change stay valid."""
        stamps = _stamps(repository)
        changed = {path for path, stamp in stamps.items() if self.stamps.get(path) != stamp}
        if self.analyzer is None or stamps.keys() != self.stamps.keys():
            self.analyzer, self.executions = Analyzer(repository), {}
        else:
            repository.carry_over(self.analyzer.repository, changed)
            self.analyzer = self.analyzer.renewed(repository, changed)
            self.executions = {} if any(path.startswith("types/") for path in changed) else self._unchanged(repository, changed)
        self.stamps, self.changed = stamps, frozenset(changed)

    def _unchanged(self, repository: Repository, changed: set[str]) -> dict[str, Executions]:
        """Return the tests of logic files without a change of the file or of its test data."""
        unchanged = {}
        for logic_id, executions in self.executions.items():
            logic = repository.logic(logic_id).value
            data = {repository.referred(reference, logic_id, []) for reference in logic.test_data} if logic else set()
            if not changed & {logic_id[1:], *(path for path in data if path)}:
                unchanged[logic_id] = executions
        return unchanged


def build_site(
    repository: Repository,
    options: Options,
    *,
    progress: Callable[[int], None] | None = None,
    cache: BuildCache | None = None,
) -> SiteBuild:
    """Build a site unless it is up to date. ``progress`` is called with the number of pages that are done.

    ``cache`` is shared by the builds of one process.
    """
    old = read_manifest(options.out)
    engine = engine_digest()
    store = options.verdicts if options.verdicts is not None and options.verdicts.is_dir() else None
    waivers = Path(options.waivers_dir) if options.waivers_dir is not None else None
    more = [path for path in (None if store else options.verdicts, options.documents, waivers) if path is not None]
    history = History(repository.files.root)
    flags = (options.authors, options.search, options.inherited, options.no_waivers)
    given = (options.title, options.base_url, str(flags), str(sorted(options.accounts.items())))
    settings = (engine, history.revision, *given, *(state_of(store) if store else ()))
    inputs = inputs_digest(repository, more, settings)
    gone, changed = changed_since(options.out, old) if old is not None else ([], [])
    if old is not None and old.inputs == inputs and not gone and not (options.force and changed):
        return SiteBuild(len(old.pages), 0, changed, old.left_out, unchanged=True, errors=old.errors, strangers=old.strangers)
    if old is not None and old.engine != engine:
        old = SiteManifest(files=old.files)
    with staging(options.out) as staged:
        new, cache = SiteManifest(engine, inputs), cache or BuildCache()
        build = _Build(repository, options, history, staged, old, new, SiteBuild(), cache, {*changed})
        build.run(progress)
        left = install(staged, options.out, build.old, build.new, force=options.force)
        untouched = () if options.force else (path for path in changed if path in build.new.files)
        build.built.edited = sorted({*left, *untouched})
    return build.built


@dataclass(slots=True)
class _Build:
    """One build: pages are written to ``staged``, or taken from the last build if their content is the same."""

    repository: Repository
    options: Options
    history: History
    staged: Path
    old: SiteManifest | None
    new: SiteManifest
    built: SiteBuild
    cache: BuildCache
    changed: set[str]
    heads: list[tuple[str, Head]] = field(default_factory=list)
    searched: bool = False
    names: str = ""

    def run(self, progress: Callable[[int], None] | None) -> None:
        """Write all files of the site."""
        options = self.options
        documents = Documents(options.documents) if options.documents else None
        self.cache.update(self.repository)
        assert self.cache.analyzer is not None
        verdicts = self._verdicts(self.cache.analyzer)
        book = SiteModel(
            self.cache.analyzer,
            verdicts=verdicts,
            history=self.history.of,
            authors=options.authors,
            known_executions=self.cache.executions,
        )
        self.names = names_digest(self.repository, documents.files() if documents else ())
        targets = Targets(book, documents)
        renderer = Renderer(options.title, targets.find, options.base_url, documents is not None, verdicts is not None)
        paths = PagePaths()
        for page in pages_of(book, title=options.title, documents=documents):
            path = path_of(page.head.ref)
            if not paths.take(path):
                self.built.left_out.append(path)
                continue
            self._page(path, page, renderer, targets)
            self.heads.append((path, page.head))
            if progress is not None:
                progress(len(self.heads))
        self.built.pages = len(self.heads)
        self.cache.executions = dict(book.executions)
        self.built.problems = book.problems
        self.built.errors = sum(problem.severity is Severity.ERROR for problem in book.problems)
        if verdicts is not None:
            self._findings(verdicts)
            self.built.strangers = verdicts.strangers + sum(verdicts.unlike.values())
        self._copy(targets.files)
        self._extras()
        built = self.built
        self.new.left_out, self.new.errors, self.new.strangers = built.left_out, built.errors, built.strangers

    def _verdicts(self, analyzer: Analyzer) -> SiteVerdicts | None:
        options = self.options
        if options.verdicts is None:
            return None
        waivers = ActiveWaivers.here(self.repository, options.waivers_dir, none=options.no_waivers)
        return read_verdicts(options.verdicts, analyzer, options.accounts, waivers, inherited=options.inherited)

    def _page(self, path: str, page: Page, renderer: Renderer, targets: Targets) -> None:
        """Write a page, unless the last build wrote one with the same content."""
        content = key_of(page)
        links = self.names if any(sign in content for sign in _LINKING) else ""
        fingerprint = digest(f"{self.new.engine}{links}{content}".encode("utf-8", "surrogatepass"))
        self.new.pages[path] = fingerprint
        old = self.old
        if old is not None and old.pages.get(path) == fingerprint and self._is_there(path):
            self.new.files[path] = old.files[path]
            self._note(path, targets, old.shown.get(path, ()))
            return
        self._write(path, renderer.html(page).encode("utf-8", "replace"))
        self._note(path, targets)
        self.built.written += 1
        self.searched = self.searched or is_searched(page.head)

    def _note(self, path: str, targets: Targets, before: Iterable[str] = ()) -> None:
        """Note the copied files that a page shows: those of its rendering, or those of the last build."""
        targets.again(before)
        if targets.shown:
            self.new.shown[path] = sorted({*targets.shown})
            targets.shown.clear()

    def _is_there(self, path: str) -> bool:
        """Whether a file of the last build can be used again."""
        return (self.options.out / path).is_file() and not (self.options.force and path in self.changed)

    def _write(self, path: str, content: bytes) -> None:
        target = self.staged / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.new.files[path] = digest(content)

    def _copy(self, files: dict[str, Path]) -> None:
        """Copy the images and other files that pages show."""
        for path, source in files.items():
            self._write(path, source.read_bytes())

    def _findings(self, verdicts: SiteVerdicts) -> None:
        """Write the files of all objects, by policy and status. Pages show only the first objects."""
        pages = {head.ref.id for _, head in self.heads if head.ref.kind is PageKind.FINDINGS}
        for policy_id, status in verdicts.places:
            if policy_id in pages:
                self._write(lines_path(policy_id, status), b"".join(verdicts.lines(policy_id, status)))

    def _extras(self) -> None:
        """Write the files that are not pages: styles, script, symbol, titles, sitemap, search index."""
        for source in sorted(_ASSETS.iterdir()):
            self._write(f"{OWN}/{source.name}", source.read_bytes())
        self._write(_TITLES, title_index(self.heads).encode("ascii"))
        for name, text in sitemap(self.new.pages, self.options.base_url).items():
            self._write(name, text.encode("utf-8", "replace"))
        if self.options.search:
            self._index()

    def _index(self) -> None:
        """Index the pages for the search, if a page that the search covers has changed."""
        old = self.old
        before = {path: value for path, value in old.files.items() if path.startswith(f"{DIRECTORY}/")} if old else {}
        gone = old is not None and any(path not in self.new.pages for path in old.pages)
        if before and not self.searched and not gone and all(map(self._is_there, before)):
            self.new.files |= before
            return
        borrowed = [path for path in self.new.pages if not (self.staged / path).exists()]
        for path in borrowed:
            (self.staged / path).parent.mkdir(parents=True, exist_ok=True)
            _link(self.options.out / path, self.staged / path)
        index_pages(self.staged, self.options.superseded)
        for path in borrowed:
            (self.staged / path).unlink()
        for indexed in sorted((self.staged / DIRECTORY).rglob("*")):
            if indexed.is_file():
                self.new.files[indexed.relative_to(self.staged).as_posix()] = digest(indexed.read_bytes())


def _link(source: Path, target: Path) -> None:
    """Put a file at a second place: a hard link, as it is only read there, or a copy on file systems without links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target)


def _stamps(repository: Repository) -> dict[str, tuple[int, int]]:
    stamps = {}
    for path in repository.tree.files:
        try:
            status = os.stat(repository.files.root / path)
        except OSError:
            continue
        stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps


MOST: Final = 50_000
"""The maximum number of addresses of a file."""

_HEAD: Final = f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK}` -->\n'
_SPACE: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(paths: Iterable[str], base_url: str) -> dict[str, str]:
    """Return the files of a sitemap by name. Addresses are absolute if ``base_url`` is known, else relative."""
    base = f"{base_url.rstrip('/')}/" if base_url else ""
    addresses = [f"{base}{quoted(path).removesuffix('index.html')}" or "./" for path in sorted(paths)]
    parts = [addresses[start : start + MOST] for start in range(0, len(addresses), MOST)] or [[]]
    if len(parts) == 1:
        return {"sitemap.xml": _set(parts[0])}
    files = {f"sitemap-{number}.xml": _set(part) for number, part in enumerate(parts, 1)}
    entries = "".join(f"<sitemap><loc>{escape(base + name)}</loc></sitemap>\n" for name in files)
    return {"sitemap.xml": f"{_HEAD}<sitemapindex {_SPACE}>\n{entries}</sitemapindex>\n", **files}


def _set(addresses: list[str]) -> str:
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    return f"{_HEAD}<urlset {_SPACE}>\n{entries}</urlset>\n"
