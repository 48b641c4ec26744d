"""Commands whose options have defaults in the project's configuration, and what is told of values that came from there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.cli.config.configuration import Configuration
    from perpend.cli.config.settings import Setting

VARIABLE: Final = "PERPEND_CONFIG"
"""The environment variable that names a configuration file."""

_META: Final = __name__
_OFF: Final = f"{__name__}.off"
_NAMED_BY: Final = f"{__name__}.named_by"


class Configured(click.Command):
    """A command that reads the project's configuration: ``--config`` names it, ``--no-config`` passes it over.

    ``yields`` says which defaults of the file give way to which other parameters: where one of these is given, the default
    does not hold.
    """

    def __init__(self, *arguments: Any, yields: Mapping[str, Sequence[str]] | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._yields = yields or {}
        self.params += [_no_config(), _config()]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. A value of the file that an option cannot have is told with its place."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            setting = _setting_of(ctx, error.param)
            if setting is None:
                raise
            raise _placed(ctx, setting, error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An error about a value of the file says where it stands there."""
        for name in self._yields:
            if is_from_file(ctx, name) and any(_is_given(ctx, other) for other in self._yields[name]):
                ctx.params[name] = _nothing(next(param for param in self.params if param.name == name))
                ctx.set_parameter_source(name, ParameterSource.DEFAULT)
        refuse_found_bucket(ctx)
        for setting, _ in _from_file(ctx):
            _tell_of_path(configuration_of(ctx), setting)
        try:
            return super().invoke(ctx)
        except PerpendError as error:
            place = _place_in_file(ctx, str(error))
            if place is None:
                raise
            raise PerpendError(f"{place}: {error}") from None
        except click.UsageError as error:
            spoken_of = _spoken_of(ctx, error.format_message())
            if spoken_of is None:
                raise
            raise _placed(ctx, spoken_of, error) from None


def configuration_of(context: click.Context) -> Configuration:
    """Return the configuration that a command has read."""
    configuration: Configuration = context.meta[_META]
    return configuration


def named_by(context: click.Context) -> str | None:
    """Return which option or variable has named the file; None where nothing did, and it was looked for."""
    named: str | None = context.meta.get(_NAMED_BY)
    return named


def is_off(context: click.Context) -> bool:
    """Whether a command was told to take defaults from no file."""
    return bool(context.meta.get(_OFF, False))


def is_from_file(context: click.Context, name: str) -> bool:
    """Whether a parameter has its value from the configuration."""
    return context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP


def refuse_found_bucket(context: click.Context) -> None:
    """Raise where the store is a bucket that only a file names which nobody has named: credentials would go where it says."""
    from perpend.cli.config.configuration import is_address
    from perpend.core.diagnostics.escape import visible

    for setting, value in _from_file(context) if named_by(context) is None else ():
        if setting.name == "store" and is_address(value):
            place, store = configuration_of(context).place(setting.name), visible(value)
            reason = f"`store` leads to {store}, and this file was found, not named"
            raise PerpendError(f"{place}: {reason}: if it is meant, say --store {store}")


def deciding_settings(context: click.Context) -> list[tuple[str, str, str]]:
    """Return the settings of a file that was found, not named, by which a command's exit code is another: key, value, place."""
    from perpend.cli.config.settings import FAIL_ON

    decisive = []
    by_severity = context.params.get("fail_on") not in (None, *FAIL_ON)
    for setting, value in _from_file(context) if named_by(context) is None else ():
        changes = value != setting.builtin and (by_severity or setting.name != "ratings")
        if changes and command_name(context) in setting.decides:
            shown = str(value).lower() if isinstance(value, bool) else value
            decisive.append((setting.name, shown, configuration_of(context).place(setting.name)))
    return decisive


def deciding_text(context: click.Context) -> str:
    """Return these settings in a line, empty where there are none."""
    said = ", ".join(f"{name} = {value} ({place})" for name, value, place in deciding_settings(context))
    return f"exit code by a configuration that was found: {said}; --no-config passes it over" if said else ""


def tell_deciding(context: click.Context) -> None:
    """Say on standard error which settings of a file that was found make the exit code another."""
    from perpend.core.diagnostics.escape import visible

    if text := deciding_text(context):
        click.echo(f"perpend: {visible(text)}", err=True)


def command_name(context: click.Context) -> str:
    """Return a command's name as settings call it, such as ``site build``."""
    names: list[str] = []
    here: click.Context | None = context
    while here is not None and here.parent is not None:
        names.insert(0, here.info_name or "")
        here = here.parent
    return " ".join(names)


