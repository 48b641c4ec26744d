"""``perpend collect``: what cloud accounts hold, into a store."""

from __future__ import annotations

from typing import Any

import click

from perpend.cli.actions.clouds.collect import collect_into
from perpend.cli.actions.clouds.collection_plan import CollectOptions, collection_options, to_collect
from perpend.cli.actions.clouds.dry_run import print_dry_run
from perpend.cli.config.command import Configured
from perpend.cli.options.repository import repository_here, store_named

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


@click.group("collect", epilog=EPILOG)
def command() -> None:
    """Bring what cloud accounts hold into a store, as one snapshot."""


@command.command("aws", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option("--store", metavar="DIR", type=click.Path(), help="The store's directory; only --dry-run does without.")
@collection_options
def collect_aws(store: str | None, **given: Any) -> int:
    """Ask AWS for what policies read of accounts, and store it as one snapshot.

    Credentials are found as the AWS CLI finds them, and stay in memory. What AWS denies or does not answer is not known, never
    absent: it is told here and stands in the store beside what it concerns. What was done before an interruption is kept.
    """
    wishes = CollectOptions(**given)
    wishes.refuse_contradictions()
    repository = repository_here(wishes.repo)
    collection = to_collect(repository, wishes.policies, wishes.frameworks, wishes.types)
    if wishes.dry_run:
        print_dry_run(collection.plan, wishes)
        return 0
    if store is None:
        raise click.UsageError("name the --store to bring the snapshot into")
    return collect_into(store_named(store), repository, collection, wishes)
