"""Plan the calls that serve wanted fields: listings, the types that each shows, and the detail calls of these."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from perpend.collectors.protocol import CallEstimate, PlannedCall, WorkUnit
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.collectors.rest.rows import RestCall, RestTables, TypeRow

_SECONDS = 0.3
"""The assumed duration of a call."""


@dataclass(frozen=True, slots=True)
class TypeRequest:
    """One type in a plan: its row, and the detail calls that its wanted fields need."""

    row: TypeRow
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestPlan:
    """The calls to make in an account: ``listings`` by name with the types that they show.

    ``unserved`` are the wanted types and fields that no call serves. ``is_empty`` is set if it collects nothing but accounts
    without fields.
    """

    tables: RestTables
    listings: Mapping[str, tuple[TypeRequest, ...]]
    unserved: tuple[str, ...] = ()
    has_account_fields: bool = False

    @property
    def requests(self) -> list[TypeRequest]:
        """All types of all listings."""
        return [request for types in self.listings.values() for request in types]

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the plan collects, sorted."""
        return tuple(sorted({request.row.type_name for request in self.requests}))

    @property
    def is_empty(self) -> bool:
        """Whether it collects nothing but the identity of accounts."""
        accounts = {row.type_name for row in self.tables.account_rows}
        return {*self.types} <= accounts and not self.has_account_fields

    @property
    def is_regional(self) -> bool:
        """Whether a call is made in each region: lists are per account."""
        return False

    @property
    def all_listings(self) -> tuple[str, ...]:
        """The names of its listings, those of accounts first."""
        return tuple(self.listings)

    @property
    def sources_per_account(self) -> int:
        """How many sources an account has."""
        return 1

    @property
    def calls(self) -> tuple[RestCall, ...]:
        """All calls that may be made, in the order of the table. Proofs are asked for only if a fact needs one."""
        names = {*self.listings, *(detail for request in self.requests for detail in request.details)}
        names |= {listing for name in names for listing in self.tables.joins.get(name, ())}
        names |= {proof for name in names & self.tables.calls.keys() for proof in self.tables.calls[name].proofs}
        return tuple(call for call in self.tables.all_calls if call.name in names)

    @property
    def planned_calls(self) -> tuple[PlannedCall, ...]:
        """All calls that may be made, each with how often."""
        return tuple(
            PlannedCall(call.service, call.operation, call.permission, made_for, call.only_with)
            for call in self.calls
            for made_for in ["each object" if call.of_an_item else "the account"]
        )

    @property
    def fingerprint(self) -> Any:
        """A JSON value that differs between plans."""
        types = {name: [[one.row.type_name, *one.details] for one in of_one] for name, of_one in self.listings.items()}
        return [types, [[call.name, call.url, sorted(call.parameters.items())] for call in self.calls]]

    @property
    def joined(self) -> tuple[str, ...]:
        """The listings that answer joins of its types."""
        joins = {detail for request in self.requests for detail in request.details if detail in self.tables.joins}
        return tuple(sorted({listing for join in joins for listing in self.tables.joins[join]}))

    def cells_of(self, account: str) -> list[WorkUnit]:
        """Return the listings of an account."""
        return [WorkUnit(account, "", listing) for listing in self.all_listings]

    def estimate(self, *, accounts: int, concurrency: int) -> CallEstimate:
        """Return the minimum of calls, one page for each listing, and about how long they take."""
        listed = [self.tables.calls[name] for name in {*self.listings, *self.joined}]
        of_service = Counter(call.service for call in listed if not call.only_with)
        calls = accounts * of_service.total()
        slowest = max((number / self.tables.rate_of(service) for service, number in of_service.items()), default=0)
        most_each = max((len({*request.details} - {*self.tables.joins}) for request in self.requests), default=0)
        seconds = max(calls * _SECONDS / max(1, min(concurrency, calls)), slowest)
        return CallEstimate(calls, max(1, round(seconds)), most_each)


def plan_of(tables: RestTables, wanted: Mapping[str, Iterable[str]]) -> RestPlan:
    """Return the plan that serves the wanted fields, which are given by type. It always lists the account."""
    listings: dict[str, list[TypeRequest]] = {}
    unserved: list[str] = []
    accounts = {row.type_name for row in tables.account_rows}
    has_account_fields = False
    for row in tables.account_rows:
        fields = frozenset(wanted.get(row.type_name, ()))
        listings.setdefault(row.listed, []).append(TypeRequest(row, row.details_for(fields)))
        has_account_fields = has_account_fields or bool(fields & row.fields.keys())
    for type_name, names in sorted(wanted.items()):
        row_of_type = tables.types.get(type_name)
        if row_of_type is None:
            unserved.append(type_name)
            continue
        fields = frozenset(names)
        served = {*row_of_type.fields, "Id", "Name"}
        unserved += sorted(f"{type_name}.{name}" for name in fields - served if not name.endswith("__disappearanceTime__c"))
        if type_name not in accounts:
            request = TypeRequest(row_of_type, row_of_type.details_for(fields))
            listings.setdefault(row_of_type.listed, []).append(request)
    return RestPlan(tables, {name: tuple(types) for name, types in listings.items()}, tuple(unserved), has_account_fields)
