"""The inputs of a command line, each with the options that hold for it: type, mapping, time, and what it is complete of."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_types
from perpend.cli.options.repository import type_here
from perpend.cli.options.values import moment, scopes
from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.text import line_of, render_text
from perpend.inventory.importers.input import Input
from perpend.inventory.importers.rules import TOLD_BY_VERDICTS
from perpend.language.compiler.names import UnknownName
from perpend.language.syntax.column_mapping import ColumnMapping, mapping_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.claims import Scope
    from perpend.language.syntax.repository import Repository

_OWN: Final = {
    "--type": "type_name",
    "--mapping": "mapping",
    "--observed-at": "observed_at",
    "--complete": "complete",
}
_NEW: Final = f"{__name__}.new"
_STANDARD_INPUT: Final = "-"


@dataclass(slots=True)
class _InputAsked:
    """One input as the command line names it, with the options that are its own."""

    path: str
    type_name: str | None = None
    mapping: str | None = None
    observed_at: datetime | None = None
    complete: tuple[Scope, ...] | None = None


@dataclass(slots=True)
class _Group:
    """Inputs that share options, and these by name."""

    inputs: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


class InputsCommand(Configured):
    """Notes which options stand behind which inputs: click forgets the order."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words in the order in which they stand."""
        ctx.meta[__name__] = list(args)
        return super().parse_args(ctx, args)


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that hold for the inputs before them, back to other inputs' options; in front of all inputs, for all."""
    for option in reversed(
        (
            click.option(
                "--type",
                "types",
                multiple=True,
                expose_value=False,
                metavar="TYPE",
                shell_complete=complete_types,
                help="The object type that the inputs before it hold, tables or JSON arrays: its label or API name.",
            ),
            click.option(
                "--mapping",
                "mappings",
                multiple=True,
                expose_value=False,
                metavar="FILE",
                type=click.Path(),
                help="Which columns of the tables before it are which fields, and what their blank cells mean (YAML).",
            ),
            click.option(
                "--observed-at",
                "times",
                multiple=True,
                expose_value=False,
                metavar="TIME",
                help="When the estate looked like the inputs before it.",
            ),
            click.option(
                "--complete",
                "complete",
                multiple=True,
                expose_value=False,
                metavar="SCOPE",
                help="Of what the inputs before it hold every object: all, ACCOUNT or ACCOUNT/REGION, with commas. "
                "Without it, what they do not hold is not known.",
            ),
            click.option(
                "--new-type",
                is_flag=True,
                expose_value=False,
                callback=_note_new,
                help="Types and fields that nothing declares are meant, and not misspelt.",
            ),
        )
    ):
        command = option(command)
    return command


def inputs_or_store(inputs: tuple[str, ...], store: str | None, what: str) -> None:
    """Raise unless either inputs or a store are named, each only with what means something beside it."""
    if bool(inputs) is (store is not None):
        raise click.UsageError(f"name either INPUTs or a --store to {what}")
    context = click.get_current_context()
    odd = {"--run"} if store is None else {*_OWN, "--new-type"}
    for option in context.command.params:
        if not odd.isdisjoint(option.opts) and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            goes_with = "--store" if store is None else "inputs, not with --store"
            raise click.UsageError(f"{option.opts[0]} goes with {goes_with}")


def inputs_here(context: click.Context, paths: Sequence[str], repository: Repository) -> list[Input]:
    """Return the inputs that a command line names. Raises UnknownName for a type that nothing knows, unless it may be new."""
    if "" in paths:
        raise click.UsageError("INPUT '' names nothing: name a file, or `-` for standard input")
    new_types = context.meta.get(_NEW, False)
    asked = _asked(context, paths)
    mappings = {asked_input.mapping: _mapping(asked_input.mapping) for asked_input in asked if asked_input.mapping}
    return [_input(one, mappings, repository, new_types=new_types) for one in asked]


