"""Accounts of a cloud in, one snapshot of a store out; what was done is kept meanwhile, so that it can be gone on with."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from perpend.collectors.aws.accounts.completeness import Collection, collection_of, row_of_closed, sources_each
from perpend.collectors.aws.plan import IDENTITY
from perpend.collectors.runs.checkpoint import Journal, begun
from perpend.collectors.runs.previous_snapshot import KEPT_FOR
from perpend.collectors.runs.snapshot_writer import store_collected
from perpend.core.errors import PerpendError
from perpend.inventory.snapshots.files import remove_tree, shown
from perpend.inventory.snapshots.unfinished_collections import new_unfinished, unfinished
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

    from perpend.collectors.aws.accounts.completeness import Seen
    from perpend.collectors.aws.plan import CollectionPlan
    from perpend.collectors.aws.work_units import AccountEntry, CollectedRow
    from perpend.collectors.runs.previous_snapshot import CarriedOver
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Store


class NothingToResume(PerpendError):
    """There is no collection to go on with."""


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """What came of a collection. ``objects`` counts rows by type and account; ``staying`` is what the store held before."""

    snapshot: Snapshot
    problems: list[Diagnostic]
    collection: Collection
    accounts: int
    objects: Counter[tuple[str, str]]
    staying: CarriedOver


@dataclass(slots=True)
class CollectionRun:
    """One collection into a store. ``superseded`` are unfinished ones of the same plan, which it makes needless.

    ``stated`` are the words of somebody who declares regions to be empty.
    """

    store: Store
    plan: CollectionPlan
    journal: Journal
    superseded: Sequence[Path] = ()
    stated: str = ""
    _objects: Counter[tuple[str, str]] = field(default_factory=Counter)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let go of the journal at the end of the block; what was done stays, where anything was."""
        try:
            yield
        finally:
            self.journal.close()
            if not self.journal.ends:
                remove_tree(self.journal.directory)

    def store_all(
        self,
        *,
        declared: Callable[[str], ObjectType | None],
        keep: timedelta = KEPT_FOR,
        progress: Callable[[int], None] | None = None,
    ) -> CollectionResult:
        """Store all that the journal keeps as one snapshot, and remove the journal. What has disappeared stays for ``keep``."""
        snapshot, problems, collection, staying = store_collected(
            self.store,
            self._rows(),
            self._collection,
            types=self.plan.types,
            declared=declared,
            progress=progress,
            keep=keep,
        )
        self.journal.close()
        for directory in (self.journal.directory, *self.superseded):
            remove_tree(directory)
        return CollectionResult(snapshot, problems, collection, len(self.journal.entries), self._objects, staying)

    def _collection(self, seen: Seen) -> Collection:
        return collection_of(self.plan, self._entries(), self.journal.ends, self.journal.parts, self.stated, seen)

    def _entries(self) -> list[AccountEntry]:
        return [entry for _, entry in sorted(self.journal.entries.items())]

    def _rows(self) -> Iterator[CollectedRow]:
        each = sources_each(self.plan)
        for number, entry in enumerate(self._entries()):
            rows = self.journal.rows(entry.account, (IDENTITY, *self.plan.listings))
            for row in row_of_closed(self.plan, entry) if entry.why else rows:
                self._objects[row.type_name, entry.account] += 1
                yield row._replace(source=each * number + row.source)


def collecting_anew(store: Store, plan: CollectionPlan, wishes: Sequence[Any]) -> CollectionRun:
    """Return a collection that begins."""
    mark = mark_of(plan, wishes)
    same = [directory for directory in unfinished(store.directory) if begun(directory) == mark]
    return CollectionRun(store, plan, Journal(new_unfinished(store.directory), mark), same)


def collecting_on(store: Store, plan: CollectionPlan, wishes: Sequence[Any], max_age: timedelta) -> CollectionRun:
    """Return the newest collection of the same wishes that was not finished. Raises NothingToResume."""
    mark = mark_of(plan, wishes)
    left = unfinished(store.directory)
    same = [directory for directory in left if begun(directory) == mark]
    if not same:
        others = "those that stand there were of other options, or of another version" if left else "none was interrupted"
        raise NothingToResume(f"{shown(store.directory)}: there is no collection to go on with: {others}")
    return CollectionRun(store, plan, Journal(same[-1], mark, max_age=max_age), same[:-1])


def mark_of(plan: CollectionPlan, wishes: Sequence[Any]) -> str:
    """Return what tells collections apart: what is asked, by which tables, of which accounts and regions."""
    listings = {name: [asdict(asked) for asked in types] for name, types in plan.listings.items()}
    return hashlib.sha256(json.dumps([__version__, listings, wishes], sort_keys=True).encode()).hexdigest()
