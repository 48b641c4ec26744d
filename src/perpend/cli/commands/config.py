"""``perpend config``: show the values of the configuration, and their sources."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured, configuration_of, named_by, value_in_use
from perpend.cli.config.settings import ACCOUNT_SETTINGS, ACCOUNTS, PARAMETERS, RUNS, SERVE, SETTINGS, TOKENS, known_names
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import root_here
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.language.compiler.names import UnknownName, did_you_mean, printable
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from perpend.cli.config.configuration import Configuration
    from perpend.cli.config.settings import Setting

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
Exit codes: 0 shown, 2 the file is not valid."""


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in known_names() if name.startswith(incomplete)]


@click.command("config", cls=Configured, epilog=EPILOG)
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=_complete)
@format_option("config")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(context: click.Context, /, keys: tuple[str, ...], form: str, out: str | None) -> int:
    """Show the defaults of options in this directory, with the source of each value; for KEYs, only these.

    The file is perpend.toml, or the table [tool.perpend] of pyproject.toml, in the working directory or the nearest parent.
    --config FILE or PERPEND_CONFIG=FILE name another file.
    """
    configuration = configuration_of(context)
    rows = _chosen(_rows(configuration, root_here()), keys)
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
    with terminal(out) as console:
        _print(rows, console, about=_about(context))
    return 0


def _about(context: click.Context) -> str:
    file, by = configuration_of(context).file, named_by(context)
    if file is None:
        return "no configuration file"
    if by is not None:
        return f"{file.shown}, named by {by}"
    return f"{file.shown}, found {'here' if os.path.dirname(file.shown) == '' else 'above the working directory'}"


def _chosen(rows: Sequence[_Row], keys: Sequence[str]) -> Sequence[_Row]:
    """Return the rows of keys and tables. Raises UnknownName for a key that does not exist."""
    chosen: dict[str, _Row] = {}
    for key in keys:
        below = {row.key: row for row in rows if f"{row.key}.".startswith(f"{key}.")}
        if not below and key not in (ACCOUNTS, PARAMETERS, SERVE):
            names = (*known_names(), *(row.key for row in rows), *(row.key.partition(".")[0] for row in rows))
            raise UnknownName(f"unknown key '{printable(key)}'{did_you_mean(key, names)}")
        chosen |= below
    return list(chosen.values()) if keys else rows


@dataclass(frozen=True, slots=True)
class _Row:
    """A setting with its value, None if it has none.

    ``source`` is ``file``, ``working directory`` or ``default``; ``place`` is ``file:line``.
    """

    key: str
    value: Any
    source: str
    place: str | None = None

    def json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        line = self.place.rpartition(":")[2] if self.place else ""
        return {"key": self.key, "value": self.value, "source": self.source, "line": int(line) if line.isdecimal() else None}


def _rows(configuration: Configuration, repository: Path | None) -> list[_Row]:
    """Return the rows of all settings, accounts, parameters, runs and tokens.

    ``repository`` is the root around the working directory.
    """
    rows = [_row(configuration, setting, repository) for setting in SETTINGS]
    for number, account in configuration.accounts.items():
        for setting in ACCOUNT_SETTINGS:
            value, key = getattr(account, setting.name), f"{ACCOUNTS}.{number}.{setting.name}"
            if value is not None:
                rows.append(_Row(key, value, "file", configuration.place(key)))
    for given in configuration.parameters:
        rows.append(_Row(f"{PARAMETERS}.{given.policy}.{given.name}", given.value, "file", given.place))
    for name, words in configuration.runs.items():
        key = f"{SERVE}.{RUNS}.{name}.command"
        rows.append(_Row(key, list(words), "file", configuration.place(key)))
    for name, token in configuration.tokens.items():
        above = f"{SERVE}.{TOKENS}.{name}"
        members = {"accounts": list(token.accounts), "token-file": configuration.resolved(token.token_file)}
        rows += [_Row(f"{above}.{key}", value, "file", configuration.place(f"{above}.{key}")) for key, value in members.items()]
    return rows


def _row(configuration: Configuration, setting: Setting, repository: Path | None) -> _Row:
    name = setting.name
    if name in configuration.values:
        return _Row(name, value_in_use(configuration, setting), "file", configuration.place(name))
    if name == "repository" and repository is not None:
        return _Row(name, str(repository), "working directory")
    return _Row(name, setting.builtin, "default")


def _print(rows: Sequence[_Row], console: Console, *, about: str) -> None:
    """Print the name of the file, and a line per setting: key, value, source."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(about, "bold"))
    grid = Table(box=None, pad_edge=False, show_header=False)
    for style in ("", "", "dim"):
        grid.add_column(style=style, overflow="fold")
    for row in rows:
        grid.add_row(row.key, Text(_shown(row), "" if row.value is not None else "dim"), row.place or row.source)
    console.print(grid)


def _shown(row: _Row) -> str:
    if row.value is None:
        return "the library" if row.key == "repository" else "–"
    if isinstance(row.value, bool):
        return str(row.value).lower()
    return visible(", ".join(map(str, row.value)) if isinstance(row.value, list) else str(row.value))