def words_of(context: click.Context, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return inputs, and behind them their own options. Where an option is not all inputs', all in order as inputs."""
    common, *groups = _groups(context)
    new = ["--new-type"] if context.meta.get(_NEW) else []
    used = [(kept, group.options) for group in groups if (kept := [path for path in group.inputs if path in paths])]
    if len(used) < 2:
        return list(paths), [*_flat(common.options | (used[0][1] if used else {})), *new]
    return [*_flat(common.options), *(word for kept, options in used for word in (*kept, *_flat(options)))], new


def _flat(options: Mapping[str, str]) -> list[str]:
    return [word for option in options.items() for word in option]


def report_problems(problems: Sequence[Diagnostic], *, judged: bool = False) -> None:
    """Tell on standard error what is strange about inputs; of what is ``judged``, not what verdicts tell by themselves."""
    if judged:
        problems = [problem for problem in problems if problem.code not in TOLD_BY_VERDICTS]
    if problems:
        text = render_text(problems, source_line=lambda path, line: None, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def _note_new(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    context.meta[_NEW] = value


def _input(asked: _InputAsked, mappings: Mapping[str, ColumnMapping], repository: Repository, *, new_types: bool) -> Input:
    try:
        type_name = type_here(repository, asked.type_name, may_be_new=new_types) if asked.type_name else None
    except UnknownName as error:
        raise UnknownName(f"{error}; --new-type says that it is meant") from None
    mapping = mappings[asked.mapping] if asked.mapping else ColumnMapping(None)
    complete = asked.complete if asked.complete is not None else mapping.complete
    return Input(
        asked.path,
        type_name,
        mapping.columns,
        mapping.constants,
        asked.observed_at,
        complete,
        new_fields=new_types,
        blank_is_none=mapping.blank_is_none,
    )


def _asked(context: click.Context, paths: Sequence[str]) -> list[_InputAsked]:
    """Return the inputs, each with the options that stand behind it, or in front of all of them."""
    common, *groups = _groups(context)
    asked: list[_InputAsked] = []
    for group in groups:
        options = (common.options | group.options).items()
        own: dict[str, Any] = {_OWN[option]: _read(option, value, context) for option, value in options}
        asked += [_InputAsked(path, **own) for path in group.inputs if path in paths]
    return asked


def _groups(context: click.Context) -> list[_Group]:
    """Return a command line's inputs with the options behind them; the first of all has no inputs, but the options of all.

    An input behind options begins a new group: what is said of others is not said of it, nor what is said of it of others.
    """
    groups = [_Group()]
    for word, value in _words(context):
        if value is None:
            if groups[-1].options or len(groups) == 1:
                groups.append(_Group())
            groups[-1].inputs.append(word)
        elif word in groups[-1].options:
            raise click.UsageError(f"{word} is given twice for the same inputs: {groups[-1].options[word]} and {value}")
        elif word in _OWN:
            groups[-1].options[word] = value
    return groups


def _words(context: click.Context) -> Iterator[tuple[str, str | None]]:
    """Yield the words of a command line from its inputs' options and inputs: options with values, inputs without.

    Arguments that stand in front of the inputs are left out.
    """
    options = [one for one in context.command.params if isinstance(one, click.Option) and not one.is_flag and not one.count]
    valued = {name for option in options for name in option.opts}
    before = sum(isinstance(parameter, click.Argument) and parameter.nargs == 1 for parameter in context.command.params)
    waiting = iter(context.meta[__name__])
    only_inputs = False
    for word in waiting:
        option, joined, value = word.partition("=")
        if only_inputs or word == _STANDARD_INPUT or not word.startswith("-"):
            if before <= 0:
                yield word, None
            before -= 1
        elif word == "--":
            only_inputs = True
        elif option in valued:
            yield option, value if joined else next(waiting, "")


def _read(own: str, value: str, context: click.Context) -> Any:
    """Return what an option's text stands for."""
    readers: dict[str, Callable[..., Any]] = {"--observed-at": moment, "--complete": scopes}
    option = next(parameter for parameter in context.command.params if own in parameter.opts)
    return readers[own](context, option, value) if own in readers else value


def _mapping(path: str) -> ColumnMapping:
    mapping, diagnostics = mapping_from(path)
    if mapping is None:
        for problem in sorted_diagnostics(diagnostics):
            click.echo(f"perpend: {line_of(problem, path)}", err=True)
        raise click.exceptions.Exit(USAGE_ERROR)
    return mapping
