"""``perpend collect``: collect cloud accounts into a store."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.collect_dry_run import print_dry_run
from perpend.cli.collect_summary import print_collected
from perpend.cli.config.command import Configured
from perpend.cli.options.collection import CloudGroup, collection_options
from perpend.cli.options.policy_selection import warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.progress import TerminalProgress
from perpend.collectors.protocol import CollectOptions
from perpend.core.diagnostics.escape import visible
from perpend.inventory.snapshots.open_store import open_store
from perpend.runs.scan import collection_request

INCOMPLETE = 3
"""The exit code if something could not be read."""

EPILOG = """\b
Examples:
  perpend collect aws --store inventory
  perpend collect aws --store inventory --profile audit --framework cis-aws
  perpend collect aws --store inventory --policy user-has-more-than-one-active-access-key --regions 'eu-*'
  perpend collect aws --store inventory --profile audit --profile billing
  perpend collect aws --store inventory --org --role-name audit --external-id 7f3a --accounts 'prod-*'
  perpend collect aws --store inventory --org --role-name audit --external-id 7f3a --accounts 'prod-*' --resume
  perpend collect aws --policy root-user-mfa --dry-run

\b
Exit codes: 0 everything was read, 2 nothing could be collected, 3 something could not be read, 130 interrupted."""


@click.group("collect", cls=CloudGroup, epilog=EPILOG)
def command() -> None:
    """Collect cloud accounts into a store, as one snapshot."""


@command.command("aws", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option("--store", metavar="DIR", type=click.Path(), help="The store's directory. Only --dry-run needs none.")
@collection_options
def collect_aws(store: str | None, **given: Any) -> int:
    """Collect from AWS accounts the fields that policies read, and store them as one snapshot.

    Credentials are found as the AWS CLI finds them, and stay in memory. If AWS denies or fails a call, its fields are unknown,
    never absent: the command prints the call, and the store holds the reason. An interrupted collection can be resumed.
    """
    options = CollectOptions(**given)
    options.check()
    request = collection_request(open_repository_here(options.repo), options.policies, options.frameworks, options.types)
    warn_selecting_settings()
    if options.dry_run:
        print_dry_run(request, options)
        return 0
    if store is None:
        raise click.UsageError("collect needs a --store for the snapshot")
    from perpend.collectors.runs.collection import collect_accounts

    target = open_store(store)
    result = collect_accounts(target, request, options, TerminalProgress())
    print_collected(result, request, err=False)
    click.echo(f"next: perpend check --store {visible(target.place)}")
    return 0 if result.is_complete else INCOMPLETE
