"""Collect from the accounts of a cloud into one snapshot of a store. An interrupted collection can be resumed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import field
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from perpend.collectors.protocol import CallCounts
from perpend.collectors.runs.checkpoint import Checkpoint, plan_in
from perpend.collectors.runs.snapshot_writer import previous_accounts, previously_used, store_collected
from perpend.core.commit import remove_tree
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import nearest_name
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.core.objects.identity import account_of_fields
from perpend.core.objects.object_types import ObjectType
from perpend.inventory.snapshots.files import shown
from perpend.inventory.snapshots.unfinished_collections import new_unfinished, unfinished
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta
    from pathlib import Path

    from perpend.collectors.protocol import (
        AccountEntry,
        CloudApi,
        CollectedRow,
        CollectionListener,
        CollectionPlan,
        CollectOptions,
        Completeness,
        RegionFilter,
        Seen,
    )
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.collectors.runs.request import CollectionRequest
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store


class NothingToResume(PerpendError):
    """The store has no unfinished collection with the same options."""


class UnknownRegion(PerpendError):
    """An option names a region that does not exist, or that the account has not enabled."""


class CollectionProgress(Protocol):
    """Shows the progress of a collection."""

    def inactive_accounts(self, number: int, /) -> None:
        """Show how many accounts are skipped because they are not active."""
        ...

    def other_accounts(self, accounts: Sequence[str], /) -> None:
        """Show the accounts of a resumed collection that are left out, because the credentials do not open them."""
        ...

    def unfinished_collections(self, store: Store, directories: Sequence[Path], /) -> None:
        """Show that a store has unfinished collections, which this one does not resume."""
        ...

    def collecting(self, accounts: int, /) -> AbstractContextManager[CollectionListener | None]:
        """Return a context that yields a listener while accounts are read."""
        ...

    def storing(self) -> AbstractContextManager[Callable[[int], None] | None]:
        """Return a context that yields a function to call with the number of stored rows."""
        ...

    def interrupted(self, store: Store, listings: int, /) -> None:
        """Show how many listings an interrupted collection has stored for a resumption."""
        ...


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """The snapshot of a collection, and its completeness.

    ``accounts`` is the number of accounts, with all below an organization. ``objects`` counts rows by type and account, which
    is that of the object if an entry has several. ``regions`` is the number of regions that were read in any account.
    """

    snapshot: Snapshot
    problems: list[Diagnostic]
    completeness: Completeness
    accounts: int
    objects: Counter[tuple[str, str]]
    carried_over: CarriedOver
    counts: CallCounts
    regions: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether everything was read, and no region with objects is disabled."""
        return not (self.completeness.unread or self.completeness.closed)


@dataclass(slots=True)
class CollectionRun:
    """One collection into a store. ``superseded`` are the directories of older unfinished ones of the same plan.

    ``statement`` quotes the user's declarations about regions.
    """

    store: Store
    request: CollectionRequest
    checkpoint: Checkpoint
    superseded: Sequence[Path] = ()
    statement: str = ""
    counts: CallCounts = field(default_factory=lambda: CallCounts(0))
    _objects: Counter[tuple[str, str]] = field(default_factory=Counter)

    @contextmanager
    def resumable(self) -> Iterator[None]:
        """Close the checkpoint after the block. Remove it if no listing is complete."""
        try:
            yield
        finally:
            self.checkpoint.close()
            if not self.checkpoint.results:
                remove_tree(self.checkpoint.directory)

    def store_all(
        self,
        *,
        declared: Callable[[str], ObjectType | None],
        keep: timedelta,
        progress: Callable[[int], None] | None = None,
    ) -> CollectionResult:
        """Store all rows of the checkpoint as one snapshot, then remove the checkpoint.

        Objects that have disappeared stay in the store for ``keep``.
        """
        snapshot, problems, completeness, carried_over = store_collected(
            self.store,
            self._rows(declared),
            self._completeness,
            types=self.request.plan.types,
            declared=declared,
            progress=progress,
            keep=keep,
        )
        self.checkpoint.close()
        for directory in (self.checkpoint.directory, *self.superseded):
            remove_tree(directory)
        entries = self._entries()
        regions = len({region for entry in entries for region in entry.asked})
        accounts = len({account for entry in entries for account in entry.all_accounts})
        return CollectionResult(snapshot, problems, completeness, accounts, self._objects, carried_over, self.counts, regions)

    def _completeness(self, seen: Seen) -> Completeness:
        cloud, plan = self.request.cloud, self.request.plan
        return cloud.completeness(plan, self._entries(), self.checkpoint.results, self.checkpoint.parts, self.statement, seen)

    def _entries(self) -> list[AccountEntry]:
        return [entry for _, entry in sorted(self.checkpoint.entries.items())]

    def _rows(self, declared: Callable[[str], ObjectType | None]) -> Iterator[CollectedRow]:
        cloud, plan = self.request.cloud, self.request.plan
        types = cache(lambda name: declared(name) or ObjectType(name))
        for number, entry in enumerate(self._entries()):
            rows = self.checkpoint.rows(entry.account, plan.all_listings)
            for row in cloud.unopened_account(plan, entry) if entry.why else rows:
                account = account_of_fields(row.fields, types(row.type_name)) if entry.accounts else entry.account
                self._objects[row.type_name, account or entry.account] += 1
                yield row._replace(source=plan.sources_per_account * number + row.source)


