"""``perpend site check``, ``serve`` and ``clean``: what can be done with a site once it is there."""

from __future__ import annotations

import threading
import webbrowser
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from perpend.cli.configured import Configured
from perpend.cli.extra_packages import extra_packages
from perpend.cli.faults import tell_tree_faults
from perpend.cli.options import repository_option
from perpend.cli.output import colours, output_stream
from perpend.cli.repositories import repository_here, site_title
from perpend.diagnostics.as_json import render_json
from perpend.diagnostics.text import render_text
from perpend.errors import PerpendError

if TYPE_CHECKING:
    from perpend.load.repository import Repository
    from perpend.site.build import Options

_SHOWN = 20


class CannotServe(PerpendError):
    """A port that cannot be listened at."""


@click.command(
    "check",
    epilog="\b\nExamples:\n  perpend site check site\n  perpend site check public --format json\n\n\b\n"
    "Exit codes: 0 no fault, 1 some fault, 2 no directory with pages.",
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The output's form."
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def check(directory: str, form: str, out: str | None) -> int:
    """Find links, anchors and images in a built site that lead nowhere, and ids that stand twice."""
    from perpend.load.files import Files

    with extra_packages("site", "the site"):
        from perpend.site.links import check_links
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
    from perpend.site.clean import clean_site

    cleaned = clean_site(Path(directory))
    click.echo(f"{len(cleaned.deleted):,} files deleted")
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
@click.option("--verdicts", metavar="FILE", type=click.Path(), help="Show verdicts: the output of `check --format ndjson`.")
def serve(repo: str | None, port: int, opened: bool, docs: str | None, verdicts: str | None) -> int:
    """Show the site on this machine, built anew after each change of the repository. Ctrl-C ends it."""
    with extra_packages("site", "the site"):
        from perpend.site.build import Options
    repository = repository_here(repo)
    with TemporaryDirectory(prefix="perpend-site-") as directory:
        options = Options(
            out=Path(directory, "site"),
            verdicts=Path(verdicts) if verdicts else None,
            documents=Path(docs) if docs else None,
            title=site_title(repository, docs),
        )
        _serve(repository, repo, port, options, opened=opened)
    return 0


def _serve(repository: Repository, repo: str | None, port: int, options: Options, *, opened: bool) -> None:
    from perpend.load.watch import Watch, watched
    from perpend.site.build import build_site
    from perpend.site.kept import Kept
    from perpend.site.search import Overtaken
    from perpend.site.serve import ADDRESS, SiteServer

    tell_tree_faults(repository)
    watch = Watch([*watched(repository.files.root), *filter(None, (options.verdicts, options.documents))])
    kept = Kept()
    try:
        server = SiteServer(options.out, port)
    except OSError as error:
        raise CannotServe(f"{ADDRESS}:{port}: cannot listen: {(error.strerror or str(error)).lower()}") from None
    built = build_site(repository, options, kept=kept)
    click.echo(f"{built.pages:,} pages at {server.url} (Ctrl-C ends)")

    def again() -> None:
        """Build the pages, show them, and only then index them for the search, which takes longer: a change ends that."""
        try:
            done = build_site(repository_here(repo), replace(options, search=False), kept=kept)
            server.renew()
            click.echo(f"{done.made:,} pages made anew")
            build_site(repository_here(repo), replace(options, overtaken=lambda: watch.look() != watch.seen), kept=kept)
        except Overtaken:
            pass
        except (PerpendError, OSError) as error:
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
