"""Collect the listings of a plan from one account, and write rows and results to a checkpoint.

Listings run in parallel; the failure of one stops no other.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from dataclasses import field, replace
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.client import PARSING, regions_of
from perpend.collectors.aws.error_classification import ErrorAnswer, unread
from perpend.collectors.aws.model import IDENTITY_OF, NAMED_POLICIES
from perpend.collectors.aws.parse import (
    CloudPlace,
    NoResult,
    ObjectFields,
    add_fields,
    add_reason,
    id_of,
    is_of_another,
    member,
    nested_in,
    objects_in,
)
from perpend.collectors.aws.responses import Answers, NotListed
from perpend.collectors.aws.tables import IDENTITY
from perpend.collectors.failures import FailureKind
from perpend.collectors.items import ABOVE, list_of
from perpend.collectors.protocol import AccountEntry, CollectedRow, WorkUnit, WorkUnitResult, now
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import FailedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.error_classification import Meaning
    from perpend.collectors.aws.model import DetailCall, TypeRow
    from perpend.collectors.aws.tables import AwsPlan
    from perpend.collectors.protocol import CheckpointWriter, UsedObjects
    from perpend.collectors.tables import TypeRequest
    from perpend.collectors.workers import Workers

CLOSED: Final = "not-opted-in"
"""The status of a region that an account has not enabled."""

CHUNK: Final = 500
"""How many objects are written together if detail calls are made for each."""


class _ListedObject(NamedTuple):
    """An object of a listing, before its detail calls."""

    request: TypeRequest[TypeRow]
    item: Mapping[str, Any]
    identity: str
    lists: Mapping[str, str] | None = None


class _Nested(NamedTuple):
    """Objects inside an owner: their type, the number of its request, their path in the owner, and the fields with its Id."""

    type_name: str
    request: int
    steps: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(slots=True)
class _Progress:
    """A listing while it is read: ``lacking`` why it is incomplete, and ``unread`` how many objects a call failed for.

    ``each`` holds the listings that were made for each item and are incomplete, with the reason, and so the types of objects
    that some item does not show in full. ``nested`` holds by type of owner what the listing shows inside it. ``listed`` counts
    the items, ``others`` the items of other accounts.
    """

    cell: WorkUnit
    where: CloudPlace
    nested: Mapping[str, Sequence[_Nested]] = field(default_factory=dict)
    lacking: list[FailedCall] = field(default_factory=list)
    each: dict[str, FailedCall] = field(default_factory=dict)
    unread: Counter[FailedCall] = field(default_factory=Counter)
    listed: int = 0
    others: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keys_of(self, type_name: str) -> tuple[str, ...]:
        """Return the fields with the Id of the owner that lists the objects of a type; none if no owner is listed with them."""
        return next((one.keys for several in self.nested.values() for one in several if one.type_name == type_name), ())

    def lack(self, code: str) -> None:
        """Note that an answer is malformed."""
        self.lacking.append(self.malformed(code))

    def malformed(self, code: str) -> FailedCall:
        """Return the cause that an answer of the listing is malformed."""
        return unread(CALLS[self.cell.listing], FailureKind.FAILED, self.where, code)

    def count(self, cause: FailedCall) -> None:
        """Note that a call failed for one more object."""
        with self._lock:
            self.unread[cause] += 1


@dataclass(slots=True)
class Collector:
    """Collects a plan from one account. ``wanted_regions`` selects from the regions that the account has enabled.

    ``closed_regions`` are globs of regions that the user declares to be empty: no request goes there. ``used`` are objects that
    AWS owns and that are asked for even if no listing shows them.
    """

    client: CloudClient
    plan: AwsPlan
    account: CloudPlace
    checkpoint: CheckpointWriter
    workers: Workers
    wanted_regions: Callable[[Sequence[str]], Sequence[str]] | None = None
    closed_regions: Sequence[str] = ()
    used: UsedObjects = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: set[tuple[str, str, bytes]] = field(default_factory=set)
    _answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        self._answers = Answers(self.client, self.account)

    def entry(self, label: str = "") -> AccountEntry:
        """Return the account's entry with its regions, which take a request if the plan is regional."""
        at, entry = now(), AccountEntry(self.account.account, self.account.partition, label)
        if not self.plan.is_regional:
            return replace(entry, at=at)
        why: FailedCall | None = None
        try:
            items = list(self._answers.listed("ec2.regions", ""))
            status = regions_of(items)
            if not status:  # some region has no name
                raise NotListed(unread(CALLS["ec2.regions"], FailureKind.FAILED, self.account, "NoResult"))
            self._answers.cached["ec2.regions", ""] = items
            known = sorted(status)
            regions = tuple(region for region in known if status[region] != CLOSED)
        except NotListed as error:
            why = error.why
            known = self.client.known_regions(self.account.partition)
            regions = tuple(known)
        wanted = tuple(self.wanted_regions(regions)) if self.wanted_regions else regions
        stated = tuple(region for region in known if any(fnmatchcase(region, glob) for glob in self.closed_regions))
        wanted = tuple(region for region in wanted if region not in stated)
        return replace(entry, regions=regions, asked=wanted, no_regions=why, at=at, stated=stated)

    def collect(self, entry: AccountEntry, *, done: Callable[[WorkUnit], None] | None = None) -> None:
        """Collect all listings that the checkpoint does not hold. ``done`` is called with each that ended."""
        if self.plan.is_regional:
            self._answers.regions = frozenset(entry.asked)
        cells = self.plan.cells_of(entry.account, entry.asked)
        for cell in cells:
            rows = {one.row.type_name: one.row for one in self.plan.listings[cell.listing] if _is_listed_twice(one.row)}
            for stored in self.checkpoint.rows_of(cell) if rows else ():
                if row := rows.get(stored.type_name):
                    self._seen.add(_seen_as(row, str(stored.fields["Id"]), stored.fields, stored.reasons))

        def task(cell: WorkUnit) -> Callable[[], None]:
            def do() -> None:
                self._cell(cell)
                if done:
                    done(cell)

            return do

        self.workers.do_all([(self._key(cell), task(cell)) for cell in cells if not self.checkpoint.is_done(cell)])

    def _key(self, cell: WorkUnit) -> Hashable:
        return cell.account, cell.region, CALLS[cell.listing].service

    def _cell(self, cell: WorkUnit) -> None:
        nested = _nested(self.plan.listings[cell.listing])
        progress, began = _Progress(cell, self._answers.where(cell.region), nested), now()
        chunked = any(request.details for request in self.plan.listings[cell.listing])
        listed = self._objects(progress)
        if chunked:
            while objects := list(islice(listed, CHUNK)):
                self._measure(progress, objects)
                self._write(progress, self.workers.map_all(self._key(cell), partial(self._row, progress), objects))
        else:
            self._write(progress, (self._row(progress, one) for one in listed))
        reads_report = any(request.row.reads_report for request in self.plan.listings[cell.listing])
        made_at = self._answers.made_at if reads_report else None
        lacking = progress.lacking[0] if progress.lacking else None
        self.checkpoint.end(
            WorkUnitResult(cell, began, now(), lacking, progress.each, made_at, progress.listed, progress.others)
        )

    def _measure(self, progress: _Progress, objects: Sequence[_ListedObject]) -> None:
        """Read the metrics of many objects with one call."""
        for request in self.plan.listings[progress.cell.listing]:
            for detail in request.details:
                if detail.metric and (items := [one.item for one in objects if one.request is request]):
                    self._answers.measure(detail.call, detail.metric, items, progress.where.region)

    def _write(self, progress: _Progress, rows: Iterable[CollectedRow | None]) -> None:
        """Write rows, and the calls that failed for their objects."""
        with self.checkpoint.part(progress.cell) as part:
            for row in rows:
                if row is not None:
                    part.add(row)
            part.note(replace(unread, objects=number) for unread, number in sorted(progress.unread.items(), key=str))
            progress.unread.clear()

    def _objects(self, progress: _Progress) -> Iterator[_ListedObject]:
        """Yield the objects of a listing that the checkpoint does not hold. Note why the listing is incomplete, if it is."""
        known, requests = self.checkpoint.objects(progress.cell), self.plan.listings[progress.cell.listing]
        try:
            for items in _batches(self._items(progress.cell), CHUNK if any(request.row.each for request in requests) else 1):
                nested = [self._listed_for_each(progress, request.row, items) for request in requests]
                for number, item in enumerate(items):
                    self.workers.check()
                    progress.listed += 1
                    progress.others += any(is_of_another(request.row, item, progress.where.account) for request in requests)
                    shown = [
                        (request, of_items[number] if of_items else None)
                        for request, of_items in zip(requests, nested, strict=True)
                    ]
                    # An owner follows its children: if a resumed collection has it, it has all that it lists.
                    for request, of_item in sorted(shown, key=lambda one: one[0].row.depth, reverse=True):
                        yield from self._objects_in(progress, request, item, of_item, known, shown)
        except NotListed as error:
            progress.lacking.append(error.why)
        except PARSING:
            progress.lack("UnparsableAnswer")

    def _listed_for_each(
        self, progress: _Progress, row: TypeRow, items: Sequence[Mapping[str, Any]]
    ) -> Sequence[list[Any] | Exception] | None:
        """Return the answers, or errors, of the listing that is made for each item; None if there is no such listing."""

        def listed_in(item: Mapping[str, Any]) -> list[Any] | Exception:
            try:
                user = self._answers.with_report(item) if row.decided else item
                return self._answers.listed_in(row.each, user, progress.where, decided=row.decided)
            except (NotListed, *PARSING) as error:  # of which NoResult is one
                return error

        return self.workers.map_all(self._key(progress.cell), listed_in, items) if row.each else None

    def _items(self, cell: WorkUnit) -> Iterable[Mapping[str, Any]]:
        if cell.listing == IDENTITY:
            return [{"Account": cell.account}]
        if cell.listing == NAMED_POLICIES:
            return self._answers.named(cell.listing, [{"Arn": arn} for arn in self._named_policies()])
        return self._answers.listed(cell.listing, cell.region)

    def _named_policies(self) -> list[str]:
        """Return the ARNs of the policies of AWS to ask for: those that the plan names, and those that the account used."""
        ids = (identity.partition("|") for of_type in self.used.values() for identity in of_type)
        used = {arn for account, _, arn in ids if account == self.account.account}
        return sorted(arn for arn in {*self.plan.named, *used} if arn.startswith(f"arn:{self.account.partition}:"))

    def _objects_in(
        self,
        progress: _Progress,
        request: TypeRequest[TypeRow],
        item: Mapping[str, Any],
        nested: list[Any] | Exception | None,
        known: Collection[tuple[str, str]],
        shown: Sequence[tuple[TypeRequest[TypeRow], list[Any] | Exception | None]],
    ) -> Iterator[_ListedObject]:
        """Yield the objects of a type in a listed item. A malformed item stops no other.

        ``nested`` is the answer of the listing that was made for the item, or its error; ``shown`` has it for all types.
        """
        try:
            if isinstance(nested, Exception):
                raise nested
            for object_item in objects_in(request.row, item, progress.where.account) if nested is None else nested:
                identity = id_of(request.row, object_item, progress.where)
                if (request.row.type_name, identity) not in known and not self._was_seen(
                    request.row, object_item, identity, progress.where
                ):
                    yield _ListedObject(request, object_item, identity, self._lists(progress, request.row, object_item, shown))
        except NotListed as error:
            progress.each[request.row.each] = error.why
        except NoResult:
            if request.row.depth:
                progress.each[request.row.type_name] = progress.malformed("NoResult")
            else:
                progress.lack("NoResult")

    def _lists(
        self,
        progress: _Progress,
        owner: TypeRow,
        item: Mapping[str, Any],
        shown: Sequence[tuple[TypeRequest[TypeRow], list[Any] | Exception | None]],
    ) -> dict[str, str] | None:
        """Return the child lists that the answer shows with an object, with the reason why a list is unknown; None without any.

        Objects of one type may be in several lists of the item: each of them has to be whole.
        """
        lists: dict[str, str] = {}
        for _, number, steps, keys in progress.nested.get(owner.type_name, ()):
            (request, nested), why = shown[number], ""
            try:
                if isinstance(nested, Exception):
                    raise nested
                for inner in nested_in(item, steps) if nested is None else nested:
                    id_of(request.row, inner, progress.where)
            except NotListed as error:
                why = f"was not read: {error.why}"
            except PARSING:  # of which NoResult is one
                why = f"was not read: {progress.malformed('NoResult')}"
            for name in (list_of(request.row.type_name, key) for key in keys):
                lists[name] = lists.get(name) or why
        return lists or None

    def _row(self, progress: _Progress, listed: _ListedObject) -> CollectedRow | None:
        """Return the row of an object, None if the item is not an object or an answer is malformed.

        An owner may list the object already: then all of its fields are unknown, that with its owner, too.
        """
        row, source = listed.request.row, int(listed.request.row.reads_report)
        keys = progress.keys_of(row.type_name)
        try:
            fields = self._fields(progress, listed.request, listed.item, listed.identity)
        except PARSING:
            progress.lack("UnparsableAnswer")
            reasons = dict.fromkeys(row.fields, f"was not read: {progress.malformed('UnparsableAnswer')}")
            return CollectedRow(row.type_name, {"Id": listed.identity}, reasons, source) if keys else None
        if fields is None:
            return None
        return CollectedRow(
            row.type_name, {"Id": listed.identity, **fields.known}, fields.reasons, source, listed.lists, keys or None
        )

    def _was_seen(self, row: TypeRow, item: Mapping[str, Any], identity: str, where: CloudPlace) -> bool:
        """Whether another listing or region has shown the object with the same values. All regions list a multi-region trail.

        An object that is shown with other values is stored again: the store marks its rows as contradicting each other.
        """
        if not _is_listed_twice(row):
            return False
        fields = ObjectFields()
        add_fields(fields, row, "", item, where)
        seen_as = _seen_as(row, identity, fields.known, fields.reasons)
        with self._lock:
            known = seen_as in self._seen
            self._seen.add(seen_as)
        return known

    def _fields(
        self, progress: _Progress, request: TypeRequest[TypeRow], item: Mapping[str, Any], identity: str
    ) -> ObjectFields | None:
        """Return the fields of an object, None if the item is not an object."""
        fields, lacking = ObjectFields(), []
        item = {**item, IDENTITY_OF: identity}
        for detail in request.details:
            meaning = self._meaning(detail, item, progress.where)
            if isinstance(meaning, FailedCall):
                add_reason(fields, request.row, detail.call, str(meaning))
                lacking.append((meaning, request.row.has_fields_of(detail.call)))
            elif meaning is None:
                add_fields(fields, request.row, detail.call, None, progress.where)
            else:
                add_fields(fields, request.row, detail.call, {**meaning.answer, ABOVE: item}, progress.where)
                item = {**item, detail.call: meaning.answer}
        add_fields(fields, request.row, "", item, progress.where)
        if request.row.needs and fields.known.get(request.row.needs, "") is None:
            return None
        # A call that serves no field itself only matters if a field that depends on it is unknown.
        for lack, has_fields in lacking:
            if lack.kind != FailureKind.NOT_ASKED and (has_fields or fields.reasons):
                progress.count(lack)
        return fields

    def _meaning(self, detail: DetailCall, item: Mapping[str, Any], where: CloudPlace) -> Meaning | None:
        """Return the meaning of a detail call for an item, None if the call does not apply."""
        if detail.unless and str(member(item, detail.unless[0])) == detail.unless[1]:
            return None if detail.then is None else ErrorAnswer(detail.then)
        return self._answers.of_object(detail, item, where)


