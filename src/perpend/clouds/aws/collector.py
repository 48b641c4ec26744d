"""A plan and a client in, rows of objects out as they come; at the end what was read in full, and what was not and why.

Cells (a listing in a region) run side by side; none stops another. Refuses to know where rows go.
"""

from __future__ import annotations

import queue
import re
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.clouds.aws.answers import Answers, NotListed
from perpend.clouds.aws.client import NothingCollected, Refused, regions_of
from perpend.clouds.aws.model import ABOVE
from perpend.clouds.aws.outcomes import Fact, Gone, Lack, unread
from perpend.clouds.aws.parse import CloudPlace, NoResult, ObjectFields, add_fields, add_reason, id_of, member, objects_in
from perpend.clouds.aws.plan import ACCOUNT_TYPE, REPORT
from perpend.clouds.aws.tables import CALLS
from perpend.ir.coverage import Claim, Scope, Unread
from perpend.ir.estate import Source as EstateSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.clouds.aws.client import CloudClient
    from perpend.clouds.aws.model import DetailCall, TypeRow
    from perpend.clouds.aws.outcomes import Meaning
    from perpend.clouds.aws.plan import CollectionPlan, TypeAsked

KIND: Final = "aws"
CLOSED: Final = "not-opted-in"
"""The status of a region that an account has not enabled: it holds nothing, which is a fact."""

_WAITING: Final = 2_000
_STEP: Final = 0.2
_HINTS: Final = {
    "NoCredentialsError": "no credentials were found: name a profile with --profile, or sign in (`aws sso login`)",
    "PartialCredentialsError": "the credentials are not complete",
    "ExpiredToken": "the credentials have expired: sign in again",
    "ExpiredTokenException": "the credentials have expired: sign in again",
    "UnauthorizedSSOTokenError": "the session has expired: `aws sso login`",
    "SSOTokenLoadError": "there is no session: `aws sso login`",
    "TokenRetrievalError": "the session has expired: `aws sso login`",
    "InvalidClientTokenId": "AWS does not know these credentials",
    "UnrecognizedClientException": "AWS does not know these credentials",
    "SignatureDoesNotMatch": "AWS does not accept the signature: is the secret key right, and the clock?",
    "RequestExpired": "AWS finds the request too old: is the clock of this machine right?",
    "EndpointConnectionError": "nothing answers there",
    "ResponseParserError": "what answers there is not AWS",
    "UnparsableAnswer": "what answers there is not AWS",
}


class CollectedRow(NamedTuple):
    """One object as it was read. ``source`` numbers the sources of the collection."""

    type_name: str
    fields: Mapping[str, Any]
    reasons: Mapping[str, str]
    source: int = 0


@dataclass(slots=True)
class Collection:
    """What came of a collection: its sources with their claims, and what could not be read, once for each cause."""

    sources: tuple[EstateSource, ...] = ()
    unread: tuple[Unread, ...] = ()
    regions: tuple[str, ...] = ()


def account_of(client: CloudClient) -> CloudPlace:
    """Return the account that a client's credentials open. Raises NothingCollected with the reason in a sentence."""
    try:
        answer = next(iter(client.pages(CALLS["sts.identity"], "", {})))
    except Refused as error:
        code = error.refusal.code
        raise NothingCollected(f"AWS cannot be asked who this is ({code}): {_HINTS.get(code, 'see the AWS guide')}") from None
    account, arn = str(answer.get("Account")), str(answer.get("Arn"))
    if not re.fullmatch("[0-9]{12}", account) or not arn.startswith("arn:"):
        raise NothingCollected(f"AWS cannot be asked who this is: {_HINTS['ResponseParserError']}")
    return CloudPlace(account, arn.split(":")[1])


