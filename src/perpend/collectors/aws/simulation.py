"""Answer a collection from an invented estate instead of AWS. Needs no SDK and sends no request.

A denied call leaves the same reasons, claims and causes as one that AWS denies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS, TYPES
from perpend.collectors.aws.error_classification import unread
from perpend.collectors.aws.parse import CloudPlace, NoResult, ObjectFields, add_reason, value_at
from perpend.collectors.aws.policy_access_levels import EXTENDED, MEMBERS, ORGANIZATION, extended
from perpend.collectors.failures import FailureKind
from perpend.collectors.items import NotThere
from perpend.collectors.protocol import (
    AccountEntry,
    CallCounts,
    CallEstimate,
    CannotPush,
    CollectedRow,
    WorkUnit,
    WorkUnitResult,
)
from perpend.core.clouds.aws import AWS
from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perpend.collectors.aws.model import CloudCall, FieldSource, TypeRow
    from perpend.collectors.aws.tables import AwsPlan
    from perpend.collectors.protocol import (
        CheckpointWriter,
        CloudApi,
        CollectionListener,
        CollectOptions,
        FindingsService,
        RegionFilter,
        UsedObjects,
    )
    from perpend.collectors.simulated import SimulatedAccount, SimulatedEstate, SimulatedObject
    from perpend.collectors.tables import TypeRequest
    from perpend.core.objects.claims import FailedCall

_TAKES: Final = timedelta(minutes=4)
"""How long a listing takes, as its result says."""

_CODE: Final = "AccessDenied"


class IncompleteObject(PerpendError):
    """An invented object lacks a field that every answer of AWS has."""


@dataclass(frozen=True, slots=True)
class SimulatedAws:
    """The answers of AWS about an invented estate."""

    estate: SimulatedEstate

    def regions(self) -> Sequence[str]:
        """Return all regions of the estate."""
        return sorted({region for account in self.estate.accounts for region in account.regions})

    def default_regions(self, options: CollectOptions) -> Sequence[str]:
        """Return all regions of the estate."""
        return self.regions()

    def credentials(self, plan: AwsPlan, options: CollectOptions) -> tuple[Sequence[SimulatedAccount], int]:
        """Return all accounts; none is inactive."""
        return self.estate.accounts, 0

    def estimate(self, plan: AwsPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        """Return no calls."""
        return CallEstimate(0, 0, 0)

    def collect(
        self,
        plan: AwsPlan,
        credentials: Sequence[SimulatedAccount],
        checkpoint: CheckpointWriter,
        options: CollectOptions,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        """Write the listings of all accounts to the checkpoint. Raises IncompleteObject."""
        listings = 0
        for account in credentials:
            wanted = tuple(regions(account.regions)) if regions else account.regions
            entry = AccountEntry(
                account.account, AWS.usual_partition, account.label, regions=account.regions, asked=wanted, at=self.estate.at
            )
            checkpoint.enter(entry)
            cells = plan.cells_of(entry.account, entry.asked)
            if listener:
                listener.opened(entry, cells)
            shown = _SimulatedListings(account, plan, self._surroundings())
            for cell in cells:
                checkpoint.end(self._listed(shown, cell, checkpoint))
                if listener:
                    listener.ended(cell)
            if listener:
                listener.closed(account.account)
            listings += len(cells)
        return CallCounts(listings)

    def findings_service(self, profile: str | None, endpoint_url: str | None, region: str) -> FindingsService:
        """Raise CannotPush: an invented estate takes no findings."""
        raise CannotPush("an invented estate takes no findings")

    def _surroundings(self) -> dict[str, Any]:
        """Return the answers about the organization, which decide who is a foreigner in a policy document."""
        members = [{"Id": account.account} for account in self.estate.accounts]
        return {ORGANIZATION: {"Organization": {"Id": self.estate.organization}}, MEMBERS: {"Accounts": members}}

    def _listed(self, shown: _SimulatedListings, cell: WorkUnit, checkpoint: CheckpointWriter) -> WorkUnitResult:
        """Write the rows of a listing, and return its result."""
        at, call = self.estate.at, CALLS[cell.listing]
        reads_report = any(request.row.reads_report for request in shown.plan.listings[cell.listing])
        result = WorkUnitResult(cell, at, at + _TAKES, made_at=at if reads_report else None)
        if denied_call := shown.denial(call, cell.region):
            return replace(result, lacking=denied_call)
        causes: Counter[FailedCall] = Counter()
        rows = list(shown.rows(cell, causes))
        each = {
            name: denied
            for request in shown.plan.listings[cell.listing]
            if (name := request.row.each) and (denied := shown.denial(CALLS[name], cell.region))
        }
        if rows:
            with checkpoint.part(cell) as part:
                for row in rows:
                    part.add(row)
                part.note(replace(cause, objects=number) for cause, number in sorted(causes.items(), key=str))
        return replace(result, each=each, listed=len(rows))


class _SimulatedListings:
    """The listings of an invented account."""

    def __init__(self, account: SimulatedAccount, plan: AwsPlan, surroundings: Mapping[str, Any]) -> None:
        self.plan = plan
        self._surroundings = surroundings
        self._account = account
        self._objects: dict[tuple[str, str], list[SimulatedObject]] = {}
        for each in account.objects:
            self._objects.setdefault((each.type_name, each.region), []).append(each)
        self._regions = (*account.regions, "")

    def denial(self, call: CloudCall, region: str) -> FailedCall | None:
        """Return why a call is denied in a region, None if it is not."""
        where = self._where(region if call.regional else "")
        pairs = {(call.label, ""), (call.label, where.region), *([("*", where.region)] if where.region else [])}
        if not pairs & self._account.denied:
            return None
        return unread(call, FailureKind.DENIED, where, _CODE)

    def rows(self, cell: WorkUnit, causes: Counter[FailedCall]) -> Iterator[CollectedRow]:
        """Yield the rows of a listing. Count the objects of each denied call in ``causes``."""
        regions = (cell.region,) if CALLS[cell.listing].regional else self._regions
        for request in self.plan.listings[cell.listing]:
            if request.row.listed != TYPES[request.row.type_name].listed:
                continue  # another listing of the type shows all objects
            if request.row.each and self.denial(CALLS[request.row.each], cell.region):
                continue
            for region in regions:
                for each in self._objects.get((request.row.type_name, region), ()):
                    yield self._row(request, each, causes)

    def _row(self, request: TypeRequest[TypeRow], shown: SimulatedObject, causes: Counter[FailedCall]) -> CollectedRow:
        row, fields = request.row, ObjectFields()
        calls = {""}
        for detail in request.details:
            calls.add(detail.call)
            if denied := self.denial(CALLS[detail.call], shown.region):
                add_reason(fields, row, detail.call, str(denied))
                if row.has_fields_of(detail.call):
                    causes[denied] += 1
        for name, source in row.fields.items():
            if source.call not in calls or name in fields.reasons:
                continue
            try:
                fields.known[name] = self._value(row, name, source, shown)
            except NotThere as error:
                fields.reasons[name] = f"was not read: {error}"
        return CollectedRow(row.type_name, {"Id": shown.id, **fields.known}, fields.reasons, int(row.reads_report))

    def _value(self, row: TypeRow, name: str, source: FieldSource, shown: SimulatedObject) -> Any:
        """Return the value of a field: as invented, by the account and the region, or by the policy document."""
        if name in shown.fields:
            return shown.fields[name]
        kind = source.transform.rpartition(" ")[2]
        if kind in EXTENDED:
            document = shown.fields.get(name.replace("DocumentExt__c", "Document__c"))
            return None if document is None else extended(kind, document, self._surroundings, self._account.account)
        try:
            return value_at(source, {}, self._where(shown.region))
        except (NoResult, ValueError):
            raise IncompleteObject(f"{shown.type_name} {shown.id} has no {name}") from None

    def _where(self, region: str) -> CloudPlace:
        return CloudPlace(self._account.account, AWS.usual_partition, region)


def simulation(estate: SimulatedEstate) -> CloudApi[AwsPlan, SimulatedAccount, CollectOptions]:
    """Return the API of an invented estate."""
    return SimulatedAws(estate)
