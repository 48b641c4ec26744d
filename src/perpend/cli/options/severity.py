"""The options ``--ratings``, ``--default-ratings`` and ``--unrated-passes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import is_from_file
from perpend.findings.severity.active import SEVERITIES, is_severity, rating_files

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = ["check_unrated_passes", "rating_files", "ratings_options", "unrated_passes_option"]

_ratings_option: Final = click.option(
    "--ratings",
    "ratings_dir",
    metavar="DIR",
    type=click.Path(),
    help="Read severity ratings from this directory. Default: `ratings` in the repository.",
)
_default_ratings_option: Final = click.option(
    "--default-ratings/--no-default-ratings",
    default=True,
    help="Use Perpend's default for policies of the library that you do not rate, or leave them unrated.",
)
unrated_passes_option = click.option(
    "--unrated-passes", is_flag=True, help="With --fail-on SEVERITY: findings without a rating do not fail the run."
)


def ratings_options(command: Command) -> Command:
    """Add ``--ratings`` and ``--default-ratings``."""
    return _ratings_option(_default_ratings_option(command))


def check_unrated_passes(context: click.Context, fail_on: str | None, unrated_passes: bool) -> None:
    """Raise UsageError for --unrated-passes without a severity in --fail-on."""
    if unrated_passes and not is_severity(fail_on) and not is_from_file(context, "unrated_passes"):
        raise click.UsageError(f"--unrated-passes goes with --fail-on {'|'.join(SEVERITIES)}")
