"""``perpend site``: build, serve and clean a documentation site of a repository."""

from __future__ import annotations

import os
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.repository import open_repository_here, site_title
from perpend.cli.options.values import gone_option, repository_option
from perpend.cli.watch import Watch
from perpend.core.diagnostics.model import Severity
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.errors import PerpendError
from perpend.language.compiler.names import printable
from perpend.language.syntax.files import Files
from perpend.reports.streams import colours, progress
from perpend.runs.warnings import warn_tree_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.reports.site.build import SiteBuild
    from perpend.reports.site.site import Site
    from perpend.server.preview import Preview

_SHOWN = 20
_PATHS = 5
_ADDRESS = "127.0.0.1"

_documents = click.option("--docs", metavar="DIR", type=click.Path(), help="Add a directory of Markdown documents to the site.")


@click.group(
    "site",
    epilog="\b\nExamples:\n  perpend site build --repo ~/policies --out ~/policies-site\n  perpend site serve --open",
)
def command() -> None:
    """Make a documentation site of a policy repository: static files that work offline."""


@command.command(
    "build",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend site build\n  perpend site build --repo ~/policies --out public --base-url https://policies.example\n"
    "\n\b\n"
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
@gone_option("--verdicts", "--waivers")
@gone_option("--verdicts", "--inherited", "--no-waivers", is_flag=True)
@_documents
@click.option("--base-url", metavar="URL", default="", help="The address of the site, for its sitemap and search engines.")
@click.option("--title", metavar="TEXT", help="The site's name.")
@click.option("--authors", is_flag=True, help="Name the authors in the history of policies.")
@click.option("--no-search", is_flag=True, help="Leave out the search index.")
@click.option("--force", is_flag=True, help="Overwrite pages that were edited by hand since the last build.")
def build(
    repo: str | None,
    out: str,
    docs: str | None,
    base_url: str,
    title: str | None,
    authors: bool,
    no_search: bool,
    force: bool,
) -> int:
    """Build the site in a new directory, which then takes the place of the last one. Pages edited by hand stay."""
    if base_url and not base_url.lower().startswith(("https://", "http://")):
        raise click.BadParameter(f"'{printable(base_url)}' does not start with https:// or http://", param_hint="--base-url")
    repository = open_repository_here(repo)
    warn_tree_faults(repository)
    with extra_packages("site", "the site"):
        from perpend.reports.site.build import Options, build_site
    options = Options(
        out=Path(out),
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
    click.echo(f"{built.pages:,} pages in {out}")
    if built.errors:
        click.echo(f"{counted(built.errors, 'error')} in the repository: see the page Health or `perpend lint`", err=True)
    for what, paths in (
        ("not overwritten, as they were edited by hand", built.edited),
        ("left out, as another page has the same place", built.left_out),
    ):
        if paths:
            more = f" and {len(paths) - _PATHS:,} more" if len(paths) > _PATHS else ""
            click.echo(f"{what}: {', '.join(paths[:_PATHS])}{more}", err=True)


@command.command("clean", epilog="\b\nExample:\n  perpend site clean site")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
def clean(directory: str) -> int:
    """Delete the files that a build wrote. Files that were edited by hand stay."""
    from perpend.reports.site.directory import clean_site

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
@gone_option("--verdicts")
def serve(repo: str | None, port: int, opened: bool, docs: str | None) -> int:
    """Preview the site on this machine. A page is made when it is asked for, and reloads after each change of the repository.

    The search of a preview knows the titles, ids and descriptions of pages. Ctrl-C ends it.
    """
    with extra_packages("site", "the site"):
        from perpend.reports.site.site import Site
        from perpend.server.preview import Preview, preview_app
        from perpend.server.run import http_server, listening_socket
        from perpend.server.settings import Limits

    context = click.get_current_context()

    def read() -> Site:
        with context.scope(cleanup=False):  # another thread has no context
            repository = open_repository_here(repo)
        documents = Path(docs) if docs else None
        return Site(repository, title=site_title(repository, docs), documents=documents, search=False)

    repository = open_repository_here(repo)
    warn_tree_faults(repository)
    root = repository.files.root
    watch = Watch(root, Path(docs) if docs else None)
    with listening_socket(_ADDRESS, port) as bound:
        site = read()
        preview = Preview(site)
        port = bound.getsockname()[1]
        url = f"http://{_ADDRESS}:{port}/"
        click.echo(f"{len(site.pages):,} pages at {url} (Ctrl-C ends)")
        if site.model.problems:
            errors = sum(one.severity is Severity.ERROR for one in site.model.problems)
            warnings = counted(len(site.model.problems) - errors, "warning")
            click.echo(f"{counted(errors, 'error')} and {warnings}: perpend lint", err=True)
        threading.Thread(target=_follow, args=(watch, root, read, preview), daemon=True).start()
        if opened:
            webbrowser.open(url)
        try:
            http_server(preview_app(preview, port), Limits()).run(sockets=[bound])
        except KeyboardInterrupt:
            click.echo("ended")
    return 0


def _follow(watch: Watch, root: Path, read: Callable[[], Site], preview: Preview) -> None:
    """Read the repository again after each change, and print the problems of changed files and new ones of others."""
    known = set(preview.site.model.problems)
    for paths in watch:
        try:
            site = read()
            problems = site.model.problems
        except (PerpendError, OSError) as error:
            click.echo(f"perpend: not shown: {error}", err=True)
            continue
        preview.show(site)
        click.echo(f"{len(site.pages):,} pages read again")
        changed = {os.path.relpath(path, os.path.realpath(root)) for path in paths}
        _print_problems([one for one in problems if one.span.path in changed or one not in known], root)
        known = set(problems)


def _print_problems(problems: Sequence[Diagnostic], root: Path) -> None:
    if problems:
        text = render_text(problems[:_SHOWN], source_line=Files(root).source_line, colour=colours())
        click.echo(text, err=True, nl=False)
    if len(problems) > _SHOWN:
        click.echo(f"and {len(problems) - _SHOWN:,} more: perpend lint", err=True)
