"""Collect the listings of a plan from one account, and write rows and results to a checkpoint.

Listings run in parallel; the failure of one stops no other, and a malformed object stops no other object.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from dataclasses import field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.items import list_of
from perpend.collectors.protocol import CollectedRow, WorkUnitResult, now
from perpend.collectors.rest.errors import CallRefused, MalformedAnswer, refused_call
from perpend.collectors.rest.extension import WalkExtension
from perpend.collectors.rest.fields import fields_from, id_of, objects_in, text_at
from perpend.collectors.rest.pages import items_in, member, pages_of
from perpend.collectors.rest.rows import OWN_ID
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from perpend.collectors.protocol import CheckpointWriter, WorkUnit
    from perpend.collectors.rest.rows import Proof, RestCall, RestPlan, TypeRow
    from perpend.collectors.rest.transport import Transport
    from perpend.collectors.tables import TypeRequest
    from perpend.collectors.workers import Workers
    from perpend.core.objects.claims import FailedCall

CHUNK: Final = 200
"""How many objects are written together if detail calls are made for each."""


class _ListedObject(NamedTuple):
    """An object of a listing, before its detail calls."""

    request: TypeRequest[TypeRow]
    item: dict[str, Any]
    identity: str


@dataclass(slots=True)
class _Progress:
    """A listing while it is read: why it is incomplete, and for how many objects each call failed.

    ``each`` holds the types of objects that some item does not show in full, with the reason. ``seen`` are the objects that
    were listed so far, with a hash of their items.
    """

    cell: WorkUnit
    lacking: FailedCall | None = None
    each: dict[str, FailedCall] = field(default_factory=dict)
    unread: Counter[FailedCall] = field(default_factory=Counter)
    listed: int = 0
    seen: set[tuple[str, str, bytes]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, cause: FailedCall) -> None:
        """Count an object for which a call failed."""
        with self.lock:
            self.unread[cause] += 1


@dataclass(slots=True)
class AccountWalk:
    """Collects a plan from one account."""

    plan: RestPlan
    account: str
    transport: Transport
    checkpoint: CheckpointWriter
    workers: Workers
    extension: WalkExtension = field(default_factory=WalkExtension)
    _proofs: dict[str, list[dict[str, Any]] | CallRefused] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def collect(self, *, cells: Iterable[WorkUnit] | None = None, done: Callable[[WorkUnit], None] | None = None) -> None:
        """Collect listings that the checkpoint does not hold: all, or ``cells``. ``done`` is called with each that ended."""

        def task(cell: WorkUnit) -> None:
            self._cell(cell)
            if done:
                done(cell)

        cells = self.plan.cells_of(self.account) if cells is None else cells
        left = [cell for cell in cells if not self.checkpoint.is_done(cell)]
        self.workers.do_all([(self._key(cell.listing), partial(task, cell)) for cell in left])

    def _key(self, call: str) -> tuple[str, str]:
        return self.account, self.plan.tables.calls[call].service

    def _cell(self, cell: WorkUnit) -> None:
        progress, began = _Progress(cell), self.extension.began or now()
        listed = self._objects(progress)
        while objects := list(islice(listed, CHUNK)):
            self._write(progress, self._rows(progress, objects))
        self._write(progress, ())
        self.checkpoint.end(WorkUnitResult(cell, began, now(), progress.lacking, progress.each, listed=progress.listed))

    def _rows(self, progress: _Progress, objects: list[_ListedObject]) -> list[CollectedRow]:
        """Return the rows of objects. Threads help only with calls: a task that waits for a thread would keep its objects."""
        details = {detail for request in self.plan.listings[progress.cell.listing] for detail in request.details}
        if details <= self.plan.tables.joins.keys():
            return [self._row(progress, listed) for listed in objects]
        return self.workers.map_all(self._key(progress.cell.listing), partial(self._row, progress), objects)

    def _write(self, progress: _Progress, rows: Iterable[CollectedRow]) -> None:
        with self.checkpoint.part(progress.cell) as part:
            for row in rows:
                part.add(row)
            part.note(replace(cause, objects=number) for cause, number in sorted(progress.unread.items(), key=str))
            progress.unread.clear()

    def _objects(self, progress: _Progress) -> Iterator[_ListedObject]:
        """Yield the objects of a listing that the checkpoint does not hold. Note why the listing is incomplete, if it is."""
        cell = progress.cell
        call, known = self.plan.tables.calls[cell.listing], self.checkpoint.objects(cell)
        try:
            for item in self.items(call):
                self.workers.check()
                progress.listed += 1
                prepared = self._prepared(progress, call, item)
                if prepared is None:
                    continue
                # An owner follows its children: if a resumed collection has it, it has all that it lists.
                for request in sorted(self.plan.listings[cell.listing], key=lambda request: not request.row.inside):
                    for listed in self._objects_in(progress, request, prepared):
                        if (request.row.type_name, listed.identity) not in known:
                            yield listed
        except CallRefused as error:
            progress.lacking = progress.lacking or refused_call(call, self.account, error)

    def _prepared(self, progress: _Progress, call: RestCall, item: dict[str, Any]) -> dict[str, Any] | None:
        """Return an item as rows read it; None if it is not collected, or has another form than the listing's items."""
        try:
            return self.extension.prepared(call, item)
        except MalformedAnswer as error:
            progress.lacking = progress.lacking or refused_call(call, self.account, error)
            return None

    def _objects_in(self, progress: _Progress, request: TypeRequest[TypeRow], item: dict[str, Any]) -> Iterator[_ListedObject]:
        """Yield the objects of a type in a listed item. An object that is listed again with the same members is left out."""
        row, account = request.row, self.extension.account_of(item, self.account)
        try:
            for nested in objects_in(row, item):
                identity = id_of(self.plan.tables, row, nested, account)
                seen = row.type_name, identity, _hash_of(nested)
                if seen not in progress.seen:
                    progress.seen.add(seen)
                    yield _ListedObject(request, nested, identity)
        except MalformedAnswer as error:
            progress.each.setdefault(row.type_name, self._malformed(progress.cell, error))

    def _malformed(self, cell: WorkUnit, error: MalformedAnswer) -> FailedCall:
        return refused_call(self.plan.tables.calls[cell.listing], self.account, error)

    def _lists(self, cell: WorkUnit, owner: TypeRow, item: dict[str, Any], account: str) -> dict[str, str] | None:
        """Return the child lists that a listed item shows, with the reason why a list is unknown; None if it shows none."""
        lists: dict[str, str] = {}
        for request in self.plan.listings[cell.listing] if owner.id == OWN_ID and not owner.inside else ():
            why = ""
            try:
                for nested in objects_in(request.row, item) if request.row.owner_keys else ():
                    id_of(self.plan.tables, request.row, nested, account)
            except MalformedAnswer as error:
                why = f"was not read: {self._malformed(cell, error)}"
            lists |= {list_of(request.row.type_name, key): why for key in request.row.owner_keys}
        return lists or None

    def items(self, call: RestCall) -> Iterator[dict[str, Any]]:
        """Yield the items of a listing. Raises CallRefused. An error after the first page is no fact about the listing."""
        is_first = True
        address = self.transport.address(call, partial(text_at, {}, account=self.extension.place(self.account)))
        try:
            for items in self.extension.pages(call, address, partial(self.transport.get, call.service)):
                is_first = False
                items.reverse()
                while items:
                    yield items.pop()  # a large page is given up item by item
        except CallRefused as error:
            if not is_first:
                raise
            yield from items_in(call, self._fact(call, error))

    def _row(self, progress: _Progress, listed: _ListedObject) -> CollectedRow:
        """Return the row of an object."""
        request, item, identity = listed
        known: dict[str, Any] = {}
        reasons: dict[str, str] = {}
        account = self.extension.account_of(item, self.account)
        fields_from(request.row, "", item, account, known, reasons)
        for name in request.details:
            if name in self.plan.tables.joins:
                self._join(progress, name, listed, known, reasons)
                continue
            call = self.plan.tables.calls[name]
            try:
                answer = self._detail(call, item, account)
            except CallRefused as error:
                cause = refused_call(call, account, error)
                progress.note(cause)
                fields = (field_name for field_name, source in request.row.fields.items() if source.call == name)
                reasons.update(dict.fromkeys(fields, f"was not read: {cause}"))
            else:
                fields_from(request.row, name, answer, account, known, reasons)
        row, lists = request.row, self._lists(progress.cell, request.row, item, account)
        return CollectedRow(row.type_name, {"Id": identity, **known}, reasons, lists=lists, keys=row.owner_keys or None)

    def _join(
        self, progress: _Progress, name: str, listed: _ListedObject, known: dict[str, Any], reasons: dict[str, str]
    ) -> None:
        """Add the fields that a join serves. A member that the join does not know is unknown, in spite of a default."""
        row = listed.request.row
        answer, lacking = self.extension.joined(name, listed.item)
        for cause in {cause for cause in lacking.values() if not isinstance(cause, str)}:
            progress.note(cause)
        fields_from(row, name, answer, self.extension.account_of(listed.item, self.account), known, reasons)
        for field_name, source in row.fields.items():
            if source.call == name and (why := lacking.get("") or lacking.get(source.path.partition(".")[0])):
                known.pop(field_name, None)
                reasons[field_name] = f"was not read: {why}"

    def _detail(self, call: RestCall, item: Mapping[str, Any], account: str) -> Any:
        """Return the answer of a detail call. If the call has items, all of its pages are one answer. Raises CallRefused."""
        if call.unless and member(item, call.unless) is not None:
            return member(item, call.unless.rpartition(".")[0]) if "." in call.unless else item
        address = self.transport.address(call, partial(text_at, item, account=account))
        get = partial(self.transport.get, call.service)
        try:
            if call.items:
                return {"items": [one for items in pages_of(call, address, get) for one in items]}
            [answer] = items_in(call, get(address, call.parameters))
            if call.next_token and member(answer, call.next_token[0]):
                raise MalformedAnswer("MoreThanOnePage")
        except CallRefused as error:
            return self._fact(call, error)
        return answer

    def _fact(self, call: RestCall, error: CallRefused) -> Any:
        """Return the answer that states the same as an error. Raises the error if it states no fact."""
        fact = call.facts.get(error.code)
        if fact is None or isinstance(error, MalformedAnswer):
            raise error
        if fact.proof and not self._is_proved(fact.proof):
            raise error
        return fact.answer

    def _is_proved(self, proof: Proof) -> bool:
        """Whether a listing of the account shows a state. It is asked for once."""
        with self._lock:
            if proof.call not in self._proofs:
                call = self.plan.tables.calls[proof.call]
                try:
                    self._proofs[proof.call] = list(self.items(call))
                except CallRefused as error:
                    self._proofs[proof.call] = error
            items = self._proofs[proof.call]
        if isinstance(items, CallRefused):
            return False
        shown = [one for one in items if _is_text(one, *proof.item)]
        return bool(shown) and all(_is_text(one, *proof.state) for one in shown)


def _is_text(item: Mapping[str, Any], path: str, text: str) -> bool:
    value = member(item, path)
    return isinstance(value, str) and value.casefold() == text.casefold()


def _hash_of(item: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(json.dumps(item, sort_keys=True).encode(), digest_size=8).digest()
