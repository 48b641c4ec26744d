"""``perpend collect``: what a cloud account holds, into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.collecting import Wishes, collect_into, collection_options, to_collect
from perpend.cli.configured import Configured
from perpend.cli.repositories import repository_here
from perpend.store.store import Store

if TYPE_CHECKING:
    from perpend.clouds.aws.plan import CollectionPlan

EPILOG = """\b
Examples:
  perpend collect aws --store inventory
  perpend collect aws --store inventory --profile audit --framework cis-aws
  perpend collect aws --store inventory --policy user-has-more-than-one-active-access-key --regions 'eu-*'
  perpend collect aws --policy root-user-mfa --dry-run

\b
Exit codes: 0 everything was read, 2 nothing could be collected, 3 something could not be read."""


@click.group("collect", epilog=EPILOG)
def command() -> None:
    """Bring what a cloud account holds into a store, as one snapshot."""


@command.command("aws", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option("--store", metavar="DIR", type=click.Path(), help="The store's directory; only --dry-run does without.")
@collection_options
@click.option("--dry-run", is_flag=True, help="Only say which calls would be made and which permissions they need.")
def collect_aws(store: str | None, dry_run: bool, **given: Any) -> int:
    """Ask AWS for what policies read of one account, and store it as one snapshot.

    Credentials are found as the AWS CLI finds them, and stay in memory. What AWS denies or does not answer is not known, never
    absent: it is told here and stands in the store beside what it concerns.
    """
    wishes = Wishes(**given)
    repository = repository_here(wishes.repo)
    found = to_collect(repository, wishes.policies, wishes.frameworks, wishes.types)
    if dry_run:
        _print_plan(found.plan)
        return 0
    if store is None:
        raise click.UsageError("name the --store to bring the snapshot into")
    return collect_into(Store(store), repository, found, wishes)


def _print_plan(plan: CollectionPlan) -> None:
    details = {
        name
        for types in plan.listings.values()
        for asked in types
        for one in asked.details
        for name in one.calls[bool(one.matched) :]
    }
    for call in plan.calls:
        each = "each object" if call.name in details else "each region" if call.regional else "the account"
        click.echo(f"{call.service} {call.operation}, for {each} ({call.permission or 'no permission needed'})")
    if plan.unserved:
        click.echo(f"no call serves {', '.join(plan.unserved)}")
