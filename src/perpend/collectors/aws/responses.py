"""Make the calls of listings and details, and turn errors into facts or causes why something is unknown."""

from __future__ import annotations

import threading
import time
from dataclasses import field
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CallRefused
from perpend.collectors.aws.error_classification import ErrorAnswer, Refusal, meaning_of, unread
from perpend.collectors.aws.model import MEASURED_DAYS, MOST_MEASURED, REPORT, own_path
from perpend.collectors.aws.parse import CloudPlace, NoResult, is_about, is_missing, items_of, member, report_items
from perpend.collectors.aws.report import credential_report
from perpend.collectors.aws.report_decisions import DECISIONS
from perpend.collectors.failures import FailureKind
from perpend.collectors.items import ABOVE
from perpend.collectors.protocol import now
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import FailedCall
from perpend.inventory.readers.errors import UnusableContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from perpend.collectors.aws.client import CloudClient
    from perpend.collectors.aws.error_classification import Meaning
    from perpend.collectors.aws.model import CloudCall, DetailCall, Metric

PAUSE: Final = 2.0
"""Seconds before a call is repeated that did not find a listed item. By then AWS's answers are usually consistent."""

_DAY: Final = 86_400


class NotListed(Exception):
    """A listing is incomplete. ``why`` is the cause."""

    def __init__(self, why: FailedCall) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(slots=True)
