"""``perpend scan``: collect a cloud account, check it, and report."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.collect_dry_run import print_dry_run
from perpend.cli.collect_summary import print_collected, print_policy_filter
from perpend.cli.commands.collect import INCOMPLETE
from perpend.cli.config.command import Configured, configuration_of, is_from_file, is_off, named_by
from perpend.cli.options.collection import collection_options, collection_request, policy_filter, reject_contradictions
from perpend.cli.options.policy_selection import exclude_option
from perpend.cli.options.repository import open_repository_here, open_store
from perpend.cli.options.runs import report_options, run_on_store, run_request
from perpend.cli.options.values import max_age_option
from perpend.cli.options.waivers import waiver_options
from perpend.cli.progress import TerminalProgress
from perpend.collectors.protocol import CollectOptions
from perpend.core.errors import InvalidOption
from perpend.core.values.age import format_age
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.runs import PolicyChoice, severities_of, waivers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.language.syntax.repository import Repository
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

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
    """Collect a cloud account, check it against policies, and report."""


@command.command(
    "aws",
    cls=Configured,
    yields={"policies": ("frameworks",), "frameworks": ("policies",), "require_coverage": ("policies",)},
    epilog=EPILOG,
)
@click.option("--store", metavar="DIR", type=click.Path(), help="Keep the snapshot in this store. Default: delete it.")
@collection_options
@exclude_option
@max_age_option
@report_options
@waiver_options
@click.pass_context
def scan_aws(context: click.Context, /, store: str | None, **given: Any) -> int:
    """Collect AWS accounts, check them against policies, and report.

    This is `perpend collect aws` and then `perpend check`. It collects only the fields that the policies read. A summary of
    the collection goes to standard error. With --types alone, it evaluates the policies that read no other type, and names the
    others.
    """
    options = CollectOptions(**{field.name: given[field.name] for field in fields(CollectOptions)})
    reject_contradictions(options)
    if options.resume and store is None:
        raise InvalidOption("--resume goes with --store", "--resume")
    repository = open_repository_here(options.repo)
    request = run_request(context, given, repository)
    # A faulty waiver or rating stops the command before it asks AWS.
    waivers_of(request)
    severities_of(request)
    collection = collection_request(repository, options.policies, options.frameworks, options.types)
    if options.dry_run:
        print_dry_run(collection, options)
        return 0
    from perpend.collectors.runs.collection import collect_accounts

    chosen = policy_filter(collection, options, given["exclude"])
    request = replace(
        request, choice=PolicyChoice(policies=chosen.policies, frameworks=chosen.frameworks, exclude=given["exclude"])
    )
    with ExitStack() as stack:
        directory = store if store is not None else str(stack.enter_context(scratch()) / "store")

        def explain_command(unread: Sequence[str]) -> ExplainCommand:
            return _explain_command(context, repository, directory, options.repo, is_kept=store is not None)

        collected = collect_accounts(open_store(directory), chosen.request, options, TerminalProgress())
        print_collected(collected, chosen.request, err=True)
        outcome = run_on_store(replace(request, explain_command=explain_command), directory, record=store is not None)
    print_policy_filter(chosen)
    return outcome.exit_code or (0 if collected.is_complete else INCOMPLETE)


def _explain_command(
    context: click.Context, repository: Repository, store: str, repo: str | None, *, is_kept: bool
) -> ExplainCommand:
    """Return the command that explains a verdict of this run."""
    from perpend.reports.terminal.verdicts.next_command import ExplainCommand

    file, max_age = configuration_of(context).file, context.params["max_age"]
    same = {
        "--store": store,
        "--max-age": None if max_age is None or is_from_file(context, "max_age") else format_age(max_age),
        "--repo": None if is_from_file(context, "repo") else repo,
        "--config": str(file.path) if file and named_by(context) == "--config" else None,
    }
    options = [word for option, value in same.items() if value is not None for word in (option, value)]
    options += ["--no-config"] if is_off(context) else []
    return ExplainCommand((), tuple(options), repository.policy_ids, is_kept=is_kept)