def collect_accounts(
    store: Store, request: CollectionRequest, options: CollectOptions, progress: CollectionProgress
) -> CollectionResult:
    """Collect accounts into a store as one snapshot.

    A resumed collection has nothing of accounts that the credentials do not open. Raises MissingPackages without the cloud's
    extra, NothingCollected if the cloud answers no request, and NothingToResume.
    """
    request = with_stored_fields(request, store)
    plan, api = request.plan, request.connect()
    credentials, inactive = api.credentials(plan, options)
    if inactive:
        progress.inactive_accounts(inactive)
    _reject_unknown_regions(api, options.closed_regions, "--closed-region")
    regions = region_filter(api, options.regions, accounts=len(credentials))
    if options.resume:
        run = resumed_run(store, request, options)
        if others := _leave_out_others(run.checkpoint, {one.account for one in credentials}):
            progress.other_accounts(others)
    else:
        if directories := unfinished(store.directory):
            progress.unfinished_collections(store, directories)
        run = new_run(store, request, options)
    with run.resumable():
        try:
            used = previously_used(store, {name: of for name, of in request.cloud.uses.items() if name in plan.types})
            known_accounts = previous_accounts(store, request.cloud.name)
            with progress.collecting(len(credentials)) as listener:
                run.counts = api.collect(
                    plan,
                    credentials,
                    run.checkpoint,
                    options,
                    regions=regions,
                    used=used,
                    known_accounts=known_accounts,
                    listener=listener,
                )
            with progress.storing() as stored:
                return run.store_all(declared=request.declared, keep=options.keep_disappeared, progress=stored)
        except KeyboardInterrupt:
            progress.interrupted(store, len(run.checkpoint.results))
            raise


def with_stored_fields(request: CollectionRequest, store: Store) -> CollectionRequest:
    """Return the request with the fields that the store's current snapshot has of the same types."""
    if store.current_run() is None:
        return request
    with store.reading() as snapshot:
        return request.with_stored(snapshot.tables)


def new_run(store: Store, request: CollectionRequest, options: CollectOptions) -> CollectionRun:
    """Return a collection that begins."""
    mark = mark_of(request.plan, options)
    same = [directory for directory in unfinished(store.directory) if plan_in(directory) == mark]
    checkpoint = Checkpoint(new_unfinished(store.directory), mark)
    return CollectionRun(store, request, checkpoint, same, options.statement)


def resumed_run(store: Store, request: CollectionRequest, options: CollectOptions) -> CollectionRun:
    """Return the newest unfinished collection with the same options. Raises NothingToResume."""
    mark = mark_of(request.plan, options)
    left = unfinished(store.directory)
    same = [directory for directory in left if plan_in(directory) == mark]
    if not same:
        reason = "the unfinished ones have other options or are of another version" if left else "none was interrupted"
        raise NothingToResume(f"{shown(store.directory)}: no collection to resume: {reason}")
    checkpoint = Checkpoint(same[-1], mark, max_age=options.resume_age)
    return CollectionRun(store, request, checkpoint, same[:-1], options.statement)


def _leave_out_others(checkpoint: Checkpoint, accounts: Collection[str]) -> list[str]:
    """Leave out the accounts of a checkpoint that the credentials do not open, and return them.

    If only opening an account shows its id, nothing is left out. Raises NothingToResume if nothing else is stored.
    """
    others = checkpoint.leave_out_others(accounts) if all(accounts) else []
    if others and not checkpoint.entries:
        checkpoint.close()
        what = counted(len(others), "account") if len(others) > 1 else f"account {visible(others[0])}"
        reason = f"the unfinished one is of {what}, which these credentials do not open"
        raise NothingToResume(f"{shown(checkpoint.directory.parents[1])}: no collection to resume: {reason}")
    return others


def mark_of(plan: CollectionPlan, options: CollectOptions) -> str:
    """Return a hash of the plan, the scope and the version: collections with the same hash can resume each other."""
    content = json.dumps([__version__, plan.fingerprint, options.scope], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def region_filter(api: CloudApi[Any, Any, Any], globs: Sequence[str], *, accounts: int) -> RegionFilter | None:
    """Return a filter that takes the regions which match a glob, None if there are no globs.

    Raises UnknownRegion if a glob matches no region of the cloud. With one account the filter itself raises it, if a glob
    matches no region that the account has enabled.
    """
    if not globs:
        return None
    if accounts > 1:
        _reject_unknown_regions(api, globs, "--regions")

    def matching(regions: Sequence[str]) -> Sequence[str]:
        if accounts == 1:
            _reject_unmatched(globs, regions, "--regions: the account has no enabled region")
        return [region for region in regions if any(fnmatchcase(region, glob) for glob in globs)]

    return matching


def _reject_unknown_regions(api: CloudApi[Any, Any, Any], globs: Sequence[str], option: str) -> None:
    if globs:  # AWS's SDK takes a tenth of a second to read its list of regions
        _reject_unmatched(globs, api.regions(), f"{option}: there is no region")


def _reject_unmatched(globs: Sequence[str], regions: Sequence[str], message: str) -> None:
    for glob in globs:
        if not any(fnmatchcase(region, glob) for region in regions):
            near = nearest_name(glob, regions)
            hint = f"; did you mean {near}?" if near else ""
            raise UnknownRegion(f"{message} `{visible(glob)}`{hint}")