def _nested(requests: Sequence[TypeRequest[TypeRow]]) -> dict[str, list[_Nested]]:
    """Return by type of owner what a listing shows inside it."""
    nested: dict[str, list[_Nested]] = {}
    for owner in requests:
        for number, request in enumerate(requests):
            steps, keys = request.row.steps_from(owner.row), request.row.keys_of(owner.row)
            if steps is not None and keys:
                nested.setdefault(owner.row.type_name, []).append(_Nested(request.row.type_name, number, steps, keys))
    return nested


def _batches(items: Iterable[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    """Yield items in lists. The items before an error are yielded before it is raised."""
    batch: list[Mapping[str, Any]] = []
    try:
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
    except (NotListed, *PARSING):
        yield batch
        raise
    yield batch


def _is_listed_twice(row: TypeRow) -> bool:
    """Whether several regions or listings may show one object of a row."""
    return CALLS[row.listed].regional or len(TYPES[row.type_name].rows) > 1


def _seen_as(row: TypeRow, identity: str, known: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Return type and Id of an object, and the hash of the fields that a listing shows of it."""
    listed = [(name, known.get(name), reasons.get(name)) for name, source in sorted(row.fields.items()) if not source.call]
    return row.type_name, identity, hashlib.blake2b(json.dumps(listed).encode(), digest_size=8).digest()
