"""``perpend scan``: collect a cloud account, check it, and report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.collect_dry_run import print_dry_run
from perpend.cli.collect_summary import print_collected, print_policy_filter, scan_facts
from perpend.cli.commands.collect import INCOMPLETE
from perpend.cli.config.command import Configured
from perpend.cli.options.collection import CloudGroup, collection_options, examples
from perpend.cli.options.next_commands import explain_options, run_commands
from perpend.cli.options.policy_selection import exclude_option, warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import report_options, run_request
from perpend.cli.options.values import max_age_option
from perpend.cli.options.waivers import waiver_options
from perpend.cli.progress import TerminalProgress
from perpend.collectors.registry import commands_of
from perpend.core.clouds.aws import AWS
from perpend.core.errors import InvalidOption
from perpend.inventory.snapshots.default_store import default_store
from perpend.inventory.snapshots.open_store import is_address
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.runs.scan import planned_scan, policy_filter, scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perpend.collectors.runs.collection import CollectionResult
    from perpend.core.clouds.cloud import Cloud
    from perpend.language.syntax.repository import Repository
    from perpend.reports.terminal.verdicts.next_command import RunCommands
    from perpend.runs.request import RunRequest

_EXIT_CODES = """\b
Exit codes: 0 nothing incompliant or undetermined and everything read, 1 something incompliant,
2 nothing could be collected, or the run was not recorded, 3 something undetermined or not read, 130 interrupted."""


def _command_of(cloud: Cloud) -> click.Command:
    """Return the command that scans a cloud."""

    @click.command(
        cloud.name,
        cls=Configured,
        yields={
            "store": ("no_store",),
            "policies": ("frameworks",),
            "frameworks": ("policies",),
            "require_coverage": ("policies",),
        },
        help=f"Collect {cloud.title} accounts, check them against policies, and report.\n\n"
        f"This is `perpend collect {cloud.name}` and then `perpend check`. It collects only the fields that the policies read, "
        "and prints a summary; --details prints all. With --types alone, it evaluates the policies that read no other type, "
        "and names the others.",
        epilog=_epilog(cloud),
    )
    @click.option(
        "--store",
        metavar="DIR",
        type=click.Path(),
        help="Keep the snapshot in this store. Default: .perpend/store, here.",
    )
    @click.option("--no-store", is_flag=True, help="Keep nothing: delete the snapshot after the report.")
    @collection_options(cloud)
    @exclude_option
    @max_age_option
    @report_options
    @waiver_options
    @click.pass_context
    def scan(context: click.Context, /, store: str | None, no_store: bool, **given: Any) -> int:
        return _scan(context, cloud, store, given, no_store=no_store)

    return scan


def _epilog(cloud: Cloud) -> str:
    lines = examples(f"perpend scan {cloud.name}", commands_of(cloud.name).scan_examples)
    return f"\b\nExamples:\n{lines}\n\n{_EXIT_CODES}" if lines else _EXIT_CODES


@click.group("scan", cls=CloudGroup, command_of=_command_of, epilog=_epilog(AWS))
def command() -> None:
    """Collect a cloud account, check it against policies, and report."""


def _scan(context: click.Context, cloud: Cloud, store: str | None, given: Mapping[str, Any], *, no_store: bool) -> int:
    options_of = commands_of(cloud.name).options_class
    options = options_of(**{field.name: given[field.name] for field in fields(options_of) if field.name in given})
    if no_store and (store is not None or options.resume):
        other = "--resume" if store is None else "--store"
        raise InvalidOption(f"{other} and --no-store exclude each other", other, "--no-store")
    repository = open_repository_here(options.repo)
    is_short = given["form"] == "table" and not (given["details"] or given["quiet"])
    request = run_request(context, {**given, "summary": given["summary"] or is_short}, repository)
    plan = planned_scan(request, options, cloud.name)
    if options.dry_run:
        warn_selecting_settings()
        print_dry_run(plan, options)
        return 0
    policies = policy_filter(plan, options, given["exclude"])
    with ExitStack() as stack:
        directory = str(stack.enter_context(scratch()) / "store") if no_store else store or default_store()

        def commands(_: Sequence[str]) -> RunCommands:
            return _commands(context, repository, None if no_store else directory)

        def collected(request: RunRequest, result: CollectionResult) -> RunRequest:
            seconds = round(time.monotonic() - began)
            if store is None and not no_store:
                click.echo(f"perpend: the data are kept in {directory} (--store DIR: elsewhere, --no-store: nowhere)", err=True)
            print_collected(result, policies.request, err=True, in_short=is_short, names=request.names)
            return replace(request, commands=commands, scanned=scan_facts(result, seconds))

        began = time.monotonic()
        progress = TerminalProgress(stays=not no_store)
        outcome = scan(policies, request, options, directory, progress, stays=not no_store, collected=collected)
    print_policy_filter(policies, in_short=is_short)
    return outcome.run.exit_code or (0 if outcome.collected.is_complete else INCOMPLETE)


def _commands(context: click.Context, repository: Repository, store: str | None) -> RunCommands:
    """Return the commands that go on from this run. ``store`` is None if none is kept."""
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

    explain = ExplainCommand((), explain_options(context, store), repository.policy_ids, stays=store is not None)
    return run_commands(context, explain, store=store, has_history=store is not None and not is_address(store))
