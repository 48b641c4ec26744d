"""The inputs of a command line, each with its type, mapping, time and completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.cli.app import USAGE_ERROR
from perpend.cli.options.completion import complete_types
from perpend.cli.options.store import NO_DEFAULT
from perpend.cli.options.values import moment, scopes
from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import is_account
from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.text import line_of
from perpend.inventory.importers.input import Input
from perpend.language.compiler.names import UnknownName, type_named
from perpend.language.syntax.column_mapping import ColumnMapping, mapping_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.language.syntax.repository import Repository

    _Group = tuple[list[str], dict[str, str]]
    """Inputs that stand together, and the options after them: values by option."""

_ORDER: Final = f"{__name__}.order"
_NEW: Final = f"{__name__}.new"


class _InputOption(click.Option):
    """An option for the inputs before it. It records how many arguments precede it: click loses the order."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Add the option to the parser, and record each use of it."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            option = parser._long_opt[name]
            option.process = _recorded(option.process, name, ctx)


def _recorded(process: Callable[[Any, Any], None], name: str, context: click.Context) -> Callable[[Any, Any], None]:
    def process_and_record(value: Any, state: Any) -> None:
        context.meta.setdefault(_ORDER, []).append((name, value, len(state.largs)))
        process(value, state)

    return process_and_record


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for inputs. One applies to the inputs between it and the option before; first of all, to all inputs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _note_new(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    context.meta[_NEW] = value


_OPTIONS: Final = (
    click.option(
        "--type",
        "types",
        cls=_InputOption,
        multiple=True,
        expose_value=False,
        metavar="TYPE",
        shell_complete=complete_types,
        help="The object type of the inputs before it (tables or JSON arrays), by label or API name.",
    ),
    click.option(
        "--mapping",
        "mappings",
        cls=_InputOption,
        multiple=True,
        expose_value=False,
        metavar="FILE",
        type=click.Path(),
        help="The fields of the columns of the tables before it, and the meaning of blank cells (YAML).",
    ),
    click.option(
        "--observed-at",
        "times",
        cls=_InputOption,
        multiple=True,
        expose_value=False,
        metavar="TIME",
        help="When the inputs before it were collected.",
    ),
    click.option(
        "--complete",
        "complete",
        cls=_InputOption,
        multiple=True,
        expose_value=False,
        metavar="SCOPE",
        help="Declare that the inputs before it hold every object of their type: all, ACCOUNT or ACCOUNT/REGION, with commas. "
        "Otherwise a missing object is unknown, not absent.",
    ),
    click.option(
        "--planned-account",
        "planned_accounts",
        cls=_InputOption,
        multiple=True,
        expose_value=False,
        metavar="ACCOUNT",
        help="The account of the Terraform plans before it, if they do not state one.",
    ),
    click.option(
        "--new-type",
        is_flag=True,
        expose_value=False,
        callback=_note_new,
        help="Accept object types and fields that are not declared. Otherwise they are taken for misspellings.",
    ),
)
_OF_INPUTS: Final = {
    "--type": "type_name",
    "--mapping": "mapping",
    "--observed-at": "observed_at",
    "--complete": "complete",
    "--planned-account": "planned_account",
}


def inputs_or_store(inputs: tuple[str, ...], store: str | None, verb: str) -> None:
    """Raise UsageError unless either inputs or a store are given, without options for the other."""
    if bool(inputs) is (store is not None):
        raise click.UsageError(f"name either INPUTs or a --store to {verb}{NO_DEFAULT if not inputs else ''}")
    context = click.get_current_context()
    wrong = {"--run"} if store is None else {*_OF_INPUTS, "--new-type"}
    for option in context.command.params:
        if not wrong.isdisjoint(option.opts) and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            goes_with = "--store" if store is None else "inputs, not with --store"
            raise click.UsageError(f"{option.opts[0]} goes with {goes_with}")


def inputs_here(context: click.Context, paths: Sequence[str], repository: Repository) -> list[Input]:
    """Return the inputs of a command line. Raises UnknownName for a type that is not declared, unless --new-type is given."""
    if "" in paths:
        raise click.UsageError("INPUT '' is empty: name a file, or `-` for standard input")
    common, groups = _groups(context, paths)
    named = [(path, common | options) for inputs, options in groups for path in inputs]
    mappings = {path: _mapping(path) for _, options in named if (path := options.get("--mapping"))}
    return [_input(context, path, options, mappings, repository) for path, options in named]


def words_of(context: click.Context, all_paths: Sequence[str], paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return some of the inputs and their options as words of a command line.

    If all inputs share their options, the first list has only inputs. Otherwise it has the options, too, in order.
    """
    common, groups = _groups(context, all_paths)
    new = ["--new-type"] if context.meta.get(_NEW) else []
    used = [(some, options) for inputs, options in groups if (some := [path for path in inputs if path in paths])]
    if len(used) < 2:
        return list(paths), [*_words(common | (used[0][1] if used else {})), *new]
    return [*_words(common), *(word for inputs, options in used for word in (*inputs, *_words(options)))], new


def _words(options: Mapping[str, str]) -> list[str]:
    return [word for option in options.items() for word in option]


def _groups(context: click.Context, paths: Sequence[str]) -> tuple[dict[str, str], list[_Group]]:
    """Return the options before all inputs, and the inputs in groups that share the options after them."""
    before = sum(isinstance(parameter, click.Argument) and parameter.nargs == 1 for parameter in context.command.params)
    common: dict[str, str] = {}
    groups: list[_Group] = []
    grouped = 0
    for option, value, preceding in [*context.meta.get(_ORDER, []), (None, "", before + len(paths))]:
        count = max(preceding - before, 0)
        if count > grouped:
            groups.append((list(paths[grouped:count]), {}))
            grouped = count
        options = groups[-1][1] if groups else common
        if option in options:
            raise click.UsageError(f"{option} is given twice for the same inputs: {options[option]} and {value}")
        if option is not None:
            options[option] = value
    return common, groups


def _input(
    context: click.Context,
    path: str,
    options: Mapping[str, str],
    mappings: Mapping[str, ColumnMapping],
    repository: Repository,
) -> Input:
    new_types = context.meta.get(_NEW, False)
    name, mapping = options.get("--type"), mappings.get(options.get("--mapping", ""), ColumnMapping(None))
    try:
        type_name = type_named(repository, name, may_be_new=new_types) if name else None
    except UnknownName as error:
        raise UnknownName(f"{error}; --new-type says that it is meant") from None
    complete: Any = _read(context, "--complete", options, scopes)
    return Input(
        path,
        type_name,
        mapping.columns,
        mapping.constants,
        _read(context, "--observed-at", options, moment),
        mapping.complete if complete is None else complete,
        new_fields=new_types,
        blank_is_none=mapping.blank_is_none,
        planned_account=_planned_account(options),
    )


def _planned_account(options: Mapping[str, str]) -> str:
    account = options.get("--planned-account", "")
    if account and not is_account(account, AWS):
        raise click.UsageError(f"--planned-account {account} is no AWS account: it has twelve digits")
    return account


def _read(context: click.Context, option: str, options: Mapping[str, str], reader: Callable[..., Any]) -> Any:
    """Return the value of an option, None if it is not given."""
    if option not in options:
        return None
    return reader(context, next(one for one in context.command.params if option in one.opts), options[option])


def _mapping(path: str) -> ColumnMapping:
    mapping, diagnostics = mapping_from(path)
    if mapping is None:
        for problem in sorted_diagnostics(diagnostics):
            click.echo(f"perpend: {line_of(problem, path)}", err=True)
        raise click.exceptions.Exit(USAGE_ERROR)
    return mapping
