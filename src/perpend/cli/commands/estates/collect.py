"""``perpend collect``: what a cloud account holds, into a store."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.collecting import MOST_NAMED, ToCollect, to_collect
from perpend.cli.completions import complete_frameworks, complete_policies, complete_types
from perpend.cli.configured import Configured
from perpend.cli.extra_packages import extra_packages
from perpend.cli.options import repository_option
from perpend.cli.output import progress
from perpend.cli.repositories import repository_here
from perpend.diagnostics.escape import visible
from perpend.diagnostics.text import render_text
from perpend.errors import PerpendError
from perpend.intake.rules import RELATION_NOT_FOLLOWED
from perpend.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.collect.aws.collector import Collection
    from perpend.collect.aws.plan import CollectionPlan
    from perpend.diagnostics.model import Diagnostic
    from perpend.ir.coverage import Unread
    from perpend.load.repository import Repository
    from perpend.store.snapshot import Snapshot

NOT_ALL: Final = 3
"""Exit code where something could not be read."""


EPILOG = """\b
Examples:
  perpend collect aws --store inventory
  perpend collect aws --store inventory --profile audit --framework cis-aws
  perpend collect aws --store inventory --policy user-has-more-than-one-active-access-key --regions 'eu-*'
  perpend collect aws --policy root-user-mfa --dry-run

\b
Exit codes: 0 everything was read, 2 nothing could be collected, 3 something could not be read."""


class UnknownRegion(PerpendError):
    """A region that the account does not have."""


@click.group("collect")
def command() -> None:
    """Bring what a cloud account holds into a store, as one snapshot."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for; the fields are called as the options are."""

    store: str | None
    profile: str | None
    regions: tuple[str, ...]
    policies: tuple[str, ...]
    frameworks: tuple[str, ...]
    repo: str | None
    types: tuple[str, ...]
    concurrency: int
    dry_run: bool
    endpoint_url: str | None


@command.command("aws", cls=Configured, yields={"policies": ("frameworks",), "frameworks": ("policies",)}, epilog=EPILOG)
@click.option("--store", metavar="DIR", type=click.Path(), help="The store's directory; only --dry-run does without.")
@click.option("--profile", metavar="NAME", help="The profile of the AWS configuration to ask with.")
@click.option("--regions", multiple=True, metavar="GLOB", help="Ask only in these regions, such as eu-*; may be repeated.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="ID|GLOB",
    shell_complete=complete_policies,
    help="Ask only for what these policies read; may be repeated.",
)
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    metavar="ID",
    shell_complete=complete_frameworks,
    help="Ask only for what the policies of this framework or section read; may be repeated.",
)
@repository_option
@click.option(
    "--types",
    multiple=True,
    metavar="TYPE",
    shell_complete=complete_types,
    help="Ask for all fields of this object type, whoever reads them; may be repeated.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=16, show_default=True, help="How many listings are asked for at once."
)
@click.option("--dry-run", is_flag=True, help="Only say which calls would be made and which permissions they need.")
@click.option("--endpoint-url", metavar="URL", help="Ask another server than AWS, such as one for tests.")
def collect_aws(**given: Any) -> int:
    """Ask AWS for what policies read of one account, and store it as one snapshot.

    Credentials are found as the AWS CLI finds them, and stay in memory. What AWS denies or does not answer is not known, never
    absent: it is told here and stands in the store beside what it concerns.
    """
    wishes = Wishes(**given)
    repository = repository_here(wishes.repo)
    found = to_collect(repository, wishes.policies, wishes.frameworks, wishes.types)
    if wishes.dry_run:
        _print_plan(found.plan)
        return 0
    if wishes.store is None:
        raise click.UsageError("name the --store to bring the snapshot into")
    return _collect(repository, found, wishes)


