"""The option ``--format`` and the options of single formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.reports.formats.registry import WRITES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = TypeVar("Command", bound=Callable[..., Any])
    _Words = click.Choice[str]
else:
    _Words = click.Choice  # click.Choice takes no type parameter before click 8.2


class FormatOfCommand(_Words):
    """The formats of a command. The error for a format of another command names the formats of this one."""

    def __init__(self, command: str) -> None:
        super().__init__(WRITES[command])
        self._command = command

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the format that a word names."""
        if value not in self.choices and any(value in forms for forms in WRITES.values()):
            self.fail(_not_among(self._command, value, self.choices), param, ctx)
        return super().convert(value, param, ctx)


def not_written(command: str, form: str) -> str:
    """Return the error message for a format that a command does not write."""
    return _not_among(command, form, WRITES[command])


def _not_among(command: str, form: str, forms: Sequence[str]) -> str:
    *others, last = forms
    return f"perpend {command} does not write {form}; it writes {', '.join(others)} or {last}"


def format_option(
    command: str, *, help: str = "The format of the output.", forms: FormatOfCommand | None = None
) -> Callable[[Command], Command]:
    """Return the option ``--format`` of a command."""
    return click.option(
        "--format", "form", type=forms or FormatOfCommand(command), default=WRITES[command][0], show_default=True, help=help
    )


def format_options(command: Command) -> Command:
    """Add the options of single formats."""
    return _ALL(history_format_options(command))


def history_format_options(command: Command) -> Command:
    """Add the options of single formats for a command that has its own option for the status."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_ALL: Final = click.option(
    "--all",
    "every",
    is_flag=True,
    help="With ocsf, asff and sarif: write findings of every status, not only incompliant and undetermined ones.",
)
_OPTIONS: Final = (
    click.option(
        "--ocsf-version",
        type=click.Choice(["1.5.0", "1.8.0"]),
        help="With ocsf: the version of OCSF.  [default: 1.8.0]",
    ),
    click.option(
        "--unrated",
        type=click.Choice(["low", "medium", "high", "critical"]),
        help="With asff: the severity of findings without a rating. ASFF requires a severity.",
    ),
    click.option("--github", is_flag=True, help="With sarif: write undetermined verdicts as notifications, not as results."),
)
