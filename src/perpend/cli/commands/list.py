"""``perpend list``: what a repository holds."""

from __future__ import annotations

import json

import click

from perpend.cli.configured import Configured
from perpend.cli.options import repository_option
from perpend.cli.output import output_stream, terminal
from perpend.cli.repositories import repository_here
from perpend.report.repository.listing import LISTINGS, print_listing


@click.command(
    "list",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend list policies\n  perpend list frameworks --repo ~/policies --format json",
)
@click.argument("what", type=click.Choice(list(LISTINGS)), default="policies")
@repository_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The output's form."
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(what: str, repo: str | None, form: str, out: str | None) -> int:
    """List policies, types, frameworks or operations."""
    rows = LISTINGS[what](repository_here(repo))
    if form == "json":
        with output_stream(out) as stream:
            stream.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        with terminal(out) as console:
            print_listing(rows, console)
    return 0
