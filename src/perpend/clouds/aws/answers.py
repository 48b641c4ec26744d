"""One call in, what it says out: the items of a listing, or what a detail says of one object. Errors get their meaning here."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from perpend.clouds.aws.client import Refused
from perpend.clouds.aws.model import ABOVE
from perpend.clouds.aws.outcomes import Fact, Lack, Refusal, meaning_of, unread
from perpend.clouds.aws.parse import CloudPlace, NoResult, is_missing, items_of, member, report_items
from perpend.clouds.aws.plan import REPORT
from perpend.clouds.aws.report import credential_report
from perpend.clouds.aws.tables import CALLS
from perpend.collect.unusable import UnusableContent
from perpend.ir.coverage import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.clouds.aws.client import CloudClient
    from perpend.clouds.aws.model import CloudCall, DetailCall
    from perpend.clouds.aws.outcomes import Meaning


class NotListed(Exception):
    """A listing that is not known in full, with what kept it from that."""

    def __init__(self, why: Unread) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(slots=True)
class Answers:
    """What an account answers. ``regions`` are those that may be asked, all where it is None; ``kept`` was asked already."""

    client: CloudClient
    account: CloudPlace
    regions: frozenset[str] | None = None
    made_at: datetime | None = None
    kept: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    _matched: dict[tuple[str, str], Mapping[str, Any] | Unread] = field(default_factory=dict)
    _alike: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def where(self, region: str) -> CloudPlace:
        """Return a region of the account, or with an empty one the account."""
        return CloudPlace(self.account.account, self.account.partition, region)

    def listed(self, name: str, region: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a listing as pages come. Raises NotListed where it is not known that these are all."""
        call, where = CALLS[name], self.where(region)
        if (name, region) in self.kept:
            yield from self.kept.pop((name, region))
            return
        try:
            if name == REPORT:
                yield from self._users()
                return
            found = 0
            for page in self.client.pages(call, region, dict(call.parameters)):
                items = items_of(call, page)
                found += len(items)
                yield from items
            if call.never_empty and not found:
                raise NoResult
        except Refused as error:
            meaning = meaning_of(error.call, error.refusal, where)
            if isinstance(meaning, Unread):
                raise NotListed(meaning) from None
            yield from items_of(call, meaning.answer) if isinstance(meaning, Fact) else ()
        except NoResult:
            raise NotListed(unread(call, Lack.FAILED, where, "NoResult")) from None

    def _users(self) -> Iterator[Mapping[str, Any]]:
        report = credential_report(self.client)
        self.made_at = report.made_at
        try:
            yield from report_items(report.content, REPORT, report.made_at)
        except UnusableContent:
            raise Refused(CALLS[REPORT], Refusal("UnusableReport")) from None

    def listed_in(self, name: str, item: Mapping[str, Any], where: CloudPlace) -> list[Any]:
        """Return the items of a listing that is made for a listed item. Raises NotListed where these may not be all."""
        meaning = self._asked(CALLS[name], item, where.region)
        if isinstance(meaning, Unread):
            raise NotListed(meaning)
        return [{**one, ABOVE: item} for one in items_of(CALLS[name], meaning.answer)] if isinstance(meaning, Fact) else []

    def of_object(self, detail: DetailCall, item: Mapping[str, Any], where: CloudPlace) -> Meaning:
        """Return what a detail call says of a listed item."""
        call = CALLS[detail.call]
        stated = member(item, detail.region) if detail.region else where.region
        region = where.region if is_missing(stated) else str(stated)
        asked_in = self.where(region if call.regional else "")
        if region and self.regions is not None and region not in self.regions:
            return unread(call, Lack.NOT_ASKED, asked_in)
        if detail.matched:
            found = self._of_match(detail, detail.matched, call, item, asked_in)
            return self._otherwise(detail.otherwise, item, region) if detail.otherwise and isinstance(found, Unread) else found
        return self._asked(call, item, region)

    def _asked(self, call: CloudCall, item: Mapping[str, Any], region: str) -> Meaning:
        """Return what a call says that is made for one item."""
        where = self.where(region if call.regional else "")
        if any(isinstance(value, str) and value.startswith("@") for value in call.parameters.values()):
            return self._answered(call, item, region, where)
        with self._lock:  # it is asked of no object, so once is enough
            key = call.name, where.region
            if key not in self._alike:
                self._alike[key] = self._answered(call, item, region, where)
            return self._alike[key]

    def _answered(self, call: CloudCall, item: Mapping[str, Any], region: str, where: CloudPlace) -> Meaning:
        parameters = {name: _parameter(value, item) for name, value in call.parameters.items()}
        if any(map(is_missing, parameters.values())):
            return unread(call, Lack.FAILED, where, "NoResult")
        try:
            pages = self.client.pages(call, region, parameters)
            if not call.result:
                return Fact(next(iter(pages)))
            return Fact({call.result: [one for page in pages for one in items_of(call, page)]})
        except Refused as error:
            return meaning_of(call, error.refusal, where, foreign=self._is_foreign(call, item))
        except NoResult:
            return unread(call, Lack.FAILED, where, "NoResult")

    def _otherwise(self, otherwise: tuple[str, str, str], item: Mapping[str, Any], region: str) -> Meaning:
        """Return what the other call says of an item that no match was found for, in the form of a match."""
        name, own, other = otherwise
        found = self._asked(CALLS[name], item, region)
        return Fact({other: [found.answer[own]]} if own in found.answer else {}) if isinstance(found, Fact) else found

    def _of_match(
        self, detail: DetailCall, members: tuple[str, str], call: CloudCall, item: Mapping[str, Any], where: CloudPlace
    ) -> Meaning:
        """Return what a listing that is made once says of the item with the same member."""
        with self._lock:
            key = call.name, where.region
            if key not in self._matched:
                try:
                    answers = list(self.listed(call.name, where.region))
                    self._matched[key] = {str(member(one, members[1])): one for one in answers}
                except NotListed as error:
                    self._matched[key] = error.why
        found = self._matched[key]
        if isinstance(found, Unread):
            return found
        one = found.get(str(member(item, members[0])))
        one = detail.unmatched if one is None else one
        return unread(call, Lack.FAILED, where, "NoResult") if one is None else Fact(one)

    def _is_foreign(self, call: CloudCall, item: Mapping[str, Any]) -> bool:
        if not call.foreign:
            return False
        return str(member(item, call.foreign)).split(":")[4:5] != [self.account.account]


def _parameter(value: Any, item: Mapping[str, Any]) -> Any:
    return member(item, value[1:]) if isinstance(value, str) and value.startswith("@") else value
