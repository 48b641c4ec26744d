"""The options of ``collect`` and ``scan``, and the collection that they ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.options.completion import complete_frameworks, complete_policies, complete_types
from perpend.cli.options.values import age, repository_option
from perpend.collectors.registry import commands_of
from perpend.core.clouds.registry import cloud_named, collected_clouds
from perpend.language.compiler.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from perpend.collectors.protocol import CommandOption
    from perpend.core.clouds.cloud import Cloud


class CloudGroup(click.Group):
    """A group with a command for each cloud that can be collected. It names them if another cloud is named.

    ``command_of`` returns the command of a cloud by its name.
    """

    def __init__(self, *arguments: Any, command_of: Callable[[Cloud], click.Command], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._command_of = command_of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the clouds."""
        return [cloud.name for cloud in collected_clouds()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a cloud."""
        if cmd_name not in self.commands:
            cloud = cloud_named(cmd_name)
            if cloud is None or not cloud.collector:
                return None
            self.commands[cmd_name] = self._command_of(cloud)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of a cloud."""
        names = self.list_commands(ctx)
        word = args[0].casefold() if args else ""
        if word in _ALIASES:
            ctx.fail(f"unknown command '{args[0]}' (did you mean '{_ALIASES[word]}'?)")
        if word not in names and word in _OTHER_CLOUDS:
            *first, last = [cloud.title for cloud in collected_clouds()]
            ctx.fail(f"only {', '.join(first)} and {last} can be collected so far, not '{args[0]}'")
        return super().resolve_command(ctx, args)


_ALIASES: Final = {"az": "azure", "gcp": "google", "gcloud": "google"}
"""Other names of clouds that can be collected."""

_OTHER_CLOUDS: Final = frozenset(
    (
        "oci",
        "oracle",
        "alibaba",
        "aliyun",
        "ibm",
        "k8s",
        "kubernetes",
        "github",
        "m365",
    )
)
"""The words that mean other clouds. Any other word is taken for a misspelt command."""


def _address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a valid address. Raises BadParameter."""
    if value is not None and not re.fullmatch(r"https?://[^/\s]\S*", value):
        raise click.BadParameter(f"'{printable(value)}' is not an address, such as http://127.0.0.1:5000", context, parameter)
    return value


_BEFORE_ADDRESS: Final = (
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Collect only the fields that these policies read; may be repeated.",
    ),
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Collect only the fields that policies of this framework or section read; may be repeated.",
    ),
    repository_option,
    click.option(
        "--types",
        multiple=True,
        metavar="TYPE",
        shell_complete=complete_types,
        help="Collect all fields of this object type; may be repeated.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        help="The maximum of concurrent listings.",
    ),
)

_AFTER_ADDRESS: Final = (
    click.option("--resume", is_flag=True, help="Resume an interrupted collection with the same options."),
    click.option(
        "--resume-age",
        default="4h",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="With --resume: read again what is older, such as 90m, 4h or 2d.",
    ),
    click.option(
        "--keep-disappeared",
        default="30d",
        show_default=True,
        metavar="AGE",
        callback=age,
        help="How long objects that have disappeared stay in the store.",
    ),
    click.option("--dry-run", is_flag=True, help="Only print the accounts and calls, and about how long they take."),
)


def collection_options(cloud: Cloud) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return a decorator that adds the options of a collection from a cloud, which are the fields of its class of options."""
    address = click.option(
        "--endpoint-url",
        metavar="URL",
        callback=_address,
        help=f"Use another server than {cloud.title}, such as a test server.",
    )
    own = map(_own_option, commands_of(cloud.name).options)
    every: list[Callable[..., Any]] = [*own, *_BEFORE_ADDRESS, address, *_AFTER_ADDRESS]

    def decorated(command: Callable[..., int]) -> Callable[..., int]:
        for option in reversed(every):
            command = option(command)
        return command

    return decorated


def examples(command: str, words: Iterable[str]) -> str:
    """Return the examples of a cloud's command as lines of an epilog. ``words`` are those after the command."""
    return "\n".join(f"  {command} {more}".rstrip() for more in words)


def _own_option(declared: CommandOption) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return the option that a cloud declares."""
    if not declared.metavar:
        return click.option(declared.flag, declared.field, is_flag=True, help=declared.help)

    def checked(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        for given in value if declared.several else (value,):
            refusal = declared.refusal(given) if declared.refusal and given is not None else None
            if refusal:
                raise click.BadParameter(refusal, context, parameter)
        return value

    return click.option(
        declared.flag,
        declared.field,
        metavar=declared.metavar,
        multiple=declared.several,
        callback=checked,
        hidden=declared.hidden,
        help=declared.help,
    )
