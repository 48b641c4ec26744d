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

from perpend.clouds.aws.answers import Answers, NotListed
from perpend.clouds.aws.cells import AccountEntry, Cell, CellEnd, CollectedRow, now
from perpend.clouds.aws.client import PARSING, regions_of
from perpend.clouds.aws.outcomes import Fact, Gone, Lack, unread
from perpend.clouds.aws.parse import CloudPlace, NoResult, ObjectFields, add_fields, add_reason, id_of, member, objects_in
from perpend.clouds.aws.plan import REPORT
from perpend.clouds.aws.tables import CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from perpend.clouds.aws.cells import Kept
    from perpend.clouds.aws.client import CloudClient
    from perpend.clouds.aws.model import TypeRow
    from perpend.clouds.aws.plan import CollectionPlan, TypeAsked
    from perpend.clouds.aws.runs.workers import Workers
    from perpend.ir.coverage import Unread

CLOSED: Final = "not-opted-in"
"""The status of a region that an account has not enabled: it holds nothing, which is a fact."""

CHUNK: Final = 500
"""How many objects that are asked about one by one are kept together."""


class _Listed(NamedTuple):
    """An object of a listing, not asked about yet."""

    asked: TypeAsked
    item: Mapping[str, Any]
    identity: str


@dataclass(slots=True)
class _Here:
    """A cell while it is asked: why it is not known in full, and what was not read of how many of its objects."""

    cell: Cell
    where: CloudPlace
    lacking: list[Unread] = field(default_factory=list)
    unread: Counter[Unread] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lack(self, code: str) -> None:
        """Note that some answer has another form than answers have."""
        self.lacking.append(unread(CALLS[self.cell.listing], Lack.FAILED, self.where, code))

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
    kept: Kept
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
            status = regions_of(list(self._answers.listed("ec2.regions", "")))
            if not status:  # some region has no name
                raise NotListed(unread(CALLS["ec2.regions"], Lack.FAILED, self.account, "NoResult"))
            regions = tuple(sorted(region for region, opted in status.items() if opted != CLOSED))
        except NotListed as error:
            why = error.why
            regions = tuple(self.client.known_regions(self.account.partition))
        asked = tuple(self.wanted_regions(regions)) if self.wanted_regions else regions
        stated = tuple(one for one in regions if any(fnmatchcase(one, glob) for glob in self.closed_regions))
        asked = tuple(one for one in asked if one not in stated)
        return replace(entry, regions=regions, asked=asked, no_regions=why, at=at, stated=stated)

    def collect(self, entry: AccountEntry, *, done: Callable[[Cell], None] | None = None) -> None:
        """Ask for all that is not kept yet. ``done`` is told of each cell that came to its end."""
        if self.plan.is_regional:
            self._answers.regions = frozenset(entry.asked)
        cells = cells_of(self.plan, entry)
        for cell in cells:
            if CALLS[cell.listing].regional:
                self._seen.update(self.kept.objects(cell))

        def task(cell: Cell) -> Callable[[], None]:
            def do() -> None:
                self._cell(cell)
                if done:
                    done(cell)

            return do

        self.workers.do_all([(self._key(cell), task(cell)) for cell in cells if not self.kept.is_done(cell)])

    def _key(self, cell: Cell) -> Hashable:
        return cell.account, cell.region, CALLS[cell.listing].service

    def _cell(self, cell: Cell) -> None:
        here, began = _Here(cell, self._answers.where(cell.region)), now()
        chunked = any(asked.details for asked in self.plan.listings[cell.listing])
        listed, more = self._listed(here), True
        rows: Iterable[CollectedRow | None]
        while more:
            with self.kept.part(cell) as part:
                if chunked:
                    given = list(islice(listed, CHUNK))
                    rows, more = self.workers.map_all(self._key(cell), partial(self._row, here), given), bool(given)
                else:
                    rows, more = (self._row(here, one) for one in listed), False
                for row in rows:
                    if row is not None:
                        part.add(row)
                part.note(replace(one, objects=number) for one, number in sorted(here.unread.items(), key=str))
                here.unread.clear()
        made_at = self._answers.made_at if cell.listing == REPORT else None
        self.kept.end(CellEnd(cell, began, now(), here.lacking[0] if here.lacking else None, made_at))

    def _listed(self, here: _Here) -> Iterator[_Listed]:
        """Yield the objects of a cell whose rows are not kept yet; note why the cell is not known in full, where it is not."""
        known = self.kept.objects(here.cell)
        try:
            for item in self._answers.listed(here.cell.listing, here.cell.region):
                self.workers.check()
                for asked in self.plan.listings[here.cell.listing]:
                    try:
                        yield from self._objects(asked, item, here.where, known)
                    except NoResult:
                        here.lack("NoResult")
        except NotListed as error:
            here.lacking.append(error.why)
        except PARSING:
            here.lack("UnparsableAnswer")

    def _objects(
        self, asked: TypeAsked, item: Mapping[str, Any], where: CloudPlace, known: Collection[tuple[str, str]]
    ) -> Iterator[_Listed]:
        for one in objects_in(asked.row, item, where.account):
            identity = id_of(asked.row, one, where)
            if (asked.row.type_name, identity) not in known and not self._was_seen(asked.row, identity):
                yield _Listed(asked, one, identity)

    def _row(self, here: _Here, listed: _Listed) -> CollectedRow | None:
        """Return the row of an object, None where it is gone, or has a form that nothing can be read of."""
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

    def _fields(self, here: _Here, asked: TypeAsked, item: Mapping[str, Any], identity: str) -> ObjectFields | None:
        """Return the fields of an object, None where it is gone, or none."""
        fields = ObjectFields()
        add_fields(fields, asked.row, "", item, here.where)
        for detail in asked.details:
            if detail.unless and str(member(item, detail.unless[0])) == detail.unless[1]:
                add_fields(fields, asked.row, detail.call, None, here.where)
                continue
            meaning = self._answers.of_object(detail, item, here.where)
            if isinstance(meaning, Gone):
                return None
            if isinstance(meaning, Fact):
                add_fields(fields, asked.row, detail.call, meaning.answer, here.where)
                continue
            add_reason(fields, asked.row, detail.call, str(meaning))
            if meaning.kind != Lack.NOT_ASKED:
                here.count(meaning)
        if asked.row.needs and fields.known.get(asked.row.needs, "") is None:
            return None
        return fields


def cells_of(plan: CollectionPlan, entry: AccountEntry) -> list[Cell]:
    """Return the cells of an account."""
    return [
        Cell(entry.account, region, listing)
        for listing in plan.listings
        for region in (entry.asked if CALLS[listing].regional else ("",))
    ]
