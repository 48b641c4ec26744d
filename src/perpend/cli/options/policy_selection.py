"""The options by which commands that judge say which policies do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.options.completion import complete_frameworks, complete_policies
from perpend.cli.options.values import repository_option

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = TypeVar("Command", bound=Callable[..., Any])


def choice_options(command: Command) -> Command:
    """Add the options that choose policies: ``policies``, ``repo``, ``frameworks``, ``inherited``, ``exclude``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Judge by these policies only; may be repeated.",
    ),
    repository_option,
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Judge by the policies mapped to this framework or section, without a version the newest; may be repeated.",
    ),
    click.option(
        "--inherited", is_flag=True, help="With --framework: also by those that reach it through rules or similar sections."
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Do not ask these policies, which reports tell; may be repeated.",
    ),
)
