"""The options of commands that evaluate policies, and the run request that they make."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perpend.cli.config.command import configuration_of, deciding_settings, selecting_settings, site_address
from perpend.cli.config.settings import FAIL_ON
from perpend.cli.options.filters import filter_given, filter_options
from perpend.cli.options.format import format_option, format_options
from perpend.cli.options.names import names_option
from perpend.cli.options.policy_selection import policy_choice
from perpend.cli.options.severity import check_unrated_passes, ratings_options, unrated_passes_option
from perpend.cli.options.values import refuse_by_object
from perpend.findings.filters import OF_VERDICTS, STATUS
from perpend.findings.severity.active import SEVERITIES
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.write import FormatOptions
from perpend.runs.request import EXIT_CODE, RunRequest
from perpend.runs.warnings import warn_found_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.language.syntax.repository import Repository

    Command = TypeVar("Command", bound=Callable[..., Any])

verdict_filters: Final = filter_options(*OF_VERDICTS, notes={STATUS.name: " Totals and exit code still count all verdicts."})
_OPTIONS: Final = (
    format_option("check"),
    format_options,
    click.option(
        "--by",
        type=click.Choice(["verdict", "object"]),
        callback=refuse_by_object,
        expose_value=False,
        hidden=True,
    ),
    click.option(
        "--references",
        type=click.Choice(REFERENCES),
        default=REFERENCES[0],
        show_default=True,
        help="With --format json, ndjson or csv: write the fields that incompliant and undetermined verdicts read, with long "
        "values cut, or all fields in full.",
    ),
    click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output."),
    click.option(
        "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Objects shown per message in the table."
    ),
    names_option,
    click.option(
        "--summary",
        is_flag=True,
        help="With --format table: print at most 30 lines. Default of scan, and of a report of more than 60 lines.",
    ),
    click.option("--details", is_flag=True, help="With --format table: print every policy, and the objects to act on."),
    click.option("-q", "--quiet", is_flag=True, help="With --format table: print totals only."),
    verdict_filters,
    click.option(
        "--requirements",
        metavar="FILE",
        type=click.Path(),
        help="With --framework: also write a row for each requirement to this .json, .ndjson or .csv file.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice((*FAIL_ON, *SEVERITIES)),
        default="undetermined",
        show_default=True,
        help="Exit with 1 or 3 for these verdicts and worse ones. A severity needs ratings.",
    ),
    ratings_options,
    unrated_passes_option,
    click.option(
        "--require-coverage",
        is_flag=True,
        help="With --framework: exit with 3 unless all policies of every requirement were evaluated.",
    ),
)


def report_options(command: Command) -> Command:
    """Add the options that say which verdicts are reported, how, and with which exit code."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_SPECIAL: Final = {"repository", "inputs", "store", "choice", "format", "filter", "accounts", "decided", "selected"}
"""The fields of a request that are not parameters of a command by the same name."""


def run_request(context: click.Context, given: Mapping[str, Any], repository: Repository, **more: Any) -> RunRequest:
    """Return the request that the parameters of a command make; ``more`` are fields that are not parameters.

    Raises InvalidOption for options that do not go together.
    """
    check_unrated_passes(context, given.get("fail_on"), given.get("unrated_passes", False))
    request = RunRequest(
        **{
            "repository": repository,
            "choice": policy_choice(context, given),
            "format": FormatOptions(
                **{one.name: given[one.name] for one in fields(FormatOptions) if one.name in given}, site=site_address(context)
            ),
            "filter": filter_given(given),
            "accounts": configuration_of(context).accounts,
            "configuration": str(file.path.resolve()) if (file := configuration_of(context).file) else None,
            "decided": deciding_settings(context),
            "selected": selecting_settings(context),
            **{one.name: given[one.name] for one in fields(RunRequest) if one.name in given and one.name not in _SPECIAL},
            **more,
        }
    )
    request.check()
    return request


def warn_deciding_settings(context: click.Context) -> None:
    """Warn about settings that change the exit code, in a configuration file that Perpend has found itself."""
    warn_found_settings(EXIT_CODE, deciding_settings(context))
