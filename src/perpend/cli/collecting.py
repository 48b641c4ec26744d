"""What is to be collected of a cloud, as options name it: policies, frameworks, types; and the plan that follows."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click

from perpend.analyze.programs import Analyzer
from perpend.cli.completions import complete_frameworks, complete_policies, complete_types
from perpend.cli.extra_packages import extra_packages
from perpend.cli.options import repository_option
from perpend.cli.output import progress
from perpend.cli.repositories import type_here
from perpend.diagnostics.escape import visible
from perpend.diagnostics.text import render_text
from perpend.errors import PerpendError
from perpend.intake.rules import RELATION_NOT_FOLLOWED
from perpend.judge.selection import select_policies
from perpend.plan.wanted import fields_by_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.clouds.aws.collector import Collection
    from perpend.clouds.aws.plan import CollectionPlan
    from perpend.diagnostics.model import Diagnostic
    from perpend.ir.coverage import Unread
    from perpend.ir.program import Program
    from perpend.load.repository import Repository
    from perpend.store.snapshot import Snapshot
    from perpend.store.store import Store

NOT_ALL: Final = 3
"""Exit code where something could not be read."""

MOST_NAMED: Final = 20
"""How many names a message has at most."""


class NothingServed(PerpendError):
    """Types that no call of AWS serves, and no others."""


@dataclass(frozen=True, slots=True)
class ToCollect:
    """The plan, and the programs whose reads it serves."""

    plan: CollectionPlan
    programs: tuple[Program, ...]

    def readers(self) -> dict[str, list[str]]:
        """Return by permission, or operation where none is needed, the policies that read what it gives."""
        from perpend.clouds.aws.plan import plan_of

        found: dict[str, list[str]] = {}
        for program in self.programs:
            for label in sorted({call.label for call in plan_of(fields_by_type([program])).calls}):
                found.setdefault(label, []).append(program.policy_id)
        return found


def to_collect(repository: Repository, policies: Sequence[str], frameworks: Sequence[str], types: Sequence[str]) -> ToCollect:
    """Return what is to be collected: what the policies read, all of them where neither policies nor types are named.

    Raises NothingServed where nothing of it can be.
    """
    from perpend.clouds.aws.plan import plan_of
    from perpend.clouds.aws.tables import TYPES

    only_types = bool(types) and not policies and not frameworks
    programs = () if only_types else select_policies(Analyzer(repository), policies, framework=frameworks or None).programs
    wanted = fields_by_type(programs)
    for name in (type_here(repository, one) for one in types):
        wanted.setdefault(name, set()).update(TYPES[name].fields if name in TYPES else ())
    plan = plan_of(wanted)
    if len(plan.types) == 1 and not plan.account.details:
        raise NothingServed(f"nothing of this can be collected from AWS: {', '.join(plan.unserved[:MOST_NAMED])}")
    return ToCollect(plan, programs)


class UnknownRegion(PerpendError):
    """A region that the account does not have."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for; the fields are called as the options are."""

    profile: str | None
    regions: tuple[str, ...]
    policies: tuple[str, ...]
    frameworks: tuple[str, ...]
    repo: str | None
    types: tuple[str, ...]
    concurrency: int
    endpoint_url: str | None


_OPTIONS: Final = (
    click.option("--profile", metavar="NAME", help="The profile of the AWS configuration to ask with."),
    click.option("--regions", multiple=True, metavar="GLOB", help="Ask only in these regions, such as eu-*; may be repeated."),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="ID|GLOB",
        shell_complete=complete_policies,
        help="Ask only for what these policies read; may be repeated.",
    ),
    click.option(
        "--framework",
        "frameworks",
        multiple=True,
        metavar="ID",
        shell_complete=complete_frameworks,
        help="Ask only for what the policies of this framework or section read; may be repeated.",
    ),
    repository_option,
    click.option(
        "--types",
        multiple=True,
        metavar="TYPE",
        shell_complete=complete_types,
        help="Ask for all fields of this object type, whoever reads them; may be repeated.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        help="How many listings are asked for at once.",
    ),
    click.option("--endpoint-url", metavar="URL", help="Ask another server than AWS, such as one for tests."),
)


def collection_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say what is to be collected, and how; they are the fields of Wishes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def collect_into(store: Store, repository: Repository, found: ToCollect, wishes: Wishes, *, beside: bool = False) -> int:
    """Collect one account into a store; say what came of it. ``beside``: on standard error, since a report follows.

    Raises NothingCollected where AWS cannot be asked at all.
    """
    with extra_packages("aws", "collecting from AWS"):
        from perpend.clouds.aws.client import CloudClient
        from perpend.clouds.aws.collector import Collector, account_of
    from perpend.intake.clouds.rows import store_collected

    client = CloudClient(wishes.profile, wishes.endpoint_url, connections=wishes.concurrency)
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
    _summarise(snapshot, sum(client.asked.values()), err=beside)
    _tell_unread(collector.collection, found)
    if not beside:
        click.echo(f"next: perpend check --store {visible(str(store.directory))}")
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


def _summarise(snapshot: Snapshot, calls: int, *, err: bool) -> None:
    click.echo(f"snapshot {snapshot.id}, {calls} calls", err=err)
    for name, table in snapshot.tables.by_name.items():
        click.echo(f"  {visible(name)}: {table.rows} {'row' if table.rows == 1 else 'rows'}", err=err)


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
