"""The commands that go on from a run, with the options of this command line that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from click.core import ParameterSource

from perpend.cli.config.command import configuration_of, is_from_file, is_off, named_by
from perpend.cli.options.store import store_words
from perpend.core.values.age import format_age

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import click

    from perpend.reports.terminal.verdicts.next_command import ExplainCommand, RunCommands

_CHOICE: Final = ("policies", "frameworks", "exclude", "inherited")
_OF_RUN: Final = ("run", "snapshot_time")
_DECISIONS: Final = ("waivers_dir", "no_waivers", "ratings_dir", "default_ratings")
_LENGTHS: Final = ("--summary", "--details", "--quiet", "-q")


def run_commands(
    context: click.Context, explain: ExplainCommand, *, store: str | None, has_history: bool, words: Sequence[str] = ()
) -> RunCommands:
    """Return the commands that go on from a run. ``store`` is kept after it, None if there is none. ``words`` repeat it."""
    from perpend.reports.terminal.verdicts.next_command import RunCommands

    return RunCommands(
        explain=explain,
        command=tuple(word for word in words if word not in _LENGTHS),
        store=(*store_words(context, store), *repository_words(context)) if store is not None else None,
        choice=tuple(_given(context, (*_CHOICE, *_OF_RUN))),
        decisions=tuple(_given(context, _DECISIONS)),
        has_history=has_history,
    )


def explain_options(context: click.Context, store: str | None) -> tuple[str, ...]:
    """Return the options with which `perpend explain` reads the data of this command line; ``store`` is None for inputs."""
    max_age = context.params["max_age"]
    same = {
        "--run": context.params.get("run"),
        "--max-age": None if max_age is None or is_from_file(context, "max_age") else format_age(max_age),
    }
    options = [word for option, value in same.items() if value is not None for word in (option, value)]
    return (*(store_words(context, store) if store is not None else ()), *options, *repository_words(context))


def words_given(context: click.Context) -> tuple[str, ...]:
    """Return this command line, as it was given."""
    words: tuple[str, ...] = context.find_root().obj or ()
    return ("perpend", *words) if words else ()


def repository_words(context: click.Context) -> list[str]:
    """Return the options of this command line that name the repository and the configuration."""
    file = configuration_of(context).file
    words = _given(context, ("repo",))
    if file and named_by(context) == "--config":
        words += ["--config", str(file.path)]
    return [*words, *(["--no-config"] if is_off(context) and _is_configured() else [])]


def _is_configured() -> bool:
    """Whether a command here would read a configuration file."""
    from perpend.cli.config.configuration import configuration_here
    from perpend.cli.config.files import UnusableConfiguration

    try:
        return configuration_here().file is not None
    except UnusableConfiguration:
        return True


def _given(context: click.Context, names: Iterable[str]) -> list[str]:
    """Return the options of this command line with some names as words."""
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name
        if name not in names or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value, option = context.params[name], max(parameter.opts, key=len)
        if isinstance(value, bool):
            words.append(option if value or not parameter.secondary_opts else parameter.secondary_opts[0])
        else:
            words += [word for one in (value if isinstance(value, tuple) else (value,)) for word in (option, _text(one))]
    return words


def _text(value: object) -> str:
    from datetime import datetime

    from perpend.reports.terminal.verdicts.next_command import time_text

    return time_text(value) if isinstance(value, datetime) else str(value)