def _config() -> click.Option:
    return click.Option(
        ["--config"],
        metavar="FILE",
        type=click.Path(),
        is_eager=True,
        expose_value=False,
        callback=_read,
        help="Take defaults from this file instead of the nearest perpend.toml or pyproject.toml.",
    )


def _no_config() -> click.Option:
    return click.Option(
        ["--no-config"], is_flag=True, is_eager=True, expose_value=False, callback=_turn_off, help="Take defaults from no file."
    )


def _turn_off(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # Of two eager options the one that stands first is called first, and one that is not given behind those that are.
    context.meta[_OFF] = value
    if value and context.meta.get(_META) is not None:
        _refuse_both(context)


def _read(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Read the configuration and let the command's options have their defaults from it."""
    from perpend.cli.config.configuration import Configuration, configuration_here
    from perpend.cli.config.files import UnusableConfiguration
    from perpend.cli.config.settings import settings_of

    off = context.meta.get(_OFF, False)
    if off and value is not None:
        _refuse_both(context)
    named = value if value is not None else os.environ.get(VARIABLE) or None
    try:
        configuration = Configuration() if off else configuration_here(named)
    except UnusableConfiguration as error:
        raise UnusableConfiguration(f"{error} (named by {VARIABLE})") if named and value is None else error from None
    context.meta[_META] = configuration
    context.meta[_NAMED_BY] = None if off or named is None else VARIABLE if value is None else "--config"
    defaults: dict[str, Any] = {}
    for setting in settings_of(command_name(context)):
        name = _parameter_of(context, setting).name
        if setting.name in configuration.values and name is not None:
            defaults[name] = value_in_use(configuration, setting)
    context.default_map = defaults


def value_in_use(configuration: Configuration, setting: Setting) -> Any:
    """Return a value of the file as a command takes it: paths as the working directory sees them."""
    from perpend.cli.config.settings import SettingKind

    return configuration.path(setting.name) if setting.kind is SettingKind.PATH else configuration.values[setting.name]


def _refuse_both(context: click.Context) -> None:
    raise click.UsageError("--config and --no-config exclude each other", context)


def _parameter_of(context: click.Context, setting: Setting) -> click.Parameter:
    return next(param for param in context.command.params if setting.option in param.opts)


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE and bool(context.params[name])


def _nothing(parameter: click.Parameter) -> Any:
    if parameter.multiple:
        return ()
    return False if isinstance(parameter, click.Option) and parameter.is_flag else None


def _from_file(context: click.Context) -> Iterator[tuple[Setting, Any]]:
    """Yield the settings that a command has a value of from the file, with these values."""
    from perpend.cli.config.settings import settings_of

    for setting in settings_of(command_name(context)):
        name = _parameter_of(context, setting).name
        if name is not None and is_from_file(context, name):
            yield setting, context.params[name]


def _setting_of(context: click.Context, parameter: click.Parameter | None) -> Setting | None:
    """Return the setting that a parameter has its value from, None where the file says nothing of it."""
    from perpend.cli.config.settings import settings_of

    if parameter is None or not is_from_file(context, parameter.name or ""):
        return None
    return next((one for one in settings_of(command_name(context)) if one.option in parameter.opts), None)


def _spoken_of(context: click.Context, message: str) -> Setting | None:
    """Return the setting whose option a message names first, among those that the file says."""
    words = re.findall(r"--[a-z][a-z-]*", message)
    among = (setting for setting, _ in _from_file(context) if setting.option in words)
    return min(among, key=lambda setting: words.index(setting.option), default=None)


def _placed(context: click.Context, setting: Setting, error: click.UsageError) -> PerpendError:
    """Return what is wrong with a value of the file, with the place and the key of it in front."""
    return PerpendError(f"{configuration_of(context).place(setting.name)}: `{setting.name}`: {error.message}")


def _tell_of_path(configuration: Configuration, setting: Setting) -> None:
    """Say on standard error which path outside of its own directory a file has named: whoever runs Perpend did not."""
    from perpend.cli.config.settings import SettingKind
    from perpend.core.diagnostics.escape import visible

    if setting.kind is SettingKind.PATH and configuration.leads_out(setting.name):
        place, path = configuration.place(setting.name), visible(configuration.path(setting.name))
        click.echo(f"perpend: {place}: `{setting.name}` is outside of the file's directory: {path}", err=True)


def _place_in_file(context: click.Context, message: str) -> str | None:
    """Return where the value stands that an error speaks of, where that is one of the file."""
    from perpend.language.compiler.names import printable

    for setting, value in _from_file(context):
        texts = [one for one in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(one, str)]
        if any(message.startswith(f"{text}:") or f"'{printable(text)}'" in message for text in texts):
            return configuration_of(context).place(setting.name)
    return None
