"""What a site build has come to; ``perpend site check``, ``serve`` and ``clean``: what can be done once it is there."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.config.configuration import is_address
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.format import form_option
from perpend.cli.options.repository import repository_here, site_title, store_named
from perpend.cli.options.streams import colours, output_stream, progress
from perpend.cli.options.tree_faults import tell_tree_faults
from perpend.cli.options.values import repository_option
from perpend.core.diagnostics.as_json import render_json
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.text import render_text
from perpend.core.errors import PerpendError
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.repository import Repository
    from perpend.reports.site.build import Built, Options

_SHOWN = 20
_PATHS = 5


verdicts_option = click.option(
    "--verdicts",
    metavar="FILE|DIR",
    type=click.Path(),
    help="Show verdicts: the output of `perpend check` as NDJSON, JSON or Parquet, or those of a store.",
)


def tell_built(built: Built, out: Path) -> None:
    """Say what a build has made, and what it could not."""
    if built.unchanged:
        click.echo(f"{built.pages:,} pages in {out}: nothing has changed")
    else:
        click.echo(f"{built.pages:,} pages in {out}, {built.made:,} of them made anew")
    if built.errors:
        click.echo(f"errors in the repository, told on its page Health and by `perpend lint`: {built.errors:,}", err=True)
    if built.strangers:
        click.echo(f"verdicts left out, as their policies are not here, or end otherwise here: {built.strangers:,}", err=True)
    for what, paths in (
        ("left alone, as they are not what a build wrote", built.kept),
        ("left out, as another page is in their way", built.left_out),
    ):
        if paths:
            more = f" and {len(paths) - _PATHS:,} more" if len(paths) > _PATHS else ""
            click.echo(f"{what}: {', '.join(paths[:_PATHS])}{more}", err=True)


@contextmanager
def verdicts_here(word: str | None) -> Iterator[Path | None]:
    """Yield where verdicts are: of a store on object storage, the directory that its snapshot in force is fetched into."""
    if word is None or not is_address(word):
        yield Path(word) if word else None
        return
    store = store_named(word)
    with store.reading():
        yield store.directory


def account_names(context: click.Context) -> dict[str, str]:
    """Return what accounts are called, by their numbers, as the configuration says."""
    return {number: account.name for number, account in configuration_of(context).accounts.items() if account.name}


class CannotServe(PerpendError):
    """A port that cannot be listened at."""


@click.command(
    "check",
    epilog="\b\nExamples:\n  perpend site check site\n  perpend site check public --format json\n\n\b\n"
    "Exit codes: 0 no fault, 1 some fault, 2 no directory with pages.",
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@form_option("site check")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def check(directory: str, form: str, out: str | None) -> int:
    """Find links, anchors and images in a built site that lead nowhere, and ids that stand twice."""
    with extra_packages("site", "the site"):
        from perpend.reports.site.links import check_links
    root = Path(directory)
    diagnostics = check_links(root)
    with output_stream(out, drawn=form != "json") as stream:
        if form == "json":
            stream.write(render_json(diagnostics))
        else:
            source_line = Files(root).source_line
            stream.write(render_text(diagnostics, source_line=source_line, colour=out is None and colours()))
    return int(bool(diagnostics))


@click.command("clean", epilog="\b\nExamples:\n  perpend site clean site\n  perpend site clean ~/policies")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
def clean(directory: str) -> int:
    """Take away exactly what a build has written: pages of a site, or Markdown in a repository."""
    from perpend.reports.site.clean import clean_site

    cleaned = clean_site(Path(directory))
    click.echo(f"{counted(len(cleaned.deleted), 'file')} deleted")
    for path in cleaned.kept[:_SHOWN]:
        click.echo(f"kept, as it is not what a build wrote: {path}", err=True)
    if len(cleaned.kept) > _SHOWN:
        click.echo(f"kept, and {len(cleaned.kept) - _SHOWN:,} more", err=True)
    return 0


@click.command(
    "serve",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend site serve\n  perpend site serve --repo ~/policies --port 8123 --open",
)
@repository_option
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="The port; 0 for any that is free."
)
@click.option("--open", "opened", is_flag=True, help="Open the site in the browser.")
@click.option("--docs", metavar="DIR", type=click.Path(), help="Make a directory of Markdown documents part of the site.")
@verdicts_option
def serve(repo: str | None, port: int, opened: bool, docs: str | None, verdicts: str | None) -> int:
    """Show the site on this machine, built anew after each change of the repository. Ctrl-C ends it."""
    with extra_packages("site", "the site"):
        from perpend.reports.site.build import Options
    repository = repository_here(repo)
    with TemporaryDirectory(prefix="perpend-site-") as directory, verdicts_here(verdicts) as judged:
        options = Options(
            out=Path(directory, "site"),
            verdicts=judged,
            accounts=account_names(click.get_current_context()),
            documents=Path(docs) if docs else None,
            title=site_title(repository, docs),
        )
        _serve(repository, repo, port, options, opened=opened)
    return 0


@dataclass(slots=True)
class _Told:
    """What is wrong in a repository, told as its files are edited: of each changed file all, of others what is new."""

    root: Path
    known: tuple[Diagnostic, ...]

    def tell(self, built: Built, changed: Collection[str]) -> None:
        """Print what is wrong in the files that changed, or has come to be wrong elsewhere."""
        if built.unchanged:
            return
        new = set(built.problems) - set(self.known)
        news = [problem for problem in built.problems if problem.span.path in changed or problem in new]
        self.known = built.problems
        if news:
            source_line = Files(self.root).source_line
            click.echo(render_text(news[:_SHOWN], source_line=source_line, colour=colours()), err=True, nl=False)
        if len(news) > _SHOWN:
            click.echo(f"and {len(news) - _SHOWN:,} more: perpend lint", err=True)


def _serve(repository: Repository, repo: str | None, port: int, options: Options, *, opened: bool) -> None:
    from perpend.authoring.lint.check import every_problem
    from perpend.language.syntax.watch import Watch, watched
    from perpend.reports.site.build import Built, build_site
    from perpend.reports.site.build_cache import Kept
    from perpend.reports.site.content.verdicts.snapshot import watched_of
    from perpend.reports.site.content.verdicts.tally import NotVerdicts
    from perpend.reports.site.search import Overtaken
    from perpend.reports.site.server import ADDRESS, SiteServer

    tell_tree_faults(repository)
    more = (options.verdicts and watched_of(options.verdicts), options.documents)
    watch = Watch([*watched(repository.files.root), *filter(None, more)])
    kept = Kept()
    try:
        server = SiteServer(options.out, port)
    except OSError as error:
        raise CannotServe(f"{ADDRESS}:{port}: cannot listen: {(error.strerror or str(error)).lower()}") from None
    with progress("pages") as advance:
        built = build_site(repository, options, kept=kept, progress=advance)
    click.echo(f"{built.pages:,} pages at {server.url} (Ctrl-C ends)")
    told = _Told(repository.files.root, built.problems)
    if built.problems:
        warnings = len(built.problems) - built.errors
        click.echo(f"{counted(built.errors, 'error')} and {counted(warnings, 'warning')}: perpend lint", err=True)

    def again() -> None:
        """Build the pages, show them, and only then index them for the search, which takes longer: a change ends that."""
        try:
            done = build_site(repository_here(repo), replace(options, search=False), kept=kept)
            server.renew()
            click.echo(f"{done.made:,} pages made anew")
            told.tell(done, kept.changed)
            build_site(repository_here(repo), replace(options, overtaken=lambda: watch.look() != watch.seen), kept=kept)
        except Overtaken:
            pass
        except (PerpendError, OSError) as error:
            if isinstance(error, NotVerdicts) and kept.analyzer is not None:
                # What is wrong in a file may be why its verdicts no longer fit: that is told first.
                problems = tuple(every_problem(kept.analyzer.repository, kept.analyzer))
                told.tell(Built(problems=problems), kept.changed)
            click.echo(f"perpend: not built: {error}", err=True)

    threading.Thread(target=server.serve_forever, daemon=True).start()
    if opened:
        webbrowser.open(server.url)
    try:
        watch.run(again)
    except KeyboardInterrupt:
        click.echo("ended")
    finally:
        server.shutdown()
        server.server_close()
