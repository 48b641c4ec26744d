"""The options that choose policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import is_from_file, selecting_settings
from perpend.cli.options.completion import complete_frameworks, complete_policies
from perpend.cli.options.values import repository_option
from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.runs.request import POLICIES
from perpend.runs.warnings import warn_found_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Command = TypeVar("Command", bound=Callable[..., Any])


def choice_options(command: Command) -> Command:
    """Add the options that choose policies: ``policies``, ``repo``, ``frameworks``, ``inherited``, ``exclude``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


exclude_option = click.option(
    "--exclude",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="Do not evaluate these policies; may be repeated. Reports name them.",
)
_OPTIONS: Final = (
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Evaluate these policies only; may be repeated.",
    ),
    repository_option,
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Evaluate the policies of this framework or section; may be repeated. Default version: the newest.",
    ),
    click.option(
        "--inherited",
        is_flag=True,
        help="With --framework: also evaluate policies that reach it through rules or similar sections.",
    ),
    exclude_option,
)


def warn_selecting_settings() -> None:
    """Warn about settings that choose policies, in a configuration file that Perpend has found itself."""
    warn_found_settings(POLICIES, selecting_settings(click.get_current_context()))


def policy_choice(context: click.Context, given: Mapping[str, Any]) -> PolicyChoice:
    """Return the policies that the parameters of a command choose."""
    return PolicyChoice(
        policies=given["policies"],
        frameworks=given["frameworks"],
        inherited=given.get("inherited", False),
        exclude=given["exclude"],
        standing=is_from_file(context, "policies"),
    )
