"""``perpend schema``: write JSON Schemas of the repository's files."""

from __future__ import annotations

from pathlib import Path

import click

from perpend.language.syntax.schema import write_schemas
from perpend.reports.streams import CannotWrite

EPILOG = """\b
Examples:
  perpend schema --out schema
Then let the editor know, in the first line of a logic file:
  # yaml-language-server: $schema=../../../schema/Logic.schema.json"""


@click.command("schema", epilog=EPILOG)
@click.option(
    "--out", metavar="DIR", type=click.Path(file_okay=False), required=True, help="Write the schemas to this directory."
)
def command(out: str) -> int:
    """Write the JSON Schemas of policy, logic, extracts, folder, section, type, rule, waiver, rating and remedy files."""
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        written = write_schemas(Path(out))
    except OSError as error:
        raise CannotWrite(f"{out}: cannot be written: {error.strerror}") from None
    for path in written:
        click.echo(path)
    return 0
