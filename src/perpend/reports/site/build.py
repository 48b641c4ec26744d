"""Build a site of a repository in a directory. A failed build leaves the last one in place."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Severity
from perpend.reports.site.directory import MARK, OWN, put_in_place, staging
from perpend.reports.site.render.addresses import quoted
from perpend.reports.site.search import index_pages
from perpend.reports.site.site import ASSETS, TITLES, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from perpend.language.syntax.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a build. ``documents`` is a directory of Markdown for the site.

    ``force`` replaces pages that were edited by hand.
    """

    out: Path
    documents: Path | None = None
    title: str = "Perpend"
    base_url: str = ""
    authors: bool = False
    search: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class SiteBuild:
    """The result of a build: the number of pages and of errors of the repository, files edited by hand, pages left out."""

    pages: int
    errors: int
    edited: list[str]
    left_out: list[str]


def build_site(repository: Repository, options: Options, *, progress: Callable[[int], None] | None = None) -> SiteBuild:
    """Build a site and put it in place. ``progress`` is called with the number of pages that are done."""
    out = options.out.resolve() if options.out.is_dir() else options.out
    with staging(out) as staged:
        site = Site(
            repository,
            title=options.title,
            documents=options.documents,
            base_url=options.base_url,
            authors=options.authors,
            search=options.search,
        )
        for number, path in enumerate(site.pages, 1):
            _write(staged, path, site.html(path))
            if progress is not None:
                progress(number)
        for source in ASSETS.iterdir():
            _write(staged, f"{OWN}/{source.name}", source.read_bytes())
        for path, source in site.targets.files.items():
            _write(staged, path, source.read_bytes())
        _write(staged, TITLES, site.titles())
        for name, text in sitemap(site.pages, options.base_url).items():
            _write(staged, name, text.encode("utf-8", "replace"))
        if options.search:
            index_pages(staged)
        edited = put_in_place(staged, out, force=options.force)
    errors = sum(problem.severity is Severity.ERROR for problem in site.model.problems)
    return SiteBuild(len(site.pages), errors, edited, site.left_out)


def _write(directory: Path, path: str, content: bytes) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


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
