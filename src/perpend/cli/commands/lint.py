"""``perpend lint``: find errors and suspicious parts in a repository."""

from __future__ import annotations

import click

from perpend.authoring.lint.check import RULES_BY_CODE, lint_places, lint_repository
from perpend.cli.config.command import Configured
from perpend.cli.edits import fix_files
from perpend.cli.options.completion import complete_entities
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import own_repository, places_named, repository_of
from perpend.cli.options.values import repository_option
from perpend.core.diagnostics.as_json import render_json
from perpend.core.diagnostics.directories import path_below_working_directory
from perpend.core.diagnostics.github import render_github
from perpend.core.diagnostics.model import Severity
from perpend.core.diagnostics.sarif import render_sarif
from perpend.core.diagnostics.text import render_text
from perpend.reports.streams import colours, output_stream
from perpend.version import __version__

EPILOG = """\b
Examples:
  perpend lint
  perpend lint --repo ~/policies
  perpend lint ~/policies/ce/acme
  perpend lint --repo ~/policies root-user-mfa /types
  perpend lint --repo ~/policies --fix
  perpend lint --format github
  perpend lint --format sarif --out lint.sarif

\b
Exit codes: 0 no error, 1 some error, 2 not a policy repository.
`perpend rule CODE` explains a diagnostic."""


@click.command("lint", cls=Configured, epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[ID|PATH]...", shell_complete=complete_entities)
@repository_option
@format_option("lint")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.option(
    "--fix",
    is_flag=True,
    help="First fix problems with only one fix: unused imports, old spellings, white space at line ends.",
)
def command(names: tuple[str, ...], repo: str | None, form: str, out: str | None, fix: bool) -> int:
    """Find errors and warnings in a policy repository.

    ID or PATH is a file, a policy, a folder or a glob. It limits the report and the exit code to these files.
    """
    if fix:
        own = own_repository(repo, names)
        fix_files(own, places_named(names, own), err=form != "text")
    repository = repository_of(repo, names)
    places = places_named(names, repository)
    diagnostics = lint_repository(repository) if places is None else lint_places(repository, places)
    root = path_below_working_directory(repository.files.root)
    with output_stream(out, to_look_at=form == "text") as stream:
        match form:
            case "json":
                text = render_json(diagnostics)
            case "github":
                text = render_github(diagnostics, names={code: rule.name for code, rule in RULES_BY_CODE.items()}, root=root)
            case "sarif":
                text = render_sarif(diagnostics, rules=RULES_BY_CODE, tool_version=__version__, root=root)
            case _:
                text = render_text(diagnostics, source_line=repository.files.source_line, colour=out is None and colours())
        stream.write(text if text.endswith("\n") or not text else f"{text}\n")
    return int(any(problem.severity is Severity.ERROR for problem in diagnostics))
