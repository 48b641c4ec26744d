"""``perpend import``: inputs and tables into a store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.analyze.names import type_named, types_meant
from perpend.cli.app import USAGE_ERROR
from perpend.cli.completions import complete_files, complete_types
from perpend.cli.configured import Configured
from perpend.cli.options import moment, object_types_option, scopes
from perpend.cli.output import progress
from perpend.cli.repositories import repository_here, tell_former_name
from perpend.diagnostics.escape import visible
from perpend.diagnostics.text import render_text
from perpend.intake.inputs import Input, import_inputs
from perpend.load.mapping import ColumnMapping, mapping_from
from perpend.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from perpend.diagnostics.model import Diagnostic
    from perpend.ir.coverage import Scope
    from perpend.load.repository import Repository
    from perpend.store.snapshot import Snapshot

EPILOG = """\b
Examples:
  perpend import report.csv --store inventory
  perpend import users.parquet --type "AWS IAM User" --store inventory
  perpend import a.csv --type CA10__CaAwsUser__c --mapping a.yaml \\
                 b.ndjson --type CA10__CaAwsAccount__c --store inventory
  perpend import users.csv --type CA10__CaAwsUser__c --complete 111122223333,444455556666 --store inventory
  perpend import recorders.csv --type CA10__CaAwsConfigRecorder__c --complete 111122223333/eu-west-1 --store inventory

\b
Exit codes: 0 the snapshot is in force, 2 an input cannot be used."""

_OWN: Final = {
    "--type": "type_name",
    "--mapping": "mapping",
    "--observed-at": "observed_at",
    "--complete": "complete",
}
_VALUED: Final = (*_OWN, "--store", "--repo", "--config")


@dataclass(slots=True)
class _ImportAsked:
    """One input as the command line names it, with the options that are its own."""

    path: str
    type_name: str | None = None
    mapping: str | None = None
    observed_at: datetime | None = None
    complete: tuple[Scope, ...] | None = None


class _Command(Configured):
    """Notes which options stand behind which inputs: click forgets the order."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[__name__] = list(args)
        return super().parse_args(ctx, args)


@click.command("import", cls=_Command, epilog=EPILOG)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", shell_complete=complete_files)
@click.option("--store", "directory", required=True, metavar="DIR", type=click.Path(), help="The store's directory.")
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    shell_complete=complete_types,
    help="The object type that the inputs before it hold: its label or API name.",
)
@click.option(
    "--mapping", "mappings", multiple=True, metavar="FILE", type=click.Path(), help="Which columns are which fields (YAML)."
)
@click.option("--observed-at", "times", multiple=True, metavar="TIME", help="When the estate looked like the tables before it.")
@click.option(
    "--complete",
    "complete",
    multiple=True,
    metavar="SCOPE",
    help="Of what the inputs before it hold every object: all, ACCOUNT or ACCOUNT/REGION, with commas. "
    "Without it, what they do not hold is not known.",
)
@object_types_option
@click.option("--keep-going", is_flag=True, help="Store the usable inputs even if others are not; still exits 2.")
@click.pass_context
def command(
    context: click.Context, /, inputs: tuple[str, ...], directory: str, repo: str | None, keep_going: bool, **_: Any
) -> int:
    """Bring INPUTs into a store as one snapshot: whatever `perpend check` reads, and tables (Parquet, JSON lines, CSV, TSV).

    --type, --mapping, --observed-at and --complete hold for the inputs before them that have none yet; in front of all, for
    all.
    """
    found = _inputs(context, inputs)
    mappings = {one.mapping: _mapping(one.mapping) for one in found if one.mapping}
    repository = repository_here(repo)
    with progress("reading") as done:
        imported = import_inputs(
            Store(directory),
            [_input(one, mappings, repository) for one in found],
            declared=repository.declared_type,
            keep_going=keep_going,
            progress=done,
        )
    for failure in imported.failures:
        click.echo(f"perpend: {failure}", err=True)
    if imported.snapshot is None:
        return USAGE_ERROR
    _report_problems(imported.problems)
    _summarise(imported.snapshot)
    return USAGE_ERROR if imported.failures else 0


def _input(asked: _ImportAsked, mappings: Mapping[str, ColumnMapping], repository: Repository) -> Input:
    type_name = _type_name(asked.type_name, repository) if asked.type_name else None
    mapping = mappings[asked.mapping] if asked.mapping else None
    columns, constants = (mapping.columns, mapping.constants) if mapping else (None, {})
    complete = asked.complete if asked.complete is not None else mapping.complete if mapping else ()
    return Input(asked.path, type_name, columns, constants, asked.observed_at, complete)


def _type_name(name: str, repository: Repository) -> str:
    """Return the API name of a type. One that nothing declares stays as it is: a store takes any type, but no odd label."""
    tell_former_name(name)
    return name if " " not in name and not types_meant(name, repository) else type_named(name, repository).name


def _inputs(context: click.Context, paths: tuple[str, ...]) -> list[_ImportAsked]:
    """Return the inputs, each with the options that stand behind it, or in front of all of them."""
    found: list[_ImportAsked] = []
    common: dict[str, str] = {}
    waiting = iter(context.meta[__name__])
    for word in waiting:
        option, joined, value = word.partition("=")
        if option in _VALUED:
            value = value if joined else next(waiting, "")
            if option in _OWN and found:
                _give(found, _OWN[option], value, context)
            elif option in _OWN:
                common[_OWN[option]] = value
        elif word in paths:
            found.append(_ImportAsked(word))
    for name, value in common.items():
        _give(found, name, value, context)
    return found


def _give(inputs: list[_ImportAsked], name: str, value: str, context: click.Context) -> None:
    """Give an option to the last inputs that do not have it yet."""
    readers: dict[str, Callable[..., Any]] = {"observed_at": moment, "complete": scopes}
    own = next(option for option, attribute in _OWN.items() if attribute == name)
    option = next(one for one in context.command.params if own in one.opts)
    read = readers[name](context, option, value) if name in readers else value
    for one in reversed(inputs):
        if getattr(one, name) is not None:
            return
        setattr(one, name, read)


def _mapping(path: str) -> ColumnMapping:
    mapping, diagnostics, source_line = mapping_from(path)
    if mapping is None:
        click.echo(render_text(diagnostics, source_line=source_line, colour=sys.stderr.isatty()), err=True, nl=False)
        raise click.exceptions.Exit(USAGE_ERROR)
    return mapping


def _report_problems(problems: Sequence[Diagnostic]) -> None:
    if problems:
        text = render_text(problems, source_line=lambda path, line: None, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def _summarise(snapshot: Snapshot) -> None:
    click.echo(f"snapshot {snapshot.id}")
    for name, table in snapshot.tables.by_name.items():
        click.echo(f"  {visible(name)}: {table.rows} {'row' if table.rows == 1 else 'rows'}")
