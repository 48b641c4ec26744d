"""``perpend config``: what the project's configuration says, and where each value comes from."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured, configuration_of, named_by
from perpend.cli.config.settings import ACCOUNTS, known_names
from perpend.cli.config.table import Row, rows_of
from perpend.cli.options.format import form_option
from perpend.cli.options.repository import root_here
from perpend.language.compiler.names import UnknownName, did_you_mean, printable
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """\b
Examples:
  perpend config
  perpend config store output.format
  perpend config --format json
  PERPEND_CONFIG=ci/perpend.toml perpend config

\b
A file, perpend.toml (or pyproject.toml with the table [tool.perpend]):
  repository = "policies"
  store = "estate"
  exclude = ["root-user-mfa"]

Options of commands win over the file. All keys: docs/reference/configuration.md.
Exit codes: 0 shown, 2 the file cannot be used."""


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in known_names() if name.startswith(incomplete)]


@click.command("config", cls=Configured, epilog=EPILOG)
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=_complete)
@form_option("config")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(context: click.Context, /, keys: tuple[str, ...], form: str, out: str | None) -> int:
    """Show which values hold here where no option says otherwise, each with where it comes from; all, or those of KEYs.

    The file is perpend.toml, or the table [tool.perpend] of pyproject.toml: of the working directory, else of the nearest
    directory above that has one. --config FILE or PERPEND_CONFIG=FILE name another one.
    """
    configuration = configuration_of(context)
    rows = _chosen(rows_of(configuration, repository_here=root_here()), keys)
    if form == "json":
        file = configuration.file
        shown = {
            "file": str(file.path) if file else None,
            "namedBy": named_by(context),
            "settings": [row.json() for row in rows],
        }
        with output_stream(out) as stream:
            stream.write(json.dumps(shown, indent=2) + "\n")
        return 0
    from perpend.cli.config.terminal import print_configuration

    with terminal(out) as console:
        print_configuration(rows, console, about=_about(context))
    return 0


def _about(context: click.Context) -> str:
    file, by = configuration_of(context).file, named_by(context)
    if file is None:
        return "no configuration file"
    if by is not None:
        return f"{file.shown}, named by {by}"
    return f"{file.shown}, found {'here' if os.path.dirname(file.shown) == '' else 'above the working directory'}"


def _chosen(rows: Sequence[Row], keys: Sequence[str]) -> Sequence[Row]:
    """Return the rows of keys and tables. Raises UnknownName for a key that nothing is called by."""
    chosen: dict[str, Row] = {}
    for key in keys:
        meant = {row.key: row for row in rows if f"{row.key}.".startswith(f"{key}.")}
        if not meant and key != ACCOUNTS:
            names = (*known_names(), *(row.key for row in rows), *(row.key.partition(".")[0] for row in rows))
            raise UnknownName(f"unknown key '{printable(key)}'{did_you_mean(key, names)}")
        chosen |= meant
    return list(chosen.values()) if keys else rows
