"""The class of commands with defaults from the configuration file, and questions about values from that file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.core.errors import InvalidOption, PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.cli.config.configuration import Configuration
    from perpend.cli.config.settings import Setting
    from perpend.language.syntax.parameter_settings import ParameterSetting

VARIABLE: Final = "PERPEND_CONFIG"
"""The environment variable that names a configuration file."""

_LONGEST_VALUE: Final = 300

_META: Final = __name__
_OFF: Final = f"{__name__}.off"
_NAMED_BY: Final = f"{__name__}.named_by"


class Configured(click.Command):
    """A command with defaults from the configuration file, and the options ``--config`` and ``--no-config``.

    ``yields`` maps a parameter to others: if one of these is given, the parameter does not take its value from the file, and
    not its default.
    """

    def __init__(self, *arguments: Any, yields: Mapping[str, Sequence[str]] | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._yields = yields or {}
        self.params += [_no_config(), _config()]

    def yields(self, ctx: click.Context, name: str | None) -> bool:
        """Whether a parameter is given to which the parameter with a name yields."""
        return any(_is_given(ctx, other) for other in self._yields.get(name or "", ()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line. The error for a value from the file names the line of the file."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            setting = _setting_of(ctx, error.param)
            if setting is None:
                raise
            raise _placed(ctx, setting, error.message) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. The error for a value from the file names the line of the file."""
        for name in self._yields:
            if is_from_file(ctx, name) and self.yields(ctx, name):
                ctx.params[name] = _nothing(next(param for param in self.params if param.name == name))
                ctx.set_parameter_source(name, ParameterSource.DEFAULT)
        refuse_found_bucket(ctx)
        for setting, _ in _from_file(ctx):
            _warn_outside(configuration_of(ctx), setting)
        try:
            return super().invoke(ctx)
        except InvalidOption as error:
            for setting, _ in _from_file(ctx):
                if setting.option in error.options:
                    raise _placed(ctx, setting, str(error)) from None
            raise click.UsageError(str(error), ctx) from None
        except PerpendError as error:
            for setting, value in _from_file(ctx):
                if error.value is not None and error.value in (value if isinstance(value, (list, tuple)) else [value]):
                    raise PerpendError(f"{configuration_of(ctx).place(setting.name)}: {error}") from None
            raise


def configuration_of(context: click.Context) -> Configuration:
    """Return the configuration that a command has read."""
    configuration: Configuration = context.meta[_META]
    return configuration


def parameter_settings(context: click.Context | None) -> tuple[ParameterSetting, ...]:
    """Return the values of policies' parameters in the configuration that a command has read; none without a command."""
    configuration: Configuration | None = context.meta.get(_META) if context is not None else None
    return configuration.parameters if configuration is not None else ()


def site_address(context: click.Context) -> str:
    """Return the address of the published site that the configuration names, empty if it names none."""
    return str(configuration_of(context).values.get("site.base-url", ""))


def named_by(context: click.Context) -> str | None:
    """Return the option or variable that names the configuration file, None if Perpend has found the file itself."""
    named: str | None = context.meta.get(_NAMED_BY)
    return named


def is_off(context: click.Context) -> bool:
    """Whether --no-config is given."""
    return bool(context.meta.get(_OFF, False))


def is_from_file(context: click.Context, name: str) -> bool:
    """Whether a parameter has its value from the configuration file."""
    return context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP


def refuse_found_bucket(context: click.Context) -> None:
    """Raise PerpendError for a store that is a bucket, in a file that Perpend has found itself.

    The author of such a file could otherwise send the user's credentials to any address.
    """
    from perpend.core.diagnostics.escape import visible
    from perpend.inventory.snapshots.open_store import is_address

    for setting, value in _found_settings(context):
        if setting.name == "store" and is_address(value):
            place, store = configuration_of(context).place(setting.name), visible(value)
            reason = f"`store` leads to {store}, and this file was found, not named"
            raise PerpendError(f"{place}: {reason}: if it is meant, say --store {store}")


def deciding_settings(context: click.Context) -> list[tuple[str, str, str]]:
    """Return the settings that change the exit code, in a file that Perpend has found itself: name, value, place."""
    from perpend.cli.config.settings import FAIL_ON
    from perpend.core.diagnostics.phrases import shorten

    shown_parameters = (
        (f"parameters.{setting.policy}.{setting.name}", json.dumps(setting.value, default=str), setting.place)
        for setting in parameter_settings(context)
        if named_by(context) is None
    )
    by_severity = context.params.get("fail_on") not in (None, *FAIL_ON)
    return [
        _shown(context, setting, value)
        for setting, value in _found_settings(context)
        if setting.decides and value != setting.builtin and (by_severity or setting.name not in ("ratings", "default-ratings"))
    ] + [(name, shorten(value, _LONGEST_VALUE), place) for name, value, place in shown_parameters]


