"""``perpend lint``: everything wrong or suspicious in a repository, in one run."""

from __future__ import annotations

import click

from perpend.analyze.check import RULES_BY_CODE, lint_repository
from perpend.cli.configured import Configured
from perpend.cli.options import repository_option
from perpend.cli.output import colours, output_stream
from perpend.cli.repositories import repository_here
from perpend.diagnostics.as_json import render_json
from perpend.diagnostics.github import render_github
from perpend.diagnostics.model import Severity
from perpend.diagnostics.sarif import render_sarif
from perpend.diagnostics.text import render_text
from perpend.version import __version__

EPILOG = """\b
Examples:
  perpend lint --repo ~/policies
  perpend lint --format github
  perpend lint --format sarif --out lint.sarif

\b
Exit codes: 0 no error, 1 some error, 2 not a policy repository.
`perpend explain-code CODE` explains a diagnostic."""


@click.command("lint", cls=Configured, epilog=EPILOG)
@repository_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="The output's form.",
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(repo: str | None, form: str, out: str | None) -> int:
    """Find what is wrong (errors) or suspicious (warnings) in a policy repository."""
    repository = repository_here(repo)
    diagnostics = lint_repository(repository)
    with output_stream(out, drawn=form == "text") as stream:
        match form:
            case "json":
                text = render_json(diagnostics)
            case "github":
                text = render_github(diagnostics, names={code: rule.name for code, rule in RULES_BY_CODE.items()})
            case "sarif":
                text = render_sarif(diagnostics, rules=RULES_BY_CODE, tool_version=__version__)
            case _:
                text = render_text(diagnostics, source_line=repository.files.source_line, colour=out is None and colours())
        stream.write(text if text.endswith("\n") or not text else f"{text}\n")
    return int(any(found.severity is Severity.ERROR for found in diagnostics))
