"""``perpend site``: build, serve and clean a documentation site of a repository."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.repository import open_repository_here, site_title
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.cli.watch import Watch
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.open_store import is_address, open_store
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.names import printable
from perpend.language.syntax.files import Files
from perpend.reports.runs import warn_tree_faults
from perpend.reports.streams import colours, progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.build import BuildCache, Options, SiteBuild
    from perpend.reports.site.server import SiteServer

_SHOWN = 20
_PATHS = 5

_verdicts = click.option(
    "--verdicts",
    metavar="FILE|DIR",
    type=click.Path(),
    help="Show verdicts: the output of `perpend check` as NDJSON, JSON or Parquet, or a store.",
)
_documents = click.option("--docs", metavar="DIR", type=click.Path(), help="Add a directory of Markdown documents to the site.")


class CannotServe(PerpendError):
    """The server cannot listen at a port."""


@click.group(
    "site",
    epilog="\b\nExamples:\n  perpend site build --repo ~/policies --out ~/policies-site\n"
    "  perpend site build --verdicts verdicts.json",
)
def command() -> None:
    """Make a documentation site of a policy repository: static files that work offline."""


@command.command(
    "build",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend site build\n  perpend site build --repo ~/policies --out public --base-url https://policies.example\n"
    "  perpend site build --verdicts inventory\n"
    "  perpend site build --verdicts s3://acme-estate/perpend\n\n\b\n"
    "Exit codes: 0 built, 1 built except for pages that were edited by hand,\n2 usage, input or repository error.",
)
@repository_option
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False),
    default="site",
    show_default=True,
    help="The directory to write to.",
)
@_verdicts
@click.option(
    "--inherited",
    is_flag=True,
    help="With --verdicts: requirements also count policies that reach them through rules or similar sections.",
)
@waiver_options
@_documents
@click.option("--base-url", metavar="URL", default="", help="The address of the site, for its sitemap and search engines.")
@click.option("--title", metavar="TEXT", help="The site's name.")
@click.option("--authors", is_flag=True, help="Name the authors in the history of policies.")
@click.option("--no-search", is_flag=True, help="Leave out the search index.")
@click.option("--force", is_flag=True, help="Overwrite pages that were edited by hand since the last build.")
def build(
    repo: str | None,
    out: str,
    verdicts: str | None,
    inherited: bool,
    waivers_dir: str | None,
    no_waivers: bool,
    docs: str | None,
    base_url: str,
    title: str | None,
    authors: bool,
    no_search: bool,
    force: bool,
) -> int:
    """Build the site. Only pages that changed since the last build are written; pages edited by hand stay."""
    if base_url and not base_url.lower().startswith(("https://", "http://")):
        raise click.BadParameter(f"'{printable(base_url)}' does not start with https:// or http://", param_hint="--base-url")
    repository = open_repository_here(repo)
    warn_tree_faults(repository)
    with extra_packages("site", "the site"):
        from perpend.reports.site.build import Options, build_site
    with _local_verdicts(verdicts) as verdicts_path:
        options = Options(
            out=Path(out),
            verdicts=verdicts_path,
            accounts=_account_names(),
            inherited=inherited,
            waivers_dir=waivers_dir,
            no_waivers=no_waivers,
            documents=Path(docs) if docs else None,
            title=title or site_title(repository, docs),
            base_url=base_url,
            authors=authors,
            search=not no_search,
            force=force,
        )
        with progress("pages") as advance:
            built = build_site(repository, options, progress=advance)
    _print_build(built, options.out)
    return int(bool(built.edited))


def _print_build(built: SiteBuild, out: Path) -> None:
    """Print how many pages a build wrote, and warn of everything that it left out."""
    if built.unchanged:
        click.echo(f"{built.pages:,} pages in {out}: nothing has changed")
    else:
        click.echo(f"{built.pages:,} pages in {out}, {built.written:,} of them written")
    if built.errors:
        click.echo(f"{counted(built.errors, 'error')} in the repository: see the page Health or `perpend lint`", err=True)
    if built.strangers:
        click.echo(f"verdicts left out, as the policies here do not give them: {built.strangers:,}", err=True)
    for what, paths in (
        ("not overwritten, as they were edited by hand", built.edited),
        ("left out, as another page has the same place", built.left_out),
    ):
        if paths:
            more = f" and {len(paths) - _PATHS:,} more" if len(paths) > _PATHS else ""
            click.echo(f"{what}: {', '.join(paths[:_PATHS])}{more}", err=True)


@contextmanager
def _local_verdicts(location: str | None) -> Iterator[Path | None]:
    """Yield the path of verdicts. The current snapshot of a store on object storage is downloaded first."""
    if location is None or not is_address(location):
        yield Path(location) if location else None
        return
    store = open_store(location)
    with store.reading():
        yield store.directory


def _account_names() -> dict[str, str]:
    """Return the names of accounts by their numbers, from the configuration."""
    accounts = configuration_of(click.get_current_context()).accounts
    return {number: account.name for number, account in accounts.items() if account.name}


@command.command("clean", epilog="\b\nExample:\n  perpend site clean site")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
def clean(directory: str) -> int:
    """Delete the files that a build wrote. Files that were edited by hand stay."""
    from perpend.reports.site.install import clean_site

    cleaned = clean_site(Path(directory))
    click.echo(f"{counted(len(cleaned.deleted), 'file')} deleted")
    for path in cleaned.edited[:_SHOWN]:
        click.echo(f"not deleted, as it was edited by hand: {path}", err=True)
    if len(cleaned.edited) > _SHOWN:
        click.echo(f"not deleted: {len(cleaned.edited) - _SHOWN:,} more", err=True)
    return 0


@command.command(
    "serve",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend site serve\n  perpend site serve --repo ~/policies --port 8123 --open",
)
@repository_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="The port; 0 for any free port.")
@click.option("--open", "opened", is_flag=True, help="Open the site in the browser.")
@_documents
@_verdicts
def serve(repo: str | None, port: int, opened: bool, docs: str | None, verdicts: str | None) -> int:
    """Serve the site to this machine, and build it again after each change of the repository. Ctrl-C ends it."""
    with extra_packages("site", "the site"):
        from perpend.reports.site.build import Options
    repository = open_repository_here(repo)
    with scratch() as directory, _local_verdicts(verdicts) as verdicts_path:
        options = Options(
            out=directory / "site",
            verdicts=verdicts_path,
            accounts=_account_names(),
            documents=Path(docs) if docs else None,
            title=site_title(repository, docs),
        )
        _serve(repository, repo, port, options, opened=opened)
    return 0


def _serve(repository: Repository, repo: str | None, port: int, options: Options, *, opened: bool) -> None:
    from perpend.reports.site.build import BuildCache, build_site
    from perpend.reports.site.content.verdicts.snapshot import watched_path
    from perpend.reports.site.server import ADDRESS, SiteServer

    warn_tree_faults(repository)
    watch = Watch(repository.files.root, options.verdicts and watched_path(options.verdicts), options.documents)
    try:
        server = SiteServer(options.out, port)
    except OSError as error:
        raise CannotServe(f"{ADDRESS}:{port}: cannot listen: {(error.strerror or str(error)).lower()}") from None
    cache = BuildCache()
    with progress("pages") as advance:
        built = build_site(repository, options, cache=cache, progress=advance)
    click.echo(f"{built.pages:,} pages at {server.url} (Ctrl-C ends)")
    problems = _Problems(repository.files.root, built.problems)
    if built.problems:
        warnings = len(built.problems) - built.errors
        click.echo(f"{counted(built.errors, 'error')} and {counted(warnings, 'warning')}: perpend lint", err=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if opened:
        webbrowser.open(server.url)
    try:
        for _ in watch:
            _rebuild(repo, replace(options, superseded=watch.is_changed), cache, server, problems)
    except KeyboardInterrupt:
        click.echo("ended")
    finally:
        server.shutdown()
        server.server_close()


def _rebuild(repo: str | None, options: Options, cache: BuildCache, server: SiteServer, problems: _Problems) -> None:
    """Build the pages, show them, and then index them for the search. Indexing takes longer, and another change ends it."""
    from perpend.authoring.lint.check import all_problems
    from perpend.reports.site.build import SiteBuild, build_site
    from perpend.reports.site.content.verdicts.tally import InvalidVerdicts
    from perpend.reports.site.search import Superseded

    try:
        built = build_site(open_repository_here(repo), replace(options, search=False), cache=cache)
        server.reload()
        click.echo(f"{built.written:,} pages written")
        problems.print_new(built, cache.changed)
        build_site(open_repository_here(repo), options, cache=cache)
    except Superseded:
        pass
    except (PerpendError, OSError) as error:
        if isinstance(error, InvalidVerdicts) and cache.analyzer is not None:
            # An error in a file may be the reason that its verdicts do not fit any more: print it first.
            diagnostics = tuple(all_problems(cache.analyzer.repository, cache.analyzer))
            problems.print_new(SiteBuild(problems=diagnostics), cache.changed)
        click.echo(f"perpend: not built: {error}", err=True)


@dataclass(slots=True)
class _Problems:
    """The problems of a repository that were printed already."""

    root: Path
    known: tuple[Diagnostic, ...]

    def print_new(self, built: SiteBuild, changed: Collection[str]) -> None:
        """Print all problems of the changed files, and the new problems of other files."""
        if built.unchanged:
            return
        new = set(built.problems) - set(self.known)
        shown = [problem for problem in built.problems if problem.span.path in changed or problem in new]
        self.known = built.problems
        if shown:
            source_line = Files(self.root).source_line
            click.echo(render_text(shown[:_SHOWN], source_line=source_line, colour=colours()), err=True, nl=False)
        if len(shown) > _SHOWN:
            click.echo(f"and {len(shown) - _SHOWN:,} more: perpend lint", err=True)