class Answers:
    """The answers of an account. ``regions`` are those that may be called, None for all. ``cached`` has early listings."""

    client: CloudClient
    account: CloudPlace
    regions: frozenset[str] | None = None
    made_at: datetime | None = None
    cached: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    _matched: dict[tuple[str, str], Mapping[str, Any] | FailedCall] = field(default_factory=dict)
    _shared: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    _measured: dict[tuple[str, str, str], Meaning] = field(default_factory=dict)
    _users: Mapping[str, Mapping[str, Any]] | CallRefused | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def where(self, region: str) -> CloudPlace:
        """Return a region of the account; an empty region means the account."""
        return CloudPlace(self.account.account, self.account.partition, region)

    def listed(self, name: str, region: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a listing page by page. Raises NotListed if items may be missing."""
        call, where = CALLS[name], self.where(region)
        if (name, region) in self.cached:
            yield from self.cached.pop((name, region))
            return
        try:
            if name == REPORT:
                yield from self._report().values()
                return
            number = 0
            for page in self.client.pages(call, region, dict(call.parameters)):
                items = items_of(call, page)
                number += len(items)
                yield from items
            if call.never_empty and not number:
                raise NoResult
        except CallRefused as error:
            meaning = meaning_of(error.call, error.refusal, where)
            if isinstance(meaning, FailedCall):
                raise NotListed(meaning) from None
            yield from items_of(call, meaning.answer)
        except NoResult:
            raise NotListed(unread(call, FailureKind.FAILED, where, "NoResult")) from None

    def _report(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the users of the credential report by ARN. The report is read once. Raises CallRefused."""
        with self._reading:
            if self._users is None:
                try:
                    self._users = self._read_report()
                except CallRefused as error:
                    self._users = error
        if isinstance(self._users, CallRefused):
            raise self._users
        return self._users

    def _read_report(self) -> dict[str, Mapping[str, Any]]:
        report = credential_report(self.client)
        self.made_at = report.made_at
        try:
            return {str(user["arn"]): user for user in report_items(report.content, REPORT, report.made_at)}
        except UnusableContent:
            raise CallRefused(CALLS[REPORT], Refusal("UnusableReport")) from None

    def with_report(self, user: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a listed user with the same user of the credential report, if that can be read and has it."""
        try:
            reported = self._report().get(str(user.get("Arn")))
        except CallRefused:
            return user
        return user if reported is None else {**user, REPORT: reported}

    def listed_in(self, name: str, item: Mapping[str, Any], where: CloudPlace, *, decided: bool = False) -> list[Any]:
        """Return the items of a listing that is made for a listed item. Raises NotListed if items may be missing.

        ``decided``: the credential report may decide the answer without a call.
        """
        answer = DECISIONS[name](item) if decided else None
        meaning = self._meaning(CALLS[name], item, where.region) if answer is None else ErrorAnswer(answer)
        if isinstance(meaning, FailedCall):
            raise NotListed(meaning)
        return [{**one, ABOVE: item} for one in items_of(CALLS[name], meaning.answer)]

    def named(self, name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the answers of a call for each of some named items. Raises NotListed after the last one if any failed."""
        failed: FailedCall | None = None
        for item in items:
            meaning = self._meaning(CALLS[name], item, "")
            if isinstance(meaning, FailedCall):
                failed = meaning
            else:
                yield from items_of(CALLS[name], meaning.answer)
        if failed is not None:
            raise NotListed(failed)

    def of_object(self, detail: DetailCall, item: Mapping[str, Any], where: CloudPlace) -> Meaning:
        """Return the meaning of a detail call for a listed item."""
        if detail.decided and (answer := DECISIONS[detail.call](item)) is not None:
            return ErrorAnswer(answer)
        call = CALLS[detail.call]
        stated = member(item, detail.region) if detail.region else where.region
        if detail.matched and detail.region and is_missing(stated):
            return unread(call, FailureKind.NOT_ASKED, self.where(""), "NoRegion")  # another region does not list the item
        region = where.region if is_missing(stated) else str(stated)
        place = self.where(region if call.regional else "")
        if region and self.regions is not None and region not in self.regions:
            return unread(call, FailureKind.NOT_ASKED, place)
        if detail.metric:
            subject = str(member(item, detail.metric.member))
            known = self._measured.pop((call.name, region, subject), None)
            return known or self._metric_of(call.name, detail.metric, [subject], region)[subject]
        if detail.matched:
            meaning = self._of_match(detail, detail.matched, call, item, place)
            return (
                self._otherwise(detail.otherwise, item, region)
                if detail.otherwise and isinstance(meaning, FailedCall)
                else meaning
            )
        return self._meaning(call, item, region)

    def measure(self, name: str, metric: Metric, items: Iterable[Mapping[str, Any]], region: str) -> None:
        """Read a metric of many listed items, which ``of_object`` then returns for each."""
        names = sorted({str(member(item, metric.member)) for item in items})
        for start in range(0, len(names), MOST_MEASURED):
            some = names[start : start + MOST_MEASURED]
            self._measured |= {
                (name, region, subject): meaning for subject, meaning in self._metric_of(name, metric, some, region).items()
            }

    def _metric_of(self, name: str, metric: Metric, subjects: Sequence[str], region: str) -> dict[str, Meaning]:
        """Return the values of a metric by the name of the measured object."""
        call, where = CALLS[name], self.where(region)
        lack = unread(call, FailureKind.FAILED, where, "NoResult")
        try:
            answers = [
                items_of(call, page) for page in self.client.pages(call, region, _metric_queries(metric, subjects, now()))
            ]
        except CallRefused as error:
            return dict.fromkeys(subjects, meaning_of(call, error.refusal, where))
        except NoResult:
            return dict.fromkeys(subjects, lack)
        results: dict[str, dict[str, Any]] = {}
        for result in chain.from_iterable(answers):
            before = results.get(str(result.get("Id")), {})
            parts = {part: [*before.get(part, ()), *(result.get(part) or ())] for part in ("Timestamps", "Values")}
            results[str(result.get("Id"))] = {**result, **parts}
        return {
            subject: ErrorAnswer(results[f"q{number}"]) if f"q{number}" in results else lack
            for number, subject in enumerate(subjects)
        }

    def _meaning(self, call: CloudCall, item: Mapping[str, Any], region: str) -> Meaning:
        """Return the meaning of a call for one item."""
        where = self.where(region if call.regional else "")
        if call.of_an_item:
            return self._call_for(call, item, region, where)
        with self._lock:  # the answer is the same for all items, so one call is enough
            key = call.name, where.region
            if key not in self._shared:
                self._shared[key] = self._call_for(call, item, region, where)
            return self._shared[key]

    def _call_for(self, call: CloudCall, item: Mapping[str, Any], region: str, where: CloudPlace) -> Meaning:
        meaning = self._call(call, item, region, where)
        if isinstance(meaning, FailedCall) and meaning.kind == FailureKind.NOT_FOUND:
            time.sleep(PAUSE)
            return self._call(call, item, region, where)
        return meaning

    def _call(self, call: CloudCall, item: Mapping[str, Any], region: str, where: CloudPlace) -> Meaning:
        try:
            pages = self._pages(call, item, region, where)
            if not call.result:
                return ErrorAnswer(next(pages))
            return ErrorAnswer({call.result: [one for page in pages for one in items_of(call, page)]})
        except CallRefused as error:
            return meaning_of(call, error.refusal, where)
        except NoResult:
            return unread(call, FailureKind.FAILED, where, "NoResult")

    def _pages(self, call: CloudCall, item: Mapping[str, Any], region: str, where: CloudPlace) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of answers to a call for an item. Raises CallRefused, also if a page is about another resource."""
        parameters = {name: _parameter(value, item) for name, value in call.parameters.items()}
        if any(map(is_missing, parameters.values())):
            raise NoResult
        for page in self.client.pages(call, region, parameters):
            if not is_about(call, page, item, where):
                raise CallRefused(call, Refusal("OtherResource"))
            yield page

    def _otherwise(self, otherwise: tuple[str, str, str], item: Mapping[str, Any], region: str) -> Meaning:
        """Return the answer of the other call for an item without a match, in the form of a match."""
        name, own, other = otherwise
        meaning = self._meaning(CALLS[name], item, region)
        return ErrorAnswer({other: [meaning.answer[own]]}) if isinstance(meaning, ErrorAnswer) else meaning

    def _of_match(
        self, detail: DetailCall, members: tuple[str, str], call: CloudCall, item: Mapping[str, Any], where: CloudPlace
    ) -> Meaning:
        """Return the entry of a listing, made once, that has the same member as the item."""
        with self._lock:
            key = call.name, where.region
            if key not in self._matched:
                try:
                    answers = {str(_required(listed, members[1])): listed for listed in self.listed(call.name, where.region)}
                    self._matched[key] = answers
                except NotListed as error:
                    self._matched[key] = error.why
                except NoResult:  # an entry without the member may belong to any item
                    self._matched[key] = unread(call, FailureKind.FAILED, where, "NoResult")
        matched = self._matched[key]
        if isinstance(matched, FailedCall):
            return matched
        own = member(item, members[0])
        match = None if is_missing(own) else matched.get(str(own), detail.unmatched)
        return unread(call, FailureKind.FAILED, where, "NoResult") if match is None else ErrorAnswer(match)


def _required(item: Mapping[str, Any], path: str) -> Any:
    """Return the member at a path. Raises NoResult if it is missing."""
    value = member(item, path)
    if is_missing(value):
        raise NoResult
    return value


def _metric_queries(metric: Metric, subjects: Sequence[str], at: datetime) -> dict[str, Any]:
    """Return the parameters of a call for a daily metric. Answers refer to each object by its number."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    metric_id = {"Namespace": metric.namespace, "MetricName": metric.name}
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {**metric_id, "Dimensions": [{"Name": metric.dimension, "Value": subject}]},
                "Period": _DAY,
                "Stat": metric.statistic,
            },
        }
        for number, subject in enumerate(subjects)
    ]
    return {"MetricDataQueries": queries, "StartTime": today - timedelta(days=MEASURED_DAYS), "EndTime": today}


def _parameter(value: Any, item: Mapping[str, Any]) -> Any:
    if not (path := own_path(value)):
        return value
    own = member(item, path)
    return [own] if isinstance(value, list) and not is_missing(own) else own
