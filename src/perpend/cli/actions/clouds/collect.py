"""Wishes of a command line in, a snapshot of a store out, and what is told of it: accounts found, asked and stored."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.actions.clouds.collect_summary import tell_collected, tell_interrupted, tell_unfinished
from perpend.cli.actions.clouds.progress import watching
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.streams import progress
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.cli.actions.clouds.collection_plan import CollectOptions, ToCollect
    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.collectors.aws.session.credentials import AccountCredentials
    from perpend.inventory.snapshots.store import Store
    from perpend.language.syntax.repository import Repository

NOT_ALL: Final = 3
"""Exit code where something could not be read."""


class UnknownRegion(PerpendError):
    """A region that the account does not have."""


def collect_into(
    store: Store, repository: Repository, to_collect: ToCollect, wishes: CollectOptions, *, beside: bool = False
) -> int:
    """Collect accounts into a store; say what came of it. ``beside``: on standard error, since a report follows.

    Raises NothingCollected where AWS cannot be asked at all.
    """
    with extra_packages("aws", "collecting from AWS"):
        from perpend.collectors.aws.accounts.account_pool import Accounts
    from perpend.collectors.runs.collection import collecting_anew, collecting_on

    entrances = entrances_of(wishes, to_collect.plan, err=True)
    _refuse_unknown_to_aws(wishes.closed_regions, "--closed-region")
    chosen = chooser(wishes.regions, entrances)
    if wishes.resume:
        collecting = collecting_on(store, to_collect.plan, wishes.marks, wishes.max_age)
    else:
        tell_unfinished(store)
        collecting = collecting_anew(store, to_collect.plan, wishes.marks)
    collecting.stated = wishes.stated
    accounts = Accounts(to_collect.plan, collecting.journal, chosen, wishes.closed_regions, concurrency=wishes.concurrency)
    with collecting.kept():
        try:
            with watching(len(entrances)) as accounts.watch:
                accounts.collect(entrances)
            with progress("storing") as stored:
                came = collecting.store_all(declared=repository.declared_type, keep=wishes.keep_disappeared, progress=stored)
        except KeyboardInterrupt:
            tell_interrupted(store, collecting.journal)
            raise
    for note in accounts.twice:
        click.echo(f"perpend: {visible(note)}", err=True)
    tell_collected(came, to_collect, accounts.calls, err=beside)
    if not beside:
        click.echo(f"next: perpend check --store {visible(store.place)}")
    return NOT_ALL if came.collection.unread or came.collection.closed else 0


def entrances_of(wishes: CollectOptions, plan: CollectionPlan, *, err: bool) -> list[AccountCredentials]:
    """Return the accounts to be asked. Raises NothingCollected."""
    with extra_packages("aws", "collecting from AWS"):
        from perpend.collectors.aws.client import CloudClient
        from perpend.collectors.aws.plan import USUAL_ROLE
        from perpend.collectors.aws.session.credentials import entrances_of_organization, entrances_of_profiles
    profiles = tuple(dict.fromkeys(wishes.profiles)) or (None,)
    if not wishes.org:
        return entrances_of_profiles(profiles, wishes.endpoint_url)
    client = CloudClient(profiles[0], wishes.endpoint_url)
    role = wishes.role_name or USUAL_ROLE
    entrances, resting = entrances_of_organization(
        client, plan, role_name=role, external_id=wishes.external_id, wanted=wishes.wanted_accounts
    )
    if resting:
        number = "1 account is" if resting == 1 else f"{resting} accounts are"
        click.echo(f"{number} not active, and not asked", err=err)
    return entrances


def chooser(globs: Sequence[str], entrances: Sequence[AccountCredentials]) -> Callable[[Sequence[str]], Sequence[str]] | None:
    """Return what chooses of an account's regions those that are wanted, None where all are.

    Raises UnknownRegion for what no region is called; of a single account, also for what it has not enabled.
    """
    if not globs:
        return None
    if len(entrances) > 1:
        _refuse_unknown_to_aws(globs, "--regions")

    def choose(regions: Sequence[str]) -> Sequence[str]:
        if len(entrances) == 1:
            _refuse_unknown(globs, regions, "--regions: the account has no enabled region")
        return [region for region in regions if any(fnmatchcase(region, glob) for glob in globs)]

    return choose


def _refuse_unknown_to_aws(globs: Sequence[str], option: str) -> None:
    if globs:  # the SDK's list of regions takes a tenth of a second to read
        from perpend.collectors.aws.client import all_known_regions

        _refuse_unknown(globs, all_known_regions(), f"{option}: there is no region")


def _refuse_unknown(globs: Sequence[str], regions: Sequence[str], what: str) -> None:
    for glob in globs:
        if not any(fnmatchcase(region, glob) for region in regions):
            near = difflib.get_close_matches(glob, regions, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UnknownRegion(f"{what} `{visible(glob)}`{hint}")
