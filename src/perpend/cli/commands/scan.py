"""``perpend scan``: a cloud account collected, judged and reported in one go."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from perpend.cli.collect_dry_run import print_dry_run
from perpend.cli.collect_summary import print_collected, print_policy_filter
from perpend.cli.commands.check import command as check
from perpend.cli.commands.collect import INCOMPLETE
from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.collection import collection_options, collection_request, policy_filter, reject_contradictions
from perpend.cli.options.reporting import ReportOptions, report_options, words_of_report
from perpend.cli.options.repository import hold_repository, repository_here, store_named
from perpend.cli.options.waivers import waivers_here
from perpend.cli.progress import TerminalProgress
from perpend.collectors.protocol import CollectOptions
from perpend.inventory.snapshots.temporary_store import scratch

EPILOG = """\b
Examples:
  perpend scan aws
  perpend scan aws --profile audit --framework cis-aws --store inventory
  perpend scan aws --org --role-name audit --accounts 'prod-*' --store inventory
  perpend scan aws --policy root-user-mfa --format json --out verdicts.json

\b
Exit codes: 0 nothing incompliant or undetermined and everything read, 1 something incompliant,
2 nothing could be collected, 3 something undetermined or not read, 130 interrupted."""


@click.group("scan", epilog=EPILOG)
def command() -> None:
    """Collect what a cloud account holds, judge it, report."""


@command.command("aws", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option("--store", metavar="DIR", type=click.Path(), help="Keep the snapshot in this store; without it nothing is kept.")
@collection_options
@report_options
@click.pass_context
def scan_aws(context: click.Context, /, store: str | None, **given: Any) -> int:
    """Ask AWS for what policies read of accounts, judge it by these policies, and report.

    It is `perpend collect aws` and `perpend check` after each other: what came in and what did not is told on standard error.
    With --types alone those policies judge that read nothing else; the others are told.
    """
    report = ReportOptions.taken_from(given)
    report.refuse_contradictions(given["frameworks"])
    wishes = CollectOptions(**given)
    reject_contradictions(wishes)
    if wishes.resume and store is None:
        raise click.UsageError("--resume goes on with what stands in a --store")
    repository = repository_here(wishes.repo)
    waivers_here(repository, None)  # what cannot be read stops before anything is asked
    report.rating(repository)  # likewise
    request = collection_request(repository, wishes.policies, wishes.frameworks, wishes.types)
    if wishes.dry_run:
        print_dry_run(request, wishes)
        return 0
    from perpend.collectors.runs.collection import collect_accounts

    configuration = configuration_of(context)
    asked = policy_filter(request, wishes, configuration.values.get("exclude", ()))
    with ExitStack() as stack:
        directory = store if store is not None else str(stack.enter_context(scratch()) / "store")
        collected = collect_accounts(store_named(directory), asked.request, wishes, TerminalProgress())
        print_collected(collected, asked.request, err=True)
        kept = [] if store is not None else ["--no-history"]
        words = ["--store", directory, *kept, *words_of_report(context)]
        words += [word for name in asked.policies for word in ("--policy", name)]
        words += [word for name in asked.frameworks for word in ("--framework", name)]
        words += ["--repo", wishes.repo] if wishes.repo is not None else []
        words += ["--config", str(configuration.file.path)] if configuration.file else ["--no-config"]
        # A root of its own: what options have said to this command is not what they say to the other one.
        root = click.Context(context.find_root().command, info_name="perpend")
        hold_repository(root, repository)
        with check.make_context("check", words, parent=root) as judging:
            judged: int = check.invoke(judging)
    print_policy_filter(asked)
    return judged or (0 if collected.is_complete else INCOMPLETE)
