"""``perpend scan``: a cloud account collected, judged and reported in one go."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from perpend.cli.actions.clouds.collect import NOT_ALL, collect_into
from perpend.cli.actions.clouds.collection_plan import CollectOptions, collection_options, to_collect
from perpend.cli.actions.clouds.dry_run import print_dry_run
from perpend.cli.actions.clouds.policy_filter import policies_asked
from perpend.cli.commands.check import command as check
from perpend.cli.config.command import Configured, configuration_of
from perpend.cli.options.reporting import ReportOptions, report_options, words_of_report
from perpend.cli.options.repository import hold_repository, repository_here, store_named
from perpend.cli.options.waivers import waivers_here
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
    wishes.refuse_contradictions()
    if wishes.resume and store is None:
        raise click.UsageError("--resume goes on with what stands in a --store")
    repository = repository_here(wishes.repo)
    waivers_here(repository, None)  # what cannot be read stops before anything is asked
    report.rating(repository)  # likewise
    collection = to_collect(repository, wishes.policies, wishes.frameworks, wishes.types)
    if wishes.dry_run:
        print_dry_run(collection.plan, wishes)
        return 0
    configuration = configuration_of(context)
    asked = policies_asked(collection, wishes, configuration.values.get("exclude", ()))
    with ExitStack() as stack:
        directory = store if store is not None else str(stack.enter_context(scratch()) / "store")
        collected = collect_into(store_named(directory), repository, asked.to_collect, wishes, beside=True)
        kept = [] if store is not None else ["--no-history"]
        words = ["--store", directory, *kept, *words_of_report(context), *asked.words]
        words += ["--repo", wishes.repo] if wishes.repo is not None else []
        words += ["--config", str(configuration.file.path)] if configuration.file else ["--no-config"]
        # A root of its own: what options have said to this command is not what they say to the other one.
        root = click.Context(context.find_root().command, info_name="perpend")
        hold_repository(root, repository)
        with check.make_context("check", words, parent=root) as judging:
            judged: int = check.invoke(judging)
    asked.tell()
    return judged or (NOT_ALL if collected == NOT_ALL else 0)
