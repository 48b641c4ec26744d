"""``perpend report html``: a store judged and handed over as one file of HTML."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.commands.check import command as check
from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.completion import complete_categories, complete_runs
from perpend.cli.options.policy_selection import choice_options
from perpend.cli.options.severity import ratings_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.objects.status import Status

EPILOG = """\b
Examples:
  perpend report html --store inventory --out report.html
  perpend report html --store inventory --framework cis-aws --out report.html
  perpend report html --store inventory --ratings ratings --out report.html
  perpend report html --store inventory --account production --status INCOMPLIANT --out production.html

\b
Exit codes: 0 the report was written, 2 usage, input or repository error, or an input that the snapshot lacks."""


@click.group("report", epilog=EPILOG)
def command() -> None:
    """Write a report to hand over."""


@command.command("html", cls=Configured, epilog=EPILOG)
@click.option("--store", metavar="DIR", required=True, type=click.Path(), help="Report on the snapshot in force of this store.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Report on this snapshot of the store.")
@click.option("--out", metavar="FILE", required=True, type=click.Path(), help="The file to write, readable by its owner only.")
@choice_options
@waiver_options
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status], case_sensitive=False),
    help="Show verdicts of this status only; may be repeated. Without it, what is incompliant or undetermined.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_categories,
    help="Show policies of this category only; may be repeated.",
)
@click.option(
    "--account", "accounts", multiple=True, metavar="ID|NAME", help="Show what belongs to this account; may be repeated."
)
@ratings_option
@click.option("--snapshot-time", metavar="TIME", help="When the estate looked like this; else what the store says.")
@click.option("--max-age", metavar="AGE", help="How old facts may be, such as 24h or 7d; older ones are not known.")
@click.pass_context
def html(context: click.Context, /, **given: Any) -> int:
    """Judge a store and write what was found as one page: a single file that opens without a network, in any browser.

    Where the store has a history, it shows since when findings are open, which are waived, and a trend. It is `perpend check
    --store DIR --format html`, which does not fail because of what was found, and keeps no history.
    """
    words = ["--format", "html", "--fail-on", "never", "--no-history", *_words(context, given)]
    configuration = configuration_of(context)
    words += ["--config", str(configuration.file.path)] if configuration.file else ["--no-config"]
    # A root of its own: what options have said to this command is not what they say to the other one.
    root = click.Context(context.find_root().command, info_name="perpend")
    with check.make_context("check", words, parent=root) as judging:
        code: int = check.invoke(judging)
    return code if code == USAGE_ERROR else 0


def _words(context: click.Context, given: dict[str, Any]) -> list[str]:
    """Return what options were given, as a command line says it."""
    words: list[str] = []
    for option in context.command.params:
        value = given.get(option.name or "")
        if not isinstance(option, click.Option) or not value:
            continue
        name = option.opts[0]
        words += (
            [name] if option.is_flag else [word for one in (value if option.multiple else [value]) for word in (name, str(one))]
        )
    return words
