"""The options of filters, made from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.options.completion import complete_categories, complete_frameworks, complete_policies, complete_types
from perpend.cli.options.values import moment
from perpend.findings.filters import CATEGORY, FILTERS, FRAMEWORK, POLICY, STATUS, TYPE, Filter, FilterType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perpend.findings.filters import FilterDeclaration

    Command = TypeVar("Command", bound=Callable[..., Any])
    _Words = click.Choice[str]
else:
    _Words = click.Choice  # click.Choice takes no type parameter before click 8.2

_COMPLETIONS: Final = {
    POLICY.name: complete_policies,
    FRAMEWORK.name: complete_frameworks,
    TYPE.name: complete_types,
    CATEGORY.name: complete_categories,
}
_PREFIX: Final = "filter_"


def filter_options(*filters: FilterDeclaration, notes: Mapping[str, str] | None = None) -> Callable[[Command], Command]:
    """Return the decorator that adds the options of filters. ``notes`` are texts after the sentence, by the filter's name."""

    def add(command: Command) -> Command:
        for declared in reversed(filters):
            command = _option(declared, (notes or {}).get(declared.name, ""))(command)
        return command

    return add


def filter_given(given: Mapping[str, Any]) -> Filter:
    """Return the values of filters among the parameters of a command."""
    return Filter({name: value for name in FILTERS if (value := given.get(f"{_PREFIX}{name}"))})


def _option(declared: FilterDeclaration, note: str) -> Callable[[Command], Command]:
    shown: dict[str, Any] = {"metavar": declared.example} if declared.example else {}
    if declared.type is FilterType.CHOICE:
        shown = {"type": _Choices(declared.choices, case_sensitive=declared is not STATUS)}
    if declared.type is not FilterType.TIME:
        shown |= {"multiple": True, "shell_complete": _COMPLETIONS.get(declared.name)}
    callback: Callable[..., tuple[str, ...]] = _time if declared.type is FilterType.TIME else _values
    if declared.is_flag:
        shown, callback = {"is_flag": True}, _flag
    return click.option(
        declared.option, f"{_PREFIX}{declared.name}", callback=callback, help=f"{declared.sentence}{note}", **shown
    )


class _Choices(_Words):
    """Words of a list, several with commas."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the words, the same as those of the list."""
        convert = super().convert
        return [convert(word, param, ctx) for word in value.split(",")] if isinstance(value, str) else value


def _values(context: click.Context, parameter: click.Parameter, values: Sequence[Any]) -> tuple[str, ...]:
    flat = tuple(word for value in values for word in ([value] if isinstance(value, str) else value))
    declared = FILTERS[(parameter.name or "").removeprefix(_PREFIX)]
    for value in flat:
        declared.check(value)
    return tuple(dict.fromkeys(flat))


def _flag(context: click.Context, parameter: click.Parameter, value: bool) -> tuple[str, ...]:
    return FILTERS[(parameter.name or "").removeprefix(_PREFIX)].choices if value else ()


def _time(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    time = moment(context, parameter, value)
    return (time.isoformat(),) if time is not None else ()
