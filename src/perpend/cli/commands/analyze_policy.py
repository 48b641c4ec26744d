"""``perpend analyze-policy``: show who can use each statement of an AWS policy document."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.options.completion import complete_files
from perpend.cli.options.format import format_option
from perpend.core.iam.access_policy import AccessPolicyError
from perpend.core.iam.levels import PolicyKind, access_of_statements
from perpend.core.iam.surroundings import Surroundings, UnusableSurroundings, surroundings_from_json
from perpend.core.values.values import json_from_text
from perpend.inventory.readers.errors import UnusableContent, UnusableInput
from perpend.inventory.readers.files import STANDARD_INPUT, read_text_bytes
from perpend.inventory.readers.json_text import read_value
from perpend.reports.streams import output_stream, refuse_input_as_output, terminal
from perpend.reports.terminal.access import print_access, write_access_json

UNDETERMINED = 3
"""The exit code if it is unknown who can use some statement."""

EPILOG = """\b
Examples:
  perpend analyze-policy bucket-policy.json --context estate.json
  perpend analyze-policy trust.json --kind trust --format json
  aws s3api get-bucket-policy --bucket logs | perpend analyze-policy -

\b
A context file; what it leaves out is not known:
  {"account": "111122223333", "organization": "o-abcde12345",
   "organizationAccounts": ["111122223333"], "collectedAccounts": ["111122223333"]}

Levels, and what is left out: docs/reference/access-levels.md.

\b
Exit codes: 0 known for every Allow statement, 3 unknown for some,
2 not a policy document, or another error."""


@click.command("analyze-policy", epilog=EPILOG)
@click.argument("document", shell_complete=complete_files)
@click.option(
    "--context",
    "context_file",
    metavar="FILE",
    type=click.Path(),
    shell_complete=complete_files,
    help="The owner of the document, the organization, and the collected accounts, as JSON.",
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PolicyKind]),
    default=PolicyKind.RESOURCE.value,
    show_default=True,
    help="The kind of the document: of a resource, of an identity, or the trust policy of a role.",
)
@format_option("analyze-policy")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(document: str, context_file: str | None, kind: str, form: str, out: str | None) -> int:
    """Show who can use each Allow statement of DOCUMENT, and why. DOCUMENT is an AWS policy in JSON; - means standard input.

    An answer of the AWS CLI that contains a policy works as well. The shown access is never narrower than the real one: a
    condition that Perpend does not understand restricts nobody. Access that depends on unknown facts is unknown.
    """
    inputs = [document] if context_file is None else [document, context_file]
    if inputs == [STANDARD_INPUT] * 2:
        raise click.UsageError("only one of DOCUMENT and --context can be standard input")
    refuse_input_as_output(out, inputs)
    surroundings = _surroundings(context_file) if context_file is not None else Surroundings()
    try:
        accesses = access_of_statements(_policy(_read(document)), PolicyKind(kind), surroundings)
    except AccessPolicyError as error:
        raise UnusableInput(document, str(error)) from None
    if form == "json":
        with output_stream(out) as stream:
            write_access_json(accesses, stream)
    else:
        with terminal(out) as console:
            print_access(accesses, console)
    return UNDETERMINED if any(access.level is None for access in accesses) else 0


def _read(path: str) -> Any:
    try:
        return read_value(read_text_bytes(path))
    except UnusableContent as error:
        raise UnusableInput(path, str(error)) from None


def _surroundings(path: str) -> Surroundings:
    try:
        return surroundings_from_json(_read(path))
    except UnusableSurroundings as error:
        raise UnusableInput(path, str(error)) from None


def _policy(value: Any) -> Any:
    """Return the policy document of a file: the file itself, or the text under ``Policy`` in an answer of the AWS CLI."""
    if isinstance(value, dict) and "Policy" in value and "Statement" not in value:
        value = value["Policy"]
    try:
        return json_from_text(value) if isinstance(value, str) else value
    except ValueError as error:
        raise AccessPolicyError(f"the text in it holds no policy document: {error}") from None