@dataclass(slots=True)
class Collector:
    """Collects what a plan asks of one account. ``wanted_regions`` gives of an account's regions those to be asked."""

    client: CloudClient
    plan: CollectionPlan
    account: CloudPlace
    concurrency: int = 16
    wanted_regions: Callable[[Sequence[str]], Sequence[str]] | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _rows: queue.Queue[CollectedRow] = field(default_factory=lambda: queue.Queue(_WAITING))
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _lacking: dict[tuple[str, str], Unread] = field(default_factory=dict)
    _unread: Counter[Unread] = field(default_factory=Counter)
    _counts: Counter[int] = field(default_factory=Counter)
    _answers: Answers | None = None
    _open: tuple[str, ...] = ()
    _asked: tuple[str, ...] = ()
    _no_regions: Unread | None = None

    def rows(self) -> Iterator[CollectedRow]:
        """Yield the rows of all objects. Once they are through, ``collection`` says the rest."""
        self._answers = Answers(self.client, self.account)
        own = self._row(self.plan.account, {"Account": self.account.account}, self.account.account, self.account)
        yield self._counted(own or CollectedRow(ACCOUNT_TYPE, {"Id": self.account.account}, {}))
        if self.plan.is_regional:
            self._find_regions(self._answers)
        cells = [(name, region) for name in self.plan.listings for region in (self._asked if CALLS[name].regional else ("",))]
        with ThreadPoolExecutor(max_workers=self.concurrency) as pool:
            futures = [pool.submit(self._cell, *cell) for cell in cells]
            try:
                yield from self._waited_for(futures)
            finally:
                self._stopped.set()
                for future in futures:
                    future.cancel()
        for future in futures:
            future.result()

    def _waited_for(self, futures: Sequence[Future[None]]) -> Iterator[CollectedRow]:
        """Yield rows as cells find them, until all cells have ended and no row is left."""
        while not all(future.done() for future in futures) or not self._rows.empty():
            with suppress(queue.Empty):
                yield self._counted(self._rows.get(timeout=_STEP))

    @property
    def collection(self) -> Collection:
        """What was collected, with claims."""
        name = f"aws {self.account.account}"
        unread_calls = tuple(replace(one, objects=number) for one, number in sorted(self._unread.items(), key=str))
        claims: dict[bool, list[Claim]] = {True: [], False: []}
        for type_name, listings in self.plan.listings_of.items():
            claims[REPORT in listings] += self._claims(listings, type_name)
        made_at = self._answers.made_at if self._answers else None
        sources = [EstateSource(name, KIND, self.started, self._counts[0], (self.account.account,), tuple(claims[False]))]
        if REPORT in self.plan.listings:
            report = f"{name} credential report"
            observed = made_at or self.started
            sources.append(EstateSource(report, KIND, observed, self._counts[1], (self.account.account,), tuple(claims[True])))
        return Collection(tuple(sources), unread_calls, self._asked)

    def _find_regions(self, answers: Answers) -> None:
        try:
            status = regions_of(list(answers.listed("ec2.regions", "")))
            if not status:  # some region has no name
                raise NotListed(unread(CALLS["ec2.regions"], Lack.FAILED, self.account, "NoResult"))
            self._open = tuple(sorted(region for region, opted in status.items() if opted != CLOSED))
        except NotListed as error:
            self._no_regions = error.why
            self._unread[error.why] += 0
            self._open = tuple(self.client.known_regions(self.account.partition))
        self._asked = tuple(self.wanted_regions(self._open)) if self.wanted_regions else self._open
        answers.regions = frozenset(self._asked)

    def _cell(self, listing: str, region: str) -> None:
        assert self._answers is not None
        where = self._answers.where(region)
        try:
            for item in self._answers.listed(listing, region):
                if self._stopped.is_set():
                    return
                for asked in self.plan.listings[listing]:
                    self._objects(asked, item, where)
        except NotListed as error:
            self._note_lacking(listing, region, error.why)
        except NoResult:
            self._note_lacking(listing, region, unread(CALLS[listing], Lack.FAILED, where, "NoResult"))

    def _objects(self, asked: TypeAsked, item: Mapping[str, Any], where: CloudPlace) -> None:
        assert self._answers is not None
        try:
            nested = self._answers.listed_in(asked.row.each, item, where) if asked.row.each else None
        except NotListed as error:
            self._note_lacking(asked.row.each, where.region, error.why)
            return
        for one in objects_in(asked.row, item, where.account) if nested is None else nested:
            identity = id_of(asked.row, one, where)
            if self._was_seen(asked.row, identity):
                continue
            row = self._row(asked, one, identity, where)
            if row is not None:
                self._put(row)

    def _was_seen(self, row: TypeRow, identity: str) -> bool:
        """Whether another region has shown an object, as all regions show a trail of all regions."""
        if not CALLS[row.listed].regional:
            return False
        with self._lock:
            known = (row.type_name, identity) in self._seen
            self._seen.add((row.type_name, identity))
        return known

    def _row(self, asked: TypeAsked, item: Mapping[str, Any], identity: str, where: CloudPlace) -> CollectedRow | None:
        """Return the row of an object, None where it is gone, or none."""
        assert self._answers is not None
        fields, lacking = ObjectFields(), []
        for detail in asked.details:
            meaning = self._meaning(detail, item, where)
            if isinstance(meaning, Gone):
                return None
            if isinstance(meaning, Unread):
                add_reason(fields, asked.row, detail.call, str(meaning))
                lacking.append((meaning, asked.row.has_fields_of(detail.call)))
            elif meaning is None:
                add_fields(fields, asked.row, detail.call, None, where)
            else:
                add_fields(fields, asked.row, detail.call, {**meaning.answer, ABOVE: item}, where)
                item = {**item, detail.call: meaning.answer}
        add_fields(fields, asked.row, "", item, where)
        if asked.row.needs and fields.known.get(asked.row.needs, "") is None:
            return None
        with self._lock:
            for lack, has_fields in lacking:  # what values are only taken with is missed where some value is not known
                if lack.kind != Lack.NOT_ASKED and (has_fields or fields.reasons):
                    self._unread[lack] += 1
        source = int(asked.row.listed == REPORT)
        return CollectedRow(asked.row.type_name, {"Id": identity, **fields.known}, fields.reasons, source)

    def _meaning(self, detail: DetailCall, item: Mapping[str, Any], where: CloudPlace) -> Meaning | None:
        """Return what a detail call says of an item, None where it is not to be made and nothing holds."""
        assert self._answers is not None
        if detail.unless and str(member(item, detail.unless[0])) == detail.unless[1]:
            return None if detail.then is None else Fact(detail.then)
        return self._answers.of_object(detail, item, where)

    def _claims(self, listings: Sequence[str], type_name: str) -> list[Claim]:
        """Return what is known in full of a type: of the account where all listings of it are, in every region that is open."""
        account = self.account.account
        call = CALLS[listings[0]]
        if not call.regional:
            why = self._why_lacking(listings, "")
            return [Claim(type_name, Scope(account), str(why) if why else None)]
        closed = {region: self._why_lacking(listings, region) for region in self._asked}
        closed |= {region: unread(call, Lack.NOT_ASKED, self._where(region)) for region in {*self._open} - {*self._asked}}
        if not self._no_regions and not any(closed.values()):
            return [Claim(type_name, Scope(account))]
        claims = [Claim(type_name, Scope(account, region), str(why) if why else None) for region, why in sorted(closed.items())]
        return [*claims, Claim(type_name, Scope(account), str(self._no_regions))] if self._no_regions else claims

    def _where(self, region: str) -> CloudPlace:
        return CloudPlace(self.account.account, self.account.partition, region)

    def _why_lacking(self, listings: Sequence[str], region: str) -> Unread | None:
        return next((self._lacking[name, region] for name in listings if (name, region) in self._lacking), None)

    def _note_lacking(self, listing: str, region: str, why: Unread) -> None:
        with self._lock:
            self._lacking[listing, region] = why
            self._unread[why] += 0

    def _put(self, row: CollectedRow) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._rows.put(row, timeout=_STEP)
                return

    def _counted(self, row: CollectedRow) -> CollectedRow:
        self._counts[row.source] += 1
        return row
