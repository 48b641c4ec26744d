"""``perpend site``: a documentation site of a repository, built, served, checked and taken away again."""

from __future__ import annotations

from pathlib import Path

import click

from perpend.cli.actions.policies.site_built import (
    account_names,
    check,
    clean,
    serve,
    tell_built,
    verdicts_here,
    verdicts_option,
)
from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.format import form_option
from perpend.cli.options.repository import is_library, repository_here, site_title
from perpend.cli.options.streams import progress
from perpend.cli.options.tree_faults import tell_tree_faults
from perpend.cli.options.values import repository_option
from perpend.language.compiler.names import printable


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
    "  perpend site build --verdicts s3://acme-estate/perpend\n"
    "  perpend site build --repo ~/policies --format markdown\n\n\b\n"
    "Exit codes: 0 built, 1 built but for files that somebody has changed,\n2 usage, input or repository error.",
)
@repository_option
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Where to write: `site` without it; Markdown goes into the repository.",
)
@verdicts_option
@form_option("site", help="A site, or Markdown beside each entity.")
@click.option("--docs", metavar="DIR", type=click.Path(), help="Make a directory of Markdown documents part of the site.")
@click.option("--base-url", metavar="URL", default="", help="Where the site will be, for sitemap and canonical addresses.")
@click.option("--title", metavar="TEXT", help="The site's name.")
@click.option("--authors", is_flag=True, help="Name the authors in the history of policies.")
@click.option("--no-search", is_flag=True, help="Leave out the search index.")
@click.option("--force", is_flag=True, help="Write over pages that somebody has changed since the last build.")
def build(
    repo: str | None,
    out: str | None,
    verdicts: str | None,
    form: str,
    docs: str | None,
    base_url: str,
    title: str | None,
    authors: bool,
    no_search: bool,
    force: bool,
) -> int:
    """Build the site. What has not changed since the last build is not made again; what somebody has changed by hand stays."""
    markdown = form == "markdown"
    if markdown and is_from_file(click.get_current_context(), "out"):
        out = None
    if base_url and not base_url.lower().startswith(("https://", "http://")):
        raise click.BadParameter(f"'{printable(base_url)}' does not start with https:// or http://", param_hint="--base-url")
    repository = repository_here(repo)
    if markdown and is_library(repository) and out is None:
        raise click.UsageError("--format markdown writes into the repository: name it with --repo, or a directory with --out")
    tell_tree_faults(repository)
    with extra_packages("site", "the site"):
        from perpend.reports.site.build import Options, build_site
    with verdicts_here(verdicts) as judged:
        options = Options(
            out=Path(out) if out else repository.files.root if markdown else Path("site"),
            markdown=markdown,
            verdicts=judged,
            accounts=account_names(click.get_current_context()),
            documents=Path(docs) if docs else None,
            title=title or site_title(repository, docs),
            base_url=base_url,
            authors=authors,
            search=not no_search,
            force=force,
        )
        with progress("pages") as advance:
            built = build_site(repository, options, progress=advance)
    tell_built(built, options.out)
    return int(bool(built.kept))


for _more in (check, serve, clean):
    command.add_command(_more)