def selecting_settings(context: click.Context) -> list[tuple[str, str, str]]:
    """Return the settings that choose policies, in a file that Perpend has found itself: name, value, place."""
    return [_shown(context, setting, value) for setting, value in _found_settings(context) if setting.selects and value]


def command_name(context: click.Context) -> str:
    """Return a command's name in the form of settings, such as ``site build``."""
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
        ["--no-config"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_turn_off,
        help="Ignore configuration files.",
    )


def _turn_off(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # click processes eager options in command-line order; options that were not given come last.
    context.meta[_OFF] = value
    if value and context.meta.get(_META) is not None:
        _refuse_both(context)


def _read(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Read the configuration and make it the source of the command's defaults."""
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
    context.default_map = {
        option.name: value_in_use(configuration, setting)
        for setting, option in settings_of(command_name(context), context.command)
        if setting.name in configuration.values and option.name is not None
        if not isinstance(option.type, click.Choice) or configuration.values[setting.name] in option.type.choices
    }


def value_in_use(configuration: Configuration, setting: Setting) -> Any:
    """Return the value of a setting for a command: a path relative to the working directory."""
    from perpend.cli.config.settings import SettingKind

    return configuration.path(setting.name) if setting.kind is SettingKind.PATH else configuration.values[setting.name]


def _refuse_both(context: click.Context) -> None:
    raise click.UsageError("--config and --no-config exclude each other", context)


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE and bool(context.params.get(name))


def _nothing(parameter: click.Parameter) -> Any:
    if parameter.multiple:
        return ()
    return False if isinstance(parameter, click.Option) and parameter.is_flag else None


def _from_file(context: click.Context) -> Iterator[tuple[Setting, Any]]:
    """Yield the settings whose values a command takes from the file, with these values."""
    from perpend.cli.config.settings import settings_of

    for setting, option in settings_of(command_name(context), context.command):
        if option.name is not None and is_from_file(context, option.name):
            yield setting, context.params[option.name]


def _found_settings(context: click.Context) -> Iterator[tuple[Setting, Any]]:
    """Yield the settings whose values a command takes from a file that Perpend has found itself, with these values."""
    return _from_file(context) if named_by(context) is None else iter(())


def _shown(context: click.Context, setting: Setting, value: Any) -> tuple[str, str, str]:
    """Return the name, the value as in the file, and the place of a setting."""
    from perpend.core.diagnostics.phrases import shorten

    shown = value if isinstance(value, str) else shorten(json.dumps(value), _LONGEST_VALUE)
    return setting.name, shown, configuration_of(context).place(setting.name)


def _setting_of(context: click.Context, parameter: click.Parameter | None) -> Setting | None:
    """Return the setting that gives a parameter its value, None if the value is not from the file."""
    from perpend.cli.config.settings import settings_of

    if parameter is None or not is_from_file(context, parameter.name or ""):
        return None
    return next(
        (setting for setting, option in settings_of(command_name(context), context.command) if option is parameter), None
    )


def _placed(context: click.Context, setting: Setting, message: str) -> PerpendError:
    """Return the error for a value of the file, with its place and its key."""
    return PerpendError(f"{configuration_of(context).place(setting.name)}: `{setting.name}`: {message}")


def _warn_outside(configuration: Configuration, setting: Setting) -> None:
    from perpend.cli.config.settings import SettingKind

    if setting.kind is SettingKind.PATH:
        warn_outside(configuration, setting.name, configuration.values[setting.name], setting.option)


def warn_outside(configuration: Configuration, key: str, written: str, option: str | None = None) -> None:
    """Warn about a path outside of the file's directory. The author of the file may not be the user who runs Perpend.

    ``option`` is the option that names another path, if there is one.
    """
    from perpend.core.diagnostics.escape import visible

    if configuration.leads_out(written):
        other = f"{option} names another, " if option else ""
        click.echo(
            f"perpend: {configuration.place(key)}: `{key}` is outside of the file's directory: "
            f"{visible(configuration.resolved(written))}; it is used all the same: {other}--no-config ignores the file",
            err=True,
        )
