"""A plan and a client in, what one account holds out: rows that are kept as they come, listings with their ends.

Cells (a listing in a region) run side by side; none stops another. Refuses to know where rows are kept.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import PARSING, regions_of
from perpend.collectors.aws.error_classification import Answer, FailureKind, unread
from perpend.collectors.aws.model import ABOVE
from perpend.collectors.aws.parse import (
    CloudPlace,
    NoResult,
    ObjectFields,
    add_fields,
    add_reason,
    id_of,
    is_of_another,
    member,
    objects_in,
)
from perpend.collectors.aws.plan import IDENTITY, REPORT
from perpend.collectors.aws.responses import Answers, NotListed
from perpend.collectors.aws.work_units import AccountEntry, CollectedRow, WorkUnit, WorkUnitResult, now
from perpend.core.objects.claims import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from perpend.collectors.aws.accounts.workers import Workers
    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.error_classification import Meaning
    from perpend.collectors.aws.model import DetailCall, TypeRow
    from perpend.collectors.aws.plan import CollectionPlan, TypeRequest
    from perpend.collectors.aws.work_units import CheckpointWriter

CLOSED: Final = "not-opted-in"
"""The status of a region that an account has not enabled: nothing is asked there."""

CHUNK: Final = 500
"""How many objects that are asked about one by one are kept together."""


class _Listed(NamedTuple):
    """An object of a listing, not asked about yet."""

    asked: TypeRequest
    item: Mapping[str, Any]
    identity: str


@dataclass(slots=True)
class _Here:
    """A cell while it is asked: why it is not known in full, and what was not read of how many of its objects.

    ``each`` are listings that were made for each item, with why they are not known in full. ``listed`` counts the items,
    ``others`` those of other accounts.
    """

    cell: WorkUnit
    where: CloudPlace
    lacking: list[Unread] = field(default_factory=list)
    each: dict[str, Unread] = field(default_factory=dict)
    unread: Counter[Unread] = field(default_factory=Counter)
    listed: int = 0
    others: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lack(self, code: str) -> None:
        """Note that some answer has another form than answers have."""
        self.lacking.append(unread(CALLS[self.cell.listing], FailureKind.FAILED, self.where, code))

    def count(self, what: Unread) -> None:
        """Note what was not read of one more object."""
        with self._lock:
            self.unread[what] += 1


@dataclass(slots=True)
class Collector:
    """Collects what a plan asks of one account. ``wanted_regions`` gives of an account's regions those to be asked.

    ``closed_regions`` are globs of those that somebody declares to be empty: they are not asked.
    """

    client: CloudClient
    plan: CollectionPlan
    account: CloudPlace
    kept: CheckpointWriter
    workers: Workers
    wanted_regions: Callable[[Sequence[str]], Sequence[str]] | None = None
    closed_regions: Sequence[str] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        self._answers = Answers(self.client, self.account)

    def entry(self, label: str = "") -> AccountEntry:
        """Return how the account was entered, with the regions that it has. They are asked for where no listing is kept."""
        at, entry = now(), AccountEntry(self.account.account, self.account.partition, label)
        if not self.plan.is_regional:
            return replace(entry, at=at)
        why: Unread | None = None
        try:
            answered = list(self._answers.listed("ec2.regions", ""))
            status = regions_of(answered)
            if not status:  # some region has no name
                raise NotListed(unread(CALLS["ec2.regions"], FailureKind.FAILED, self.account, "NoResult"))
            self._answers.kept["ec2.regions", ""] = answered
            known = sorted(status)
            regions = tuple(region for region in known if status[region] != CLOSED)
        except NotListed as error:
            why = error.why
            known = self.client.known_regions(self.account.partition)
            regions = tuple(known)
        asked = tuple(self.wanted_regions(regions)) if self.wanted_regions else regions
        stated = tuple(region for region in known if any(fnmatchcase(region, glob) for glob in self.closed_regions))
        asked = tuple(region for region in asked if region not in stated)
        return replace(entry, regions=regions, asked=asked, no_regions=why, at=at, stated=stated)

    def collect(self, entry: AccountEntry, *, done: Callable[[WorkUnit], None] | None = None) -> None:
        """Ask for all that is not kept yet. ``done`` is told of each cell that came to its end."""
        if self.plan.is_regional:
            self._answers.regions = frozenset(entry.asked)
        cells = cells_of(self.plan, entry)
        for cell in cells:
            if CALLS[cell.listing].regional:
                self._seen.update(self.kept.objects(cell))

        def task(cell: WorkUnit) -> Callable[[], None]:
            def do() -> None:
                self._cell(cell)
                if done:
                    done(cell)

            return do

        self.workers.do_all([(self._key(cell), task(cell)) for cell in cells if not self.kept.is_done(cell)])

    def _key(self, cell: WorkUnit) -> Hashable:
        return cell.account, cell.region, CALLS[cell.listing].service

    def _cell(self, cell: WorkUnit) -> None:
        here, began = _Here(cell, self._answers.where(cell.region)), now()
        chunked = any(asked.details for asked in self.plan.asked_by(cell.listing))
        listed = self._listed(here)
        if chunked:
            while given := list(islice(listed, CHUNK)):
                self._measure(here, given)
                self._keep(here, self.workers.map_all(self._key(cell), partial(self._row, here), given))
        else:
            self._keep(here, (self._row(here, one) for one in listed))
        made_at = self._answers.made_at if cell.listing == REPORT else None
        lacking = here.lacking[0] if here.lacking else None
        self.kept.end(WorkUnitResult(cell, began, now(), lacking, here.each, made_at, here.listed, here.others))

    def _measure(self, here: _Here, given: Sequence[_Listed]) -> None:
        """Ask for metrics of many objects at once."""
        for asked in self.plan.asked_by(here.cell.listing):
            for detail in asked.details:
                if detail.metric and (items := [one.item for one in given if one.asked is asked]):
                    self._answers.measure(detail.call, detail.metric, items, here.where.region)

    def _keep(self, here: _Here, rows: Iterable[CollectedRow | None]) -> None:
        """Keep rows, and what was not read of their objects."""
        with self.kept.part(here.cell) as part:
            for row in rows:
                if row is not None:
                    part.add(row)
            part.note(replace(unread, objects=number) for unread, number in sorted(here.unread.items(), key=str))
            here.unread.clear()

    def _listed(self, here: _Here) -> Iterator[_Listed]:
        """Yield the objects of a cell whose rows are not kept yet; note why the cell is not known in full, where it is not."""
        known, asking = self.kept.objects(here.cell), self.plan.asked_by(here.cell.listing)
        try:
            for item in self._items(here.cell):
                self.workers.check()
                here.listed += 1
                here.others += any(is_of_another(asked.row, item, here.where.account) for asked in asking)
                for asked in asking:
                    yield from self._objects(here, asked, item, known)
        except NotListed as error:
            here.lacking.append(error.why)
        except PARSING:
            here.lack("UnparsableAnswer")

    def _items(self, cell: WorkUnit) -> Iterable[Mapping[str, Any]]:
        return [{"Account": cell.account}] if cell.listing == IDENTITY else self._answers.listed(cell.listing, cell.region)

    def _objects(
        self, here: _Here, asked: TypeRequest, item: Mapping[str, Any], known: Collection[tuple[str, str]]
    ) -> Iterator[_Listed]:
        """Yield the objects of a type in a listed item. One whose form nothing can be read of stops no other."""
        try:
            nested = self._answers.listed_in(asked.row.each, item, here.where) if asked.row.each else None
            for object_item in objects_in(asked.row, item, here.where.account) if nested is None else nested:
                identity = id_of(asked.row, object_item, here.where)
                if (asked.row.type_name, identity) not in known and not self._was_seen(asked.row, identity):
                    yield _Listed(asked, object_item, identity)
        except NotListed as error:
            here.each[asked.row.each] = error.why
        except NoResult:
            here.lack("NoResult")

    def _row(self, here: _Here, listed: _Listed) -> CollectedRow | None:
        """Return the row of an object, None where it is none, or has a form that nothing can be read of."""
        try:
            fields = self._fields(here, *listed)
        except PARSING:
            here.lack("UnparsableAnswer")
            return None
        if fields is None:
            return None
        row = listed.asked.row
        return CollectedRow(row.type_name, {"Id": listed.identity, **fields.known}, fields.reasons, int(row.listed == REPORT))

    def _was_seen(self, row: TypeRow, identity: str) -> bool:
        """Whether another region has shown an object, as all regions show a trail of all regions."""
        if not CALLS[row.listed].regional:
            return False
        with self._lock:
            known = (row.type_name, identity) in self._seen
            self._seen.add((row.type_name, identity))
        return known

    def _fields(self, here: _Here, asked: TypeRequest, item: Mapping[str, Any], identity: str) -> ObjectFields | None:
        """Return the fields of an object, None where it is none."""
        fields, lacking = ObjectFields(), []
        for detail in asked.details:
            meaning = self._meaning(detail, item, here.where)
            if isinstance(meaning, Unread):
                add_reason(fields, asked.row, detail.call, str(meaning))
                lacking.append((meaning, asked.row.has_fields_of(detail.call)))
            elif meaning is None:
                add_fields(fields, asked.row, detail.call, None, here.where)
            else:
                add_fields(fields, asked.row, detail.call, {**meaning.answer, ABOVE: item}, here.where)
                item = {**item, detail.call: meaning.answer}
        add_fields(fields, asked.row, "", item, here.where)
        if asked.row.needs and fields.known.get(asked.row.needs, "") is None:
            return None
        for lack, has_fields in lacking:  # what values are only taken with is missed where some value is not known
            if lack.kind != FailureKind.NOT_ASKED and (has_fields or fields.reasons):
                here.count(lack)
        return fields

    def _meaning(self, detail: DetailCall, item: Mapping[str, Any], where: CloudPlace) -> Meaning | None:
        """Return what a detail call says of an item, None where it is not to be made and nothing holds."""
        if detail.unless and str(member(item, detail.unless[0])) == detail.unless[1]:
            return None if detail.then is None else Answer(detail.then)
        return self._answers.of_object(detail, item, where)


def cells_of(plan: CollectionPlan, entry: AccountEntry) -> list[WorkUnit]:
    """Return the cells of an account."""
    return [
        WorkUnit(entry.account, region, listing)
        for listing in (IDENTITY, *plan.listings)
        for region in (entry.asked if CALLS[listing].regional else ("",))
    ]