def _collect(repository: Repository, found: ToCollect, wishes: Wishes) -> int:
    with extra_packages("aws", "collecting from AWS"):
        from perpend.collect.aws.client import CloudClient
        from perpend.collect.aws.collector import Collector, account_of
    from perpend.intake.clouds.rows import store_collected

    client = CloudClient(wishes.profile, wishes.endpoint_url, connections=wishes.concurrency)
    store = Store(wishes.store or "")
    account = account_of(client)
    chosen = _chooser(wishes.regions) if wishes.regions else None
    collector = Collector(client, found.plan, account, concurrency=wishes.concurrency, wanted_regions=chosen)
    with progress(f"collecting {account.account}") as done:
        snapshot, problems = store_collected(
            store,
            collector.rows(),
            lambda: collector.collection,
            types=found.plan.types,
            declared=repository.declared_type,
            progress=done,
        )
    _tell_problems(problems)
    _summarise(snapshot, sum(client.asked.values()))
    _tell_unread(collector.collection, found)
    click.echo(f"next: perpend check --store {visible(wishes.store or '')}")
    return NOT_ALL if collector.collection.unread else 0


def _chooser(globs: Sequence[str]) -> Callable[[Sequence[str]], Sequence[str]]:
    def choose(regions: Sequence[str]) -> Sequence[str]:
        for glob in globs:
            if not any(fnmatchcase(region, glob) for region in regions):
                near = difflib.get_close_matches(glob, regions, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise UnknownRegion(f"--regions: the account has no enabled region `{visible(glob)}`{hint}")
        return [region for region in regions if any(fnmatchcase(region, glob) for glob in globs)]

    return choose


def _tell_problems(problems: Sequence[Diagnostic]) -> None:
    """Show what is strange about the rows; lookups to types that nobody asked for are not."""
    strange = [one for one in problems if one.code != RELATION_NOT_FOLLOWED.code]
    if strange:
        text = render_text(strange, source_line=lambda path, line: None, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def _summarise(snapshot: Snapshot, calls: int) -> None:
    click.echo(f"snapshot {snapshot.id}, {calls} calls")
    for name, table in snapshot.tables.by_name.items():
        click.echo(f"  {visible(name)}: {table.rows} {'row' if table.rows == 1 else 'rows'}")


def _tell_unread(collection: Collection, found: ToCollect) -> None:
    """Say what is not known, and how many of the policies would have read it."""
    unserved = found.plan.unserved
    if unserved:
        more = f" and {len(unserved) - MOST_NAMED} more" if len(unserved) > MOST_NAMED else ""
        click.echo(f"no call serves {', '.join(unserved[:MOST_NAMED])}{more}", err=True)
    if not collection.unread:
        return
    readers = found.readers()
    causes: dict[tuple[str, str, str], list[Unread]] = {}
    for one in collection.unread:
        causes.setdefault((one.kind, one.label, one.code), []).append(one)
    click.echo("not read (`perpend inventory sql 'FROM perpend_calls'` shows each call):", err=True)
    for (_, label, _), alike in list(causes.items())[:MOST_NAMED]:
        number = len(readers.get(label, ()))
        policies = f"{number} {'policy reads' if number == 1 else 'policies read'} it"
        click.echo(f"  {alike[0]}{_elsewhere(alike)}; {policies}", err=True)
    if len(causes) > MOST_NAMED:
        click.echo(f"  and {len(causes) - MOST_NAMED} more", err=True)


def _elsewhere(found: Sequence[Unread]) -> str:
    """Return in how many other regions, and of how many objects, the same was said."""
    objects = sum(one.objects for one in found)
    regions = f" and {len(found) - 1} more regions" if len(found) > 1 else ""
    return regions + (f", of {objects} {'object' if objects == 1 else 'objects'}" if objects else "")


def _print_plan(plan: CollectionPlan) -> None:
    details = {detail.call for types in plan.listings.values() for asked in types for detail in asked.details}
    for call in plan.calls:
        each = "each object" if call.name in details else "each region" if call.regional else "the account"
        click.echo(f"{call.service} {call.operation}, for {each} ({call.permission or 'no permission needed'})")
    if plan.unserved:
        click.echo(f"no call serves {', '.join(plan.unserved)}")
