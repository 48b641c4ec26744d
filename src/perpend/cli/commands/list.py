"""``perpend list``: list the entities of a repository, filtered by words and options."""

from __future__ import annotations

import json
import shlex

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_frameworks, complete_services, complete_types
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import repository_option
from perpend.evaluation.verdicts.selection import policies_named
from perpend.language.compiler.names import find_section, type_named
from perpend.reports.streams import output_stream, terminal
from perpend.reports.terminal.repository.listing import LISTINGS, near_word, of_service, print_listing, with_words


class _WhatIsListed(click.Choice[str]):
    """The kinds of entities. The error for another word names the command to search for it."""

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        text = super().get_invalid_choice_message(value, ctx)
        return f"{text[:-1]} (`perpend list policies {shlex.quote(value)}` looks for it in policies)"


@click.command(
    "list",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend list policies\n  perpend list policies mfa root\n"
    "  perpend list policies --framework cis-aws --type 'AWS IAM User'\n"
    "  perpend list sections 'access key' --framework cis-aws\n"
    "  perpend list frameworks --repo ~/policies --format json",
)
@click.argument("what", type=_WhatIsListed(list(LISTINGS)), default="policies")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option(
    "--type",
    "type_name",
    metavar="TYPE",
    shell_complete=complete_types,
    help="List policies of this object type only, by label or API name.",
)
@click.option(
    "--framework",
    "frameworks",
    metavar="ID",
    multiple=True,
    shell_complete=complete_frameworks,
    help="List policies or sections of this framework or section only; may be repeated. Default version: the newest.",
)
@click.option(
    "--service",
    metavar="NAME",
    shell_complete=complete_services,
    help="List policies of this service only: the name of its folder, such as iam.",
)
@repository_option
@format_option("list")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    what: str,
    words: tuple[str, ...],
    type_name: str | None,
    frameworks: tuple[str, ...],
    service: str | None,
    repo: str | None,
    form: str,
    out: str | None,
) -> int:
    """List policies, types, frameworks, sections or operations; with WORDs, only those that contain every WORD.

    The command searches all columns. It also searches the descriptions of policies and sections, and for policies the label
    of their type, the names of their sections, and similar rules.
    """
    if what != "policies" and (type_name is not None or service is not None):
        raise click.UsageError("--type and --service go with `list policies`")
    if frameworks and what not in ("policies", "sections"):
        raise click.UsageError("--framework goes with `list policies` and `list sections`")
    repository = open_repository_here(repo)
    rows = LISTINGS[what](repository)
    if type_name is not None:
        wanted = type_named(repository, type_name)
        rows = [row for row in rows if row["inputType"] == wanted]
    if frameworks and what == "sections":
        tops = [find_section(framework, repository) for framework in frameworks]
        rows = [row for row in rows if any(f"{row['id']}/".startswith(f"{top}/") for top in tops)]
    elif frameworks:
        mapped = set(policies_named(repository, framework=frameworks))
        rows = [row for row in rows if row["id"] in mapped]
    if service is not None:
        rows = of_service(rows, service, repository)
    listed = with_words(rows, words, repository)
    if form == "json":
        with output_stream(out) as stream:
            stream.write(json.dumps(listed, indent=2) + "\n")
    else:
        with terminal(out) as console:
            print_listing(listed, console, near=None if listed else near_word(rows, words))
    return 0
