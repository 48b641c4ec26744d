"""``perpend export``: send findings to another system, only new and changed ones."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from perpend.cli.config.command import Configured
from perpend.cli.options.policy_selection import choice_options
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import run_request
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.store import NO_DEFAULT, StoreOption
from perpend.cli.options.values import max_age_option
from perpend.cli.options.waivers import waiver_options
from perpend.collectors.protocol import CannotPush
from perpend.collectors.registry import connect_findings
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.inventory.snapshots.open_store import is_address
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.formats.asff import LEVELS
from perpend.reports.formats.write import FormatOptions
from perpend.runs.evaluate import run_on_store
from perpend.runs.request import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from perpend.collectors.protocol import FindingsService, PushResult

REFUSED: Final = 1
"""The exit code if Security Hub rejected some findings."""

_MOST_REFUSED: Final = 5
_OF_STORE: Final = (
    "policies",
    "frameworks",
    "inherited",
    "exclude",
    "repo",
    "waivers_dir",
    "no_waivers",
    "ratings_dir",
    "default_ratings",
    "max_age",
)

EPILOG = """\b
Examples:
  perpend export security-hub --store inventory --unrated medium --to-region eu-west-1
  perpend check --store inventory --format asff --all --unrated medium --out findings.json
  perpend export security-hub findings.json --to-region eu-west-1
  perpend export security-hub findings.json --dry-run

\b
Exit codes: 0 all new and changed findings were sent, 1 Security Hub rejected some of them, 2 usage or input
error, or Security Hub cannot be reached. Findings that were sent before the error are remembered."""


@click.group("export", epilog="\b\nExamples:\n  perpend export security-hub --store inventory --unrated medium --dry-run")
def command() -> None:
    """Send findings to another system."""


@command.command(
    "security-hub",
    cls=Configured,
    yields={
        "store": ("file",),
        "policies": ("frameworks",),
        "frameworks": ("policies",),
        "inherited": ("policies", "frameworks"),
    },
    epilog=EPILOG,
)
@click.argument("file", required=False, type=click.Path())
@click.option("--store", cls=StoreOption, help="Check this store and send its findings, instead of a file's.")
@click.option("--unrated", type=click.Choice(LEVELS), help="With --store: the severity of findings without a rating.")
@choice_options
@waiver_options
@ratings_options
@max_age_option
@click.option(
    "--sent", metavar="FILE", type=click.Path(), help="Record the sent findings here. Default: next to the store or file."
)
@click.option(
    "--to-region", "region", metavar="REGION", help="The region of the Security Hub. Default: the region of the profile."
)
@click.option("--profile", metavar="NAME", help="The profile of the AWS configuration.")
@click.option("--endpoint-url", metavar="URL", help="Send to this server instead of AWS, such as a test server.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.pass_context
def security_hub(
    context: click.Context,
    /,
    file: str | None,
    store: str | None,
    unrated: str | None,
    sent: str | None,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    *,
    dry_run: bool,
    **given: Any,
) -> int:
    """Send new and changed findings to AWS Security Hub, from a store or from FILE.

    `perpend check --format asff` writes FILE. The command records the sent findings. Next time it sends changes only, and
    findings that it sent 60 days ago. It leaves out findings of other accounts than that of the credentials: Security Hub
    rejects them.
    """
    if bool(file) is (store is not None):
        raise click.UsageError(f"name either a FILE or a --store{NO_DEFAULT if not file else ''}")
    if (store is None) is (unrated is not None):
        raise click.UsageError("--unrated LEVEL goes with --store, and --store with --unrated")
    for option in context.command.params if file else ():
        if option.name in _OF_STORE and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} goes with --store")
    service = connect_findings("aws", "perpend export security-hub").findings_service(profile, endpoint_url, region or "")
    record = _record_path(sent, store or file or "", f"{service.account}-{service.region}")
    with ExitStack() as stack:
        name = file if file is not None else str(stack.enter_context(scratch()) / "findings.json")
        if store is not None:
            _write_findings(context, store, FormatOptions("asff", name, every=True, unrated=unrated), given)
        lines = stack.enter_context(_lines_in(name))
        stack.callback(service.close)
        return _send(service, lines, visible(name), record, dry_run=dry_run)


def _write_findings(context: click.Context, store: str, format: FormatOptions, given: Mapping[str, Any]) -> None:
    """Check a store and write all its findings to a file, passing ones included."""
    repository = open_repository_here(given["repo"])
    request = run_request(context, given, repository, format=format, fail_on="never", decided=())
    if run_on_store(request, store, record=False).exit_code == UNUSABLE:
        raise CannotPush("the store was not evaluated in full: nothing was sent")


def _send(service: FindingsService, lines: TextIO, name: str, record: Path, *, dry_run: bool) -> int:
    """Send the new and changed findings, print a summary, and return the exit code. Raises CannotPush."""
    result = service.push(lines, name, record, dry_run=dry_run)
    _print_summary(result, f"{service.account} in {service.region}", dry_run=dry_run)
    return REFUSED if result.refused else 0


def _print_summary(result: PushResult, where: str, *, dry_run: bool) -> None:
    verb = "would be sent" if dry_run else "sent"
    click.echo(
        f"Security Hub of {where}: {result.sent:,} {verb} in {counted(result.calls, 'call')} ({result.new:,} new, "
        f"{result.changed:,} changed, {result.refreshed:,} refreshed), {result.same:,} unchanged, "
        f"{result.no_news:,} that pass and were never sent"
    )
    if result.unmentioned:
        click.echo(f"perpend: {counted(result.unmentioned, 'finding')} sent before, not mentioned now, left alone", err=True)
    if result.foreign:
        click.echo(f"perpend: {counted(result.foreign, 'finding')} of other accounts not sent", err=True)
    for name, reason in list(result.refused.items())[:_MOST_REFUSED]:
        click.echo(f"perpend: refused: {visible(name)}: {visible(reason)}", err=True)
    if len(result.refused) > _MOST_REFUSED:
        click.echo(f"perpend: {len(result.refused):,} refused in all", err=True)


def _record_path(sent: str | None, place: str, where: str) -> Path:
    """Return the file that remembers what was sent, one for each account and region. ``place`` is the store or the file."""
    if sent is not None:
        return Path(sent)
    if place == "-" or is_address(place):
        raise click.UsageError("--sent must name a file for the record of sent findings: this input has no place for it")
    return Path(f"{place.rstrip('/' + os.sep)}.asff-sent-{where}.ndjson")


@contextmanager
def _lines_in(name: str) -> Iterator[TextIO]:
    """Yield an open file, standard input for ``-``. Raises CannotPush."""
    if name == "-":
        yield sys.stdin
        return
    try:
        with open(name, encoding="utf-8", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise CannotPush(f"{visible(name)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise CannotPush(f"{visible(name)}: not text in UTF-8") from None
